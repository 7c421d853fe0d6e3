/**
 * Opens a journal for writing, with the option that all such commands share.
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

/** The actor of entries is the user who runs the command; `by` is that user's claim on whose behalf. */
export interface ClaimOptions {
  readonly by?: string;
}

/** `--by`, the same for all commands that write. */
export function byOption(): Option {
  const text = "on whose behalf, recorded as claimed; the actor is your system user, or your API key";
  return new Option("--by <name>", text).argParser(parseName);
}

/** On whose behalf, if `--by` is given. */
export interface Claim {
  readonly onBehalfOf?: string;
}

/** The caller of a command. */
export function callerOf({ by }: ClaimOptions): Claim {
  return by === undefined ? {} : { onBehalfOf: by };
}

/**
 * Opens an existing journal, or creates one if a policy is given, and closes it at the end.
 *
 * @param length - for `"many"` entries the writer runs in its own thread; `"few"` are written before a thread would have
 *   started.
 * @throws CalybrisError `CAL_JOURNAL_MISSING` if there is no journal, and any error of opening it.
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

/** Checked first, because opening an engine creates the directory, and a mistyped path must not leave one behind. */
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
