/**
 * Which journal a command means: `--journal`, or the one that the configuration names. The same for every command.
 * @module
 */
import { existsSync } from "node:fs";
import { readConfig } from "@calybris/gateway";
import { Option } from "commander";
import { CliError } from "../cli-errors.ts";
import { configFileOf } from "../service/config-file.ts";

/** The options that name a journal, as commander has them. */
export interface JournalOptions {
  readonly journal?: string;
  readonly config?: string;
  readonly keyFile?: string;
  /** Who may sign changes of policy; of commands that make them. */
  readonly signersFile?: string;
}

/** A journal's directory as it was named, the file with its key where it is keyed, and that with the signers of policy changes. */
export interface JournalPlace {
  readonly directory: string;
  readonly keyFile: string | undefined;
  readonly signersFile: string | undefined;
}

/** `--journal`, the same for every command. `--config` and `--key-file` go with it. */
export function journalOption(): Option {
  return new Option("--journal <directory>", "journal directory (default: from the configuration)");
}

/**
 * The journal that the options name. A journal that is named needs no configuration, so none is read for it.
 *
 * @param mayBegin - the command begins a journal where there is none.
 * @throws CalybrisError `CAL_CONFIG_INVALID` or `CAL_INPUT_UNREADABLE` for the configuration, `CAL_JOURNAL_MISSING` where the
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
