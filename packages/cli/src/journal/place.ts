/**
 * The journal of a command: `--journal`, or the one in the configuration. The same for all commands.
 * @module
 */
import { existsSync } from "node:fs";
import { readConfig } from "@calybris/gateway";
import { Option } from "commander";
import { CliError } from "../cli-errors.ts";
import { configFileOf } from "../service/config-file.ts";

/** The options for a journal, as parsed by Commander. */
export interface JournalOptions {
  readonly journal?: string;
  readonly config?: string;
  readonly keyFile?: string;
  /** The signers of policy changes; only for commands that make them. */
  readonly signersFile?: string;
}

/** A journal's directory as given, its key file if it is keyed, and the file with the signers of policy changes. */
export interface JournalPlace {
  readonly directory: string;
  readonly keyFile: string | undefined;
  readonly signersFile: string | undefined;
}

/** `--journal`, the same for all commands, to be used with `--config` and `--key-file`. */
export function journalOption(): Option {
  return new Option("--journal <directory>", "journal directory (default: from the configuration)");
}

/**
 * The journal in the options. With `--journal`, no configuration is read.
 *
 * @param mayBegin - whether the command creates a missing journal.
 * @throws CalybrisError `CAL_CONFIG_INVALID` or `CAL_INPUT_UNREADABLE` for the configuration, `CAL_JOURNAL_MISSING` if the
 *   journal does not exist.
 */
export async function placeOf(
  { journal, config, keyFile, signersFile }: JournalOptions,
  mayBegin: "may begin" | "must exist" = "must exist",
): Promise<JournalPlace> {
  const requireJournal = (directory: string): void => {
    if (mayBegin === "must exist" && !existsSync(directory)) throw new CliError("CAL_JOURNAL_MISSING", { directory });
  };
  if (journal !== undefined) {
    requireJournal(journal);
    return { directory: journal, keyFile, signersFile };
  }
  const { journal: configured, rollout } = await readConfig({ file: configFileOf(config), environment: process.env });
  requireJournal(configured.directory);
  return {
    directory: configured.directory,
    keyFile: keyFile ?? configured.keyFile,
    signersFile: signersFile ?? rollout.signersFile,
  };
}
