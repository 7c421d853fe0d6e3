/**
 * `calybris ledger apply`: activates the limits of a file. Limits that are already active change nothing.
 * @module
 */
import { loadBudgets, loadPolicy, type UnknownTenants } from "@calybris/engine";
import { Command, Option } from "commander";
import { byOption, type ClaimOptions, callerOf, withEngine } from "../journal/engine.ts";
import { type JournalOptions, journalOption, placeOf } from "../journal/place.ts";
import { configOption } from "../service/config-file.ts";
import { previewOn, previewText } from "./dry-run.ts";
import { jsonText } from "../terminal/json-text.ts";
import { keyFileOption } from "../journal/key-file.ts";
import type { Terminal } from "../terminal/terminal.ts";
import { printable } from "../terminal/terminal-text.ts";

interface ApplyOptions extends JournalOptions, ClaimOptions {
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
  if (options.dryRun) {
    const { directory } = await placeOf(options);
    const preview = previewOn(directory, budgets, options.unknownTenants);
    terminal.print(options.json ? jsonText({ file, dryRun: true, ...preview }) : previewText(preview));
    return;
  }
  const policy = options.policy === undefined ? undefined : await loadPolicy(options.policy);
  const changed = await withEngine(options, policy, (engine) => engine.ledger.apply(budgets, callerOf(options)));
  const unchangedCount = budgets.length - changed.length;
  if (options.json) {
    terminal.print(jsonText({ file, changed, unchangedCount, ...callerOf(options) }));
    return;
  }
  terminal.print(`${count(changed.length)} changed, ${unchangedCount} as before`);
  for (const tenant of changed) terminal.print(printable(`  ${tenant}`));
}

function count(tenants: number): string {
  return tenants === 1 ? "1 tenant" : `${tenants} tenants`;
}
