/**
 * `calybris policy set`: puts another policy in force, as an entry that holds it whole and names who did it.
 * @module
 */
import { resolve } from "node:path";
import { Engine, listSegments, loadPolicy, nodeDisk } from "@calybris/engine";
import { CalybrisError, snapshotDigest, toHex } from "@calybris/kernel";
import { Command, InvalidArgumentError } from "commander";
import { jsonText } from "./json-text.ts";
import { keyFileOption, readKey, requireKeyOfJournal } from "./key-file.ts";
import type { Terminal } from "./terminal.ts";

interface PolicySetOptions {
  readonly journal: string;
  readonly by: string;
  readonly keyFile?: string;
  readonly json?: true;
}

const NAME_MAX_CHARACTERS = 128;

export function policySetCommand(terminal: Terminal): Command {
  return new Command("set")
    .description("put another policy in force in a journal, from the next decision on")
    .argument("<file>", "the policy")
    .option("--journal <directory>", "the journal; no other process may have it open", ".")
    .requiredOption("--by <name>", "the person who does it; kept in the journal", parseName)
    .addOption(keyFileOption())
    .option("--json", "print JSON")
    .action((file: string, options: PolicySetOptions) => setPolicy(file, options, terminal));
}

async function setPolicy(file: string, options: PolicySetOptions, terminal: Terminal): Promise<void> {
  const policy = await loadPolicy(file);
  const directory = resolve(options.journal);
  if (!hasJournal(directory)) throw new CalybrisError("CAL_JOURNAL_MISSING", { directory });
  const key = readKey(options.keyFile);
  requireKeyOfJournal(directory, options.keyFile, key);
  const engine = await Engine.open({ directory, key });
  try {
    const { sequence, policyId } = await engine.setPolicy(policy, options.by);
    const digest = toHex(snapshotDigest(policy));
    const { name } = policy;
    if (options.json) terminal.print(jsonText({ policy: policyId, name, sequence, digest, by: options.by }));
    else terminal.print(`policy ${policyId} ${JSON.stringify(name)} is in force from entry ${sequence} (${digest})`);
  } finally {
    await engine.close();
  }
}

/** Opening an engine would create the directory; a mistyped path must not leave one behind. */
function hasJournal(directory: string): boolean {
  try {
    return listSegments(nodeDisk, directory).length > 0;
  } catch {
    return false;
  }
}

function parseName(name: string): string {
  if (name.trim() !== "" && name.length <= NAME_MAX_CHARACTERS && !/\p{Cc}/u.test(name) && name.isWellFormed())
    return name;
  throw new InvalidArgumentError(`Write a name of 1 to ${NAME_MAX_CHARACTERS} printable characters.`);
}
