/**
 * `calybris ledger apply`: activates the limits of a file. Limits that are already active change nothing.
 * @module
 */
import type { CalybrisClient, TenantLimit } from "@calybris/client";
import { type Budgets, loadBudgets, loadPolicy, type UnknownTenants } from "@calybris/engine";
import { membersOf, readJsonFile } from "@calybris/engine/internal";
import { Command, Option } from "commander";
import { byOption, type Claim, type ClaimOptions, callerOf, withEngine } from "../journal/engine.ts";
import { journalOption, placeOf } from "../journal/place.ts";
import { configOption } from "../service/config-file.ts";
import { apiKeyFileOption, clientOf, type TargetOptions, urlOption } from "../service/target.ts";
import { previewOn, previewText } from "./dry-run.ts";
import { jsonText } from "../terminal/json-text.ts";
import { keyFileOption } from "../journal/key-file.ts";
import type { Terminal } from "../terminal/terminal.ts";
import { printable } from "../terminal/terminal-text.ts";

interface ApplyOptions extends TargetOptions, ClaimOptions {
  readonly policy?: string;
  readonly dryRun?: true;
  readonly unknownTenants: UnknownTenants;
  readonly json?: true;
}

const HELP = `
Tenants that the file does not name keep their limits. A tenant keeps its parent. --dry-run reads without a lock, also while
a service has the journal. A known tenant has a limit, or requests were made for it; requests without a tenant are of
\`default\`. It would be refused where it has no limit and unknown tenants are refused, or where no money is left on a level.

Examples:
  calybris init --budgets
  calybris ledger apply calybris.budgets.jsonc --journal journal
  calybris ledger apply calybris.budgets.jsonc --journal journal --dry-run --unknown-tenants refuse
  calybris ledger apply calybris.budgets.jsonc --policy calybris.policy.jsonc --journal new`;

export function ledgerApplyCommand(terminal: Terminal): Command {
  return new Command("apply")
    .description("activate the limits of a budgets file")
    .argument("<file>", "budgets file; `calybris init --budgets` writes one to start from")
    .addOption(journalOption())
    .addOption(configOption())
    .addOption(urlOption().conflicts(["dryRun", "policy"]))
    .addOption(apiKeyFileOption())
    .addOption(byOption())
    .option("--policy <file>", "policy that begins a new journal; for an existing journal, its active policy")
    .option("--dry-run", "change nothing; list what would change and the known tenants that would be refused")
    .addOption(
      new Option("--unknown-tenants <rule>", "with --dry-run: `budgets.unknownTenants` of the service")
        .choices(["unmetered", "refuse"])
        .default("unmetered"),
    )
    .addOption(keyFileOption())
    .option("--json", "print JSON")
    .addHelpText("after", HELP)
    .action((file: string, options: ApplyOptions) => apply(file, options, terminal));
}

async function apply(file: string, options: ApplyOptions, terminal: Terminal): Promise<void> {
  const budgets = await loadBudgets(file);
  const client = clientOf(options);
  if (options.dryRun) {
    const { directory } = await placeOf(options);
    const preview = previewOn(directory, budgets, options.unknownTenants);
    terminal.print(options.json ? jsonText({ file, dryRun: true, ...preview }) : previewText(preview));
    return;
  }
  const policy = options.policy === undefined ? undefined : await loadPolicy(options.policy);
  const changed =
    client === undefined
      ? await withEngine(options, policy, (engine) => engine.ledger.apply(budgets, callerOf(options)))
      : await applyAt(client, file, budgets, callerOf(options));
  const unchangedCount = budgets.length - changed.length;
  if (options.json) {
    terminal.print(jsonText({ file, changed, unchangedCount, ...callerOf(options) }));
    return;
  }
  terminal.print(`${count(changed.length)} changed, ${unchangedCount} as before`);
  for (const tenant of changed) terminal.print(printable(`  ${tenant}`));
}

/**
 * Applies tenants one by one, parents first. After a failure, earlier changes remain; applying the file again completes it.
 */
async function applyAt(
  client: CalybrisClient,
  file: string,
  budgets: Budgets,
  caller: Claim,
): Promise<readonly string[]> {
  const { tenants } = membersOf((await readJsonFile(file)).value);
  const changed: string[] = [];
  for (const { tenant } of budgets) {
    const limit = membersOf(tenants)[tenant] as TenantLimit;
    if ((await client.setBudget(tenant, { limit, ...caller })).limitChanged) changed.push(tenant);
  }
  return changed;
}

function count(tenants: number): string {
  return tenants === 1 ? "1 tenant" : `${tenants} tenants`;
}
