/**
 * `calybris policy sign`: signs a policy change, for a journal or a service whose changes need a signature.
 * @module
 */
import { loadPolicy, type NextChange } from "@calybris/engine";
import { nodeSha256 } from "@calybris/engine/internal";
import { type PolicyChange, type PolicySnapshot, snapshotDigest, toHex, type VerifierKey } from "@calybris/kernel";
import { Command } from "commander";
import { CliError } from "../cli-errors.ts";
import { keyFileOption } from "../journal/key-file.ts";
import { journalOption } from "../journal/place.ts";
import { addKey } from "../proof/trusted-keys.ts";
import { configOption } from "../service/config-file.ts";
import { apiKeyFileOption, type TargetOptions, urlOption } from "../service/target.ts";
import { jsonText } from "../terminal/json-text.ts";
import type { Terminal } from "../terminal/terminal.ts";
import { printable } from "../terminal/terminal-text.ts";
import { policyId, shareBps } from "./change-arguments.ts";
import { knownChange, type NamedChange, nextChangeOf, signNamed } from "./change-signature.ts";

interface SignOptions extends TargetOptions {
  readonly key?: string;
  readonly signerCommand?: string;
  readonly logKey?: readonly VerifierKey[];
  readonly policy?: string;
}

const HELP = `
Prints the signature as JSON, and on standard error what it allows. Read that before you hand the signature on: it is valid for one
change of one journal, until another change comes between.

Example:
  calybris policy sign promote 2 --policy candidate.jsonc --key ana.key --url http://127.0.0.1:8787 > signature.json
  calybris policy promote 2 --signature signature.json --url http://127.0.0.1:8787`;

export function policySignCommand(terminal: Terminal): Command {
  return new Command("sign")
    .description("sign a change of policy, where changes need a signature")
    .addCommand(ofFile("stage", "staged", "sign that a policy is staged", terminal))
    .addCommand(ofFile("set", "promoted", "sign that a policy is activated without a gate", terminal))
    .addCommand(ofKnown("promote", "promoted", "sign that the staged policy is activated", terminal))
    .addCommand(ofKnown("rollback", "rolled-back", "sign that an earlier policy is activated again", terminal))
    .addCommand(canary(terminal))
    .addHelpText("after", HELP);
}

function signingCommand(name: string, description: string): Command {
  return new Command(name)
    .description(description)
    .addOption(journalOption())
    .addOption(configOption())
    .addOption(urlOption())
    .addOption(apiKeyFileOption())
    .addOption(keyFileOption())
    .option("--key <file>", "key that signs, as `calybris checkpoint keygen` made it; readable by its owner only")
    .option("--signer-command <command>", "prints the base64 signature of what it is given; goes with --log-key")
    .option("--log-key <key>", "verifier key of the key behind the command", addKey)
    .addHelpText("after", HELP);
}

function ofFile(name: string, change: PolicyChange, description: string, terminal: Terminal): Command {
  return signingCommand(name, description)
    .argument("<file>", "the policy")
    .action(async (file: string, options: SignOptions, command: Command) => {
      const policy = await loadPolicy(file);
      await sign(options, command, terminal, (next) =>
        Promise.resolve({ change, policyId: next.nextPolicyId, policy, shareBps: 0 }),
      );
    });
}

function ofKnown(name: string, change: PolicyChange, description: string, terminal: Terminal): Command {
  return signingCommand(name, description)
    .argument("<id>", "the policy, by its id in the journal", policyId)
    .option(...POLICY_OPTION)
    .action((id: number, options: SignOptions, command: Command) =>
      sign(options, command, terminal, () => meant(options, knownChange(options, change, id))),
    );
}

function canary(terminal: Terminal): Command {
  return signingCommand("canary", "sign that the staged policy decides for a share of the tenants")
    .argument("<id>", "the policy, by its id in the journal", policyId)
    .argument("<share>", "the share of the tenants, as `5%` or `500bps`; 0 ends the canary", shareBps)
    .option(...POLICY_OPTION)
    .action((id: number, share: number, options: SignOptions, command: Command) =>
      sign(options, command, terminal, () => meant(options, knownChange(options, "canary", id, share))),
    );
}

const POLICY_OPTION = [
  "--policy <file>",
  "the policy that you mean: nothing is signed when the journal's differs",
] as const;

async function meant({ policy: file }: SignOptions, change: Promise<NamedChange>): Promise<NamedChange> {
  const named = await change;
  if (file === undefined) return named;
  const [given, journal] = [digestOf(await loadPolicy(file)), digestOf(named.policy)];
  if (given === journal) return named;
  throw new CliError("CAL_POLICY_DIFFERENT", { file, policyId: named.policyId, given, journal });
}

async function sign(
  options: SignOptions,
  command: Command,
  terminal: Terminal,
  named: (next: NextChange) => Promise<NamedChange>,
): Promise<void> {
  const { key, signerCommand, logKey } = options;
  if ((key === undefined) === (signerCommand === undefined))
    command.error("error: give either option '--key' or option '--signer-command'");
  const next = await nextChangeOf(options);
  const change = await named(next);
  const by = { ...(key && { signerFile: key }), ...(signerCommand && { signerCommand }), ...(logKey && { logKey }) };
  const signature = await signNamed(change, next, by);
  terminal.complain(summary(change, next, signature.signer));
  terminal.print(jsonText(signature));
}

const DONE: Readonly<Record<PolicyChange, string>> = {
  staged: "is staged",
  promoted: "is activated",
  "rolled-back": "is activated again",
  canary: "decides for",
};

function summary(
  { change, policyId: id, policy, shareBps: share }: NamedChange,
  next: NextChange,
  signer: string,
): string {
  const whom = change === "canary" ? ` ${share / 100} % of the tenants` : "";
  return printable(
    `${signer} allows that policy ${id} ${JSON.stringify(policy.name)} (digest ${digestOf(policy)}) ${DONE[change]}${whom}, after entry ${next.follows} of the journal ${next.genesisHash}`,
  );
}

function digestOf(policy: PolicySnapshot): string {
  return toHex(snapshotDigest(policy, nodeSha256));
}
