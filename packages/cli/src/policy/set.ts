/**
 * `calybris policy set`: activates a policy, as an entry that holds it and records who did it.
 * @module
 */
import { loadPolicy } from "@calybris/engine";
import { snapshotDigest, toHex } from "@calybris/kernel";
import { Command } from "commander";
import { byOption, type ClaimOptions, callerOf, withEngine } from "../journal/engine.ts";
import { type JournalOptions, journalOption } from "../journal/place.ts";
import { configOption } from "../service/config-file.ts";
import { jsonText } from "../terminal/json-text.ts";
import { keyFileOption } from "../journal/key-file.ts";
import type { Terminal } from "../terminal/terminal.ts";

interface PolicySetOptions extends JournalOptions, ClaimOptions {
  readonly json?: true;
}

export function policySetCommand(terminal: Terminal): Command {
  return new Command("set")
    .description("activate a policy in a journal, from the next decision on")
    .argument("<file>", "the policy")
    .addOption(journalOption())
    .addOption(configOption())
    .addOption(byOption())
    .addOption(keyFileOption())
    .option("--json", "print JSON")
    .action((file: string, options: PolicySetOptions) => setPolicy(file, options, terminal));
}

async function setPolicy(file: string, options: PolicySetOptions, terminal: Terminal): Promise<void> {
  const policy = await loadPolicy(file);
  const { name } = policy;
  const caller = callerOf(options);
  const { sequence, policyId } = await withEngine(options, undefined, (engine) => engine.setPolicy(policy, caller));
  const digest = toHex(snapshotDigest(policy));
  if (options.json) terminal.print(jsonText({ policy: policyId, name, sequence, digest, ...caller }));
  else terminal.print(`policy ${policyId} ${JSON.stringify(name)} is active from entry ${sequence} (${digest})`);
}
