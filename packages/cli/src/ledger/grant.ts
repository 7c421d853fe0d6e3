/**
 * `calybris ledger grant`: grants money to a tenant.
 * @module
 */
import { randomUUID } from "node:crypto";
import { invariant, type TenantProof } from "@calybris/kernel";
import { Command } from "commander";
import { byOption, type Claim, type ClaimOptions, callerOf, withEngine } from "../journal/engine.ts";
import { journalOption } from "../journal/place.ts";
import { configOption } from "../service/config-file.ts";
import type { CalybrisClient } from "@calybris/client";
import { exactAmounts } from "../service/exact-amounts.ts";
import { apiKeyFileOption, clientOf, type TargetOptions, urlOption } from "../service/target.ts";
import { jsonText } from "../terminal/json-text.ts";
import { keyFileOption } from "../journal/key-file.ts";
import { type AmountGiven, amountGiven, amountOptions } from "./amount.ts";
import { balanceText } from "./table.ts";
import { exactDollars } from "../terminal/money-text.ts";
import type { Terminal } from "../terminal/terminal.ts";
import { printable } from "../terminal/terminal-text.ts";

interface GrantOptions extends TargetOptions, ClaimOptions, AmountGiven {
  readonly tenant: string;
  readonly id?: string;
  readonly json?: true;
}

const HELP = `
An ID grants once. If you do not know whether a grant succeeded, repeat it with its ID.

Examples:
  calybris ledger grant --journal journal --tenant acme --dollars 25
  calybris ledger grant --journal journal --tenant acme --microcents 250000 --id invoice-7`;

export function ledgerGrantCommand(terminal: Terminal): Command {
  const command = new Command("grant")
    .description("grant money to a tenant; debt is paid first")
    .addOption(journalOption())
    .addOption(configOption())
    .addOption(urlOption())
    .addOption(apiKeyFileOption())
    .requiredOption("--tenant <name>", "tenant to grant to");
  return amountOptions(command, "", "how much,")
    .addOption(byOption())
    .option("--id <id>", "ID of the grant, for retries (default: a new one)")
    .addOption(keyFileOption())
    .option("--json", "print JSON")
    .addHelpText("after", HELP)
    .action((options: GrantOptions) => grant(options, terminal));
}

async function grant(options: GrantOptions, terminal: Terminal): Promise<void> {
  const amountMicrocents = amountGiven(options, "", 1n);
  const { tenant, id = randomUUID() } = options;
  const client = clientOf(options);
  const caller = callerOf(options);
  const grant = { tenant, amountMicrocents, id };
  const { sequence, repeated, balance } =
    client === undefined
      ? await withEngine(options, undefined, ({ ledger }) => ledger.grant(grant, caller))
      : await grantAt(client, grant, caller);
  if (options.json) {
    terminal.print(jsonText({ tenant, id, amountMicrocents, sequence, repeated, balance }));
    return;
  }
  const amount = `$${exactDollars(amountMicrocents)} to ${JSON.stringify(tenant)}`;
  const what = repeated ? `granted before: ${amount}; nothing was changed` : `granted ${amount}`;
  terminal.print(printable(`${what} (entry ${sequence}, id ${JSON.stringify(id)})`));
  terminal.print(balanceText(balance));
}

interface Grant {
  readonly tenant: string;
  readonly amountMicrocents: bigint;
  readonly id: string;
}

interface Granted {
  readonly sequence: number;
  readonly repeated: boolean;
  readonly balance: TenantProof;
}

async function grantAt(client: CalybrisClient, { tenant, ...grant }: Grant, caller: Claim): Promise<Granted> {
  const answer = await client.setBudget(tenant, { grant, ...caller });
  invariant(answer.grant !== null, "a grant that was asked for is in the answer");
  const { sequence, repeated } = answer.grant;
  return { sequence, repeated, balance: exactAmounts(answer.budget) };
}
