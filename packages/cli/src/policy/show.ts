/**
 * `calybris policy show`: lists the policies of a journal, or prints one completely.
 * @module
 */
import { snapshotToJson } from "@calybris/kernel";
import { Command, InvalidArgumentError, Option } from "commander";
import { jsonText } from "../terminal/json-text.ts";
import { tableText } from "../terminal/table.ts";
import type { Terminal } from "../terminal/terminal.ts";
import { printable } from "../terminal/terminal-text.ts";
import { journalOption } from "../journal/place.ts";
import { configOption } from "../service/config-file.ts";
import { apiKeyFileOption, type TargetOptions, urlOption } from "../service/target.ts";
import { type JournalPolicy, policiesOf, policyNamed } from "./journal-policies.ts";
import { policyMembers } from "./members.ts";

interface ShowOptions extends Omit<TargetOptions, "keyFile"> {
  readonly id?: number;
  readonly json?: true;
}

const HELP = `
Reads without a lock, also while a service has the journal.

Examples:
  calybris policy show
  calybris policy show --journal journal --id 1`;

export function policyShowCommand(terminal: Terminal): Command {
  return new Command("show")
    .description("list the policies of a journal, or print one of them")
    .addOption(journalOption())
    .addOption(configOption())
    .addOption(urlOption())
    .addOption(apiKeyFileOption())
    .addOption(policyIdOption())
    .option("--json", "print JSON")
    .addHelpText("after", HELP)
    .action((options: ShowOptions) => show(options, terminal));
}

/** `--id`: a policy of the journal. */
export function policyIdOption(): Option {
  return new Option("--id <number>", "a policy of the journal (default: the active one)").argParser((text) => {
    if (!/^[1-9][0-9]{0,8}$/.test(text)) throw new InvalidArgumentError("Write a whole number from 1.");
    return Number(text);
  });
}

async function show({ id, json, ...options }: ShowOptions, terminal: Terminal): Promise<void> {
  if (id !== undefined) {
    const policy = await policyNamed(options, id);
    if (json) terminal.print(jsonText({ ...row(policy), snapshot: snapshotToJson(policy.snapshot) }));
    else terminal.print(policyText(policy));
    return;
  }
  const policies = await policiesOf(options);
  if (json) terminal.print(jsonText({ policies: policies.map(row) }));
  else terminal.print(listText(policies));
}

function row({ snapshot, ...policy }: JournalPolicy): object {
  const { policyEpoch, candidates } = snapshot.policy;
  return { ...policy, name: snapshot.name, epoch: policyEpoch, candidateCount: candidates.length };
}

function listText(policies: readonly JournalPolicy[]): string {
  const rows = policies.map((policy) => [
    String(policy.policyId),
    policy.state,
    String(policy.sequence),
    timeText(policy.at),
    printable(policy.snapshot.name),
    String(policy.snapshot.policy.policyEpoch),
    policy.digest.slice(0, DIGEST_SHOWN),
    printable(originOf(policy)),
  ]);
  return tableText([">id", "<state", ">entry", "<since", "<name", ">epoch", "<digest", "<by"], rows);
}

function policyText(policy: JournalPolicy): string {
  const lines = [
    `policy ${policy.policyId} ${JSON.stringify(policy.snapshot.name)}, ${policy.state}, brought ${timeText(policy.at)} in entry ${policy.sequence} by ${originOf(policy)}`,
    `digest ${policy.digest}`,
    ...[...policyMembers(policy.snapshot)].map(([path, value]) => `  ${path}: ${value}`),
  ];
  return lines.map(printable).join("\n");
}

function originOf({ by, isFromFile }: JournalPolicy): string {
  if (by === undefined) return "the start of the journal";
  return isFromFile ? `${by}, from the policy file` : by;
}

const DIGEST_SHOWN = 16;

function timeText(at: number): string {
  return new Date(at / 1_000).toISOString().replace(/\.\d+Z$/, "Z");
}
