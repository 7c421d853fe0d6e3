/**
 * `calybris policy set`: activates a policy with an entry that contains it and records the actor.
 * @module
 */
import { dirname, resolve } from "node:path";
import type { PolicyFile } from "@calybris/client";
import { BUILT_IN_CATALOGS, loadPolicy } from "@calybris/engine";
import { membersOf, readJsonFile } from "@calybris/engine/internal";
import { snapshotDigest, toHex } from "@calybris/kernel";
import { Command } from "commander";
import { byOption, type ClaimOptions, callerOf, withEngine } from "../journal/engine.ts";
import { keyFileOption } from "../journal/key-file.ts";
import { journalOption } from "../journal/place.ts";
import { configOption } from "../service/config-file.ts";
import { apiKeyFileOption, clientOf, urlOption } from "../service/target.ts";
import { jsonText } from "../terminal/json-text.ts";
import type { Terminal } from "../terminal/terminal.ts";
import { type SignatureOptions, signatureOf, withSignature } from "./change-signature.ts";

interface PolicySetOptions extends SignatureOptions, ClaimOptions {
  readonly json?: true;
}

export function policySetCommand(terminal: Terminal): Command {
  const command = new Command("set")
    .description("activate a policy in a journal, from the next decision on")
    .argument("<file>", "the policy")
    .addOption(journalOption())
    .addOption(configOption())
    .addOption(urlOption())
    .addOption(apiKeyFileOption())
    .addOption(byOption())
    .addOption(keyFileOption())
    .option("--json", "print JSON");
  return withSignature(command).action((file: string, options: PolicySetOptions) => setPolicy(file, options, terminal));
}

async function setPolicy(file: string, options: PolicySetOptions, terminal: Terminal): Promise<void> {
  const policy = await loadPolicy(file);
  const { name } = policy;
  const caller = callerOf(options);
  const signature = await signatureOf(options, ({ nextPolicyId }) =>
    Promise.resolve({ change: "promoted", policyId: nextPolicyId, policy, shareBps: 0 }),
  );
  const client = clientOf(options);
  const { sequence, policyId, repeated } =
    client === undefined
      ? await withEngine(options, undefined, (engine) => engine.setPolicy(policy, caller, signature))
      : await client.setPolicy({ policy: await wholePolicy(file), ...(signature && { signature }), ...caller });
  const digest = toHex(snapshotDigest(policy));
  if (options.json) terminal.print(jsonText({ policy: policyId, name, sequence, digest, ...caller }));
  else if (repeated) terminal.print(`policy ${policyId} ${JSON.stringify(name)} is active already (${digest})`);
  else terminal.print(`policy ${policyId} ${JSON.stringify(name)} is active from entry ${sequence} (${digest})`);
}

/**
 * The policy with its catalog embedded, because a service opens no files that a caller names. The file is known to be valid.
 */
export async function wholePolicy(file: string): Promise<PolicyFile> {
  const policy = membersOf((await readJsonFile(file)).value);
  const { catalog } = policy;
  if (typeof catalog !== "string" || BUILT_IN_CATALOGS.includes(catalog)) return policy as unknown as PolicyFile;
  const { value } = await readJsonFile(resolve(dirname(file), catalog));
  return { ...policy, catalog: value } as unknown as PolicyFile;
}
