/**
 * Opening a journal to write to it, and the option that every command which does so has.
 * @module
 */
import { resolve } from "node:path";
import { Engine } from "@calybris/engine";
import { listSegments, nodeDisk, writeInThisThread } from "@calybris/engine/internal";
import { readSigners } from "@calybris/gateway";
import { isName, NAME_WANTED, type PolicySnapshot } from "@calybris/kernel";
import { InvalidArgumentError, Option } from "commander";
import { CliError } from "../cli-errors.ts";
import { readKey, requireKeyOfJournal } from "./key-file.ts";
import { type JournalOptions, placeOf } from "./place.ts";

/** The entry's actor is the user that runs the command; on whose behalf is what that user claims. */
export interface ClaimOptions {
  readonly by?: string;
}

/** `--by`, the same for every command that writes. */
export function byOption(): Option {
  const text = "on whose behalf, recorded as claimed; the actor is your system user, or your API key";
  return new Option("--by <name>", text).argParser(parseName);
}

/** On whose behalf, where `--by` says so. */
export interface Claim {
  readonly onBehalfOf?: string;
}

/** The caller of a command. */
export function callerOf({ by }: ClaimOptions): Claim {
  return by === undefined ? {} : { onBehalfOf: by };
}

/**
 * Opens a journal that exists, or begins one where a policy is given, and closes it in the end.
 *
 * @param length - of `"many"` entries the writer gets a thread of its own; `"few"` are written before it would have started.
 * @throws CalybrisError `CAL_JOURNAL_MISSING` where there is none, and whatever opening it throws.
 */
export async function withEngine<Result>(
  options: JournalOptions,
  policy: PolicySnapshot | undefined,
  use: (engine: Engine) => Promise<Result>,
  length: "few" | "many" = "few",
): Promise<Result> {
  const place = await placeOf(options, policy === undefined ? "must exist" : "may begin");
  const { directory: named, keyFile, signersFile } = place;
  const directory = resolve(named);
  if (policy === undefined && !hasJournal(directory)) throw new CliError("CAL_JOURNAL_MISSING", { directory });
  const key = readKey(keyFile);
  requireKeyOfJournal(directory, keyFile, key);
  const changeSigners = signersFile === undefined ? undefined : await readSigners(signersFile);
  const engine = await Engine.open({
    ...{ directory, key, policy, changeSigners },
    driver: length === "few" ? writeInThisThread : undefined,
  });
  try {
    return await use(engine);
  } finally {
    await engine.close();
  }
}

/** Opening an engine would create the directory; a mistyped path must not leave one behind. */
export function hasJournal(directory: string): boolean {
  try {
    return listSegments(nodeDisk, directory).length > 0;
  } catch {
    return false;
  }
}

function parseName(name: string): string {
  if (isName(name)) return name;
  throw new InvalidArgumentError(`Write a name of ${NAME_WANTED}.`);
}
