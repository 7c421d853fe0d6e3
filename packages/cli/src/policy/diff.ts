/**
 * `calybris policy diff`: prints the differences between two policies, or between a journal's policy and a file.
 * @module
 */
import { loadPolicy } from "@calybris/engine";
import { nodeSha256 } from "@calybris/engine/internal";
import { invariant, type PolicySnapshot, snapshotDigest, toHex } from "@calybris/kernel";
import { Command } from "commander";
import { jsonText } from "../terminal/json-text.ts";
import type { Terminal } from "../terminal/terminal.ts";
import { printable } from "../terminal/terminal-text.ts";
import { policyNamed } from "./journal-policies.ts";
import { journalOption } from "../journal/place.ts";
import { configOption } from "../service/config-file.ts";
import { apiKeyFileOption, type TargetOptions, urlOption } from "../service/target.ts";
import { type MemberChange, memberChanges } from "./members.ts";
import { policyIdOption } from "./show.ts";

interface DiffOptions extends Omit<TargetOptions, "keyFile"> {
  readonly id?: number;
  readonly json?: true;
}

const HELP = `
One file is compared with the journal: with its active policy, or the one with --id.
Exit code: 0 where nothing differs, 1 where something does.

Examples:
  calybris policy diff before.jsonc after.jsonc
  calybris policy diff calybris.policy.jsonc --journal journal`;

export function policyDiffCommand(terminal: Terminal): Command {
  return new Command("diff")
    .description("show what differs between two policies")
    .argument("<files...>", "two policies; or one, which is compared with the journal's")
    .addOption(journalOption())
    .addOption(configOption())
    .addOption(urlOption())
    .addOption(apiKeyFileOption())
    .addOption(policyIdOption())
    .option("--json", "print JSON")
    .addHelpText("after", HELP)
    .action((files: readonly string[], options: DiffOptions, command: Command) => {
      if (files.length > 2) command.error("error: too many policies: expected one or two");
      const named = (["journal", "id", "config", "url"] as const).find((name) => options[name] !== undefined);
      if (files.length === 2 && named !== undefined)
        command.error(`error: option '--${named}' cannot be used with two policies: neither is from a journal`);
      return diff(files, options, terminal);
    });
}

async function diff(files: readonly string[], options: DiffOptions, terminal: Terminal): Promise<void> {
  const { id, json } = options;
  const isOfJournal = files.length === 1;
  const before = isOfJournal ? (await policyNamed(options, id)).snapshot : await loadPolicy(files[0] ?? "");
  const after = await loadPolicy(files.at(-1) ?? "");
  const changes = memberChanges(before, after);
  const digests = { before: digestOf(before), after: digestOf(after) };
  invariant((digests.before === digests.after) === (changes.length === 0), "a difference is one of the digests, too");
  if (json) terminal.print(jsonText({ ...digests, changes }));
  else terminal.print(diffText(changes, digests));
  if (changes.length > 0) terminal.exitCode = 1;
}

function diffText(
  changes: readonly MemberChange[],
  digests: { readonly before: string; readonly after: string },
): string {
  if (changes.length === 0) return `no difference: both have digest ${digests.before}`;
  const lines = changes.map(({ path, before, after }) => {
    if (before === undefined) return `+ ${path}: ${after}`;
    if (after === undefined) return `- ${path}: ${before}`;
    return `~ ${path}: ${before} -> ${after}`;
  });
  return [`- ${digests.before}`, `+ ${digests.after}`, ...lines].map(printable).join("\n");
}

function digestOf(snapshot: PolicySnapshot): string {
  return toHex(snapshotDigest(snapshot, nodeSha256));
}
