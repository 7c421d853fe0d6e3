/**
 * `calybris ledger settle | release | reconcile | correct`: reports what happened to a reservation.
 * @module
 */
import type { CalybrisClient, Settlement } from "@calybris/client";
import type { EngineLedger, Settled } from "@calybris/engine";
import { Command } from "commander";
import { CliError } from "../cli-errors.ts";
import { byOption, type Claim, type ClaimOptions, callerOf, withEngine } from "../journal/engine.ts";
import { journalOption } from "../journal/place.ts";
import { sinceUs } from "../journal/since.ts";
import { configOption } from "../service/config-file.ts";
import { exactAmounts } from "../service/exact-amounts.ts";
import { apiKeyFileOption, clientOf, type TargetOptions, urlOption } from "../service/target.ts";
import { jsonText } from "../terminal/json-text.ts";
import { keyFileOption } from "../journal/key-file.ts";
import { type AmountGiven, amountGiven, amountOptions } from "./amount.ts";
import { runUsageExport } from "./reconcile-export.ts";
import { balanceText } from "./table.ts";
import { exactDollars } from "../terminal/money-text.ts";
import type { Terminal } from "../terminal/terminal.ts";
import { printable } from "../terminal/terminal-text.ts";

interface MoveOptions extends TargetOptions, ClaimOptions, AmountGiven {
  readonly tenant?: string;
  readonly usageExport?: string;
  readonly completeUntil?: number;
  readonly json?: true;
}

interface Said {
  readonly decisionId: string;
  readonly tenant: string | undefined;
  readonly actualMicrocents: bigint;
}

interface Move {
  readonly name: "settle" | "release" | "reconcile" | "correct";
  readonly description: string;
  readonly hasActual: boolean;
  readonly run: (ledger: EngineLedger, said: Said, caller: Claim) => Promise<Settled>;
  readonly send: (client: CalybrisClient, said: Said & Claim) => Promise<Settlement>;
}

const MOVES: readonly Move[] = [
  {
    name: "settle",
    description: "report the cost of a call",
    hasActual: true,
    run: (ledger, said, caller) => ledger.settle(said, caller),
    send: (client, said) => client.settle(said),
  },
  {
    name: "release",
    description: "report that the call never ran; the whole reservation is returned",
    hasActual: false,
    run: (ledger, said, caller) => ledger.release(said, caller),
    send: (client, { actualMicrocents: _none, ...said }) => client.release(said),
  },
  {
    name: "reconcile",
    description: "report the total cost of a held call",
    hasActual: true,
    run: (ledger, said, caller) => ledger.reconcile(said, caller),
    send: (client, said) => client.reconcile(said),
  },
  {
    name: "correct",
    description: "correct the cost of a settled call",
    hasActual: true,
    run: (ledger, said, caller) => ledger.correct(said, caller),
    send: (client, said) => client.correct(said),
  },
];

export function ledgerMoveCommands(terminal: Terminal): readonly Command[] {
  return MOVES.map((move) => moveCommand(move, terminal));
}

function moveCommand(move: Move, terminal: Terminal): Command {
  const command = new Command(move.name)
    .description(move.description)
    .argument(
      move.name === "reconcile" ? "[decision-id]" : "<decision-id>",
      "decision ID; `ledger show --reservations` lists the open ones",
    )
    .addOption(journalOption())
    .addOption(configOption())
    .addOption(urlOption())
    .addOption(apiKeyFileOption())
    .option("--tenant <name>", "tenant of the decision; a decision of another tenant is refused");
  if (move.hasActual) amountOptions(command, "actual-", "actual cost");
  if (move.name === "reconcile")
    command
      .option("--usage-export <file>", "reconcile the held calls that this export of a provider states (JSON Lines)")
      .option(
        "--complete-until <time>",
        "the export has every request up to then (ISO 8601, or 2h before now): held calls of before without a row cost nothing",
        sinceUs,
      );
  command.addOption(byOption());
  const amount = move.hasActual ? " --actual-dollars 0.0131" : "";
  const example = `calybris ledger ${move.name} 42-1c176df6 --journal journal${amount}`;
  return command
    .addOption(keyFileOption())
    .option("--json", "print JSON")
    .addHelpText("after", `\nThe same again changes nothing.\n\nExample:\n  ${example}`)
    .action((decisionId: string | undefined, options: MoveOptions) => {
      const { usageExport, completeUntil } = options;
      if (completeUntil !== undefined && usageExport === undefined) {
        const problem = "--complete-until needs --usage-export: it says how far the export goes";
        throw new CliError("CAL_USAGE_INVALID", { command: `ledger ${move.name}`, problem });
      }
      if (usageExport !== undefined && decisionId === undefined)
        return runUsageExport({ ...options, usageExport }, terminal);
      if (decisionId !== undefined && usageExport === undefined) return runMove(move, decisionId, options, terminal);
      const problem = "name one decision, or an export with --usage-export";
      throw new CliError("CAL_USAGE_INVALID", { command: `ledger ${move.name}`, problem });
    });
}

async function runMove(move: Move, decisionId: string, options: MoveOptions, terminal: Terminal): Promise<void> {
  const actualMicrocents = move.hasActual ? amountGiven(options, "actual-", 0n) : 0n;
  const said: Said = { decisionId, tenant: options.tenant, actualMicrocents };
  const client = clientOf(options);
  const caller = callerOf(options);
  const settled =
    client === undefined
      ? await withEngine(options, undefined, ({ ledger }) => move.run(ledger, said, caller))
      : settledFrom(await move.send(client, { ...said, ...caller }));
  if (options.json) {
    terminal.print(jsonText(settled));
    return;
  }
  const { state, tenant, sequence, repeated, balance } = settled;
  const before = repeated ? ", as before: nothing was changed" : "";
  const cost = `at $${exactDollars(settled.actualMicrocents)} for ${JSON.stringify(tenant)}`;
  terminal.print(printable(`${decisionId} is ${state} ${cost} (entry ${sequence})${before}`));
  terminal.print(balanceText(balance));
}

/** Converts the service's answer to the engine's form. */
export function settledFrom({ budget, ...settled }: Settlement): Settled {
  return exactAmounts({ ...settled, balance: budget });
}
