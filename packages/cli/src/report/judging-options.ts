/**
 * Options shared by the commands that evaluate policies by a journal's outcomes: `regret`, `whatif` and `evolve`.
 * @module
 */
import { type Command, InvalidArgumentError, Option } from "commander";
import { keyFileOption } from "../journal/key-file.ts";
import { journalOption } from "../journal/place.ts";
import { configOption } from "../service/config-file.ts";
import { apiKeyFileOption, type TargetOptions, urlOption } from "../service/target.ts";

export interface JudgingOptions extends TargetOptions {
  readonly alpha: number;
  readonly html?: string;
  readonly json?: true;
  readonly quiet?: true;
}

export const ALPHA = 0.05;
export const MARGIN = 0.01;

export function alphaOption(): Option {
  return shareOption("--alpha <share>", "probability that an interval ever misses the true value", ALPHA);
}

/** @param description - the meaning of a loss within the margin. */
export function marginOption(description: string): Option {
  return shareOption("--margin <share>", description, MARGIN);
}

/** Adds the options for the journal and the output of the report. */
export function withJournalAndReport(command: Command, json: string): Command {
  return command
    .addOption(journalOption())
    .addOption(configOption())
    .addOption(urlOption())
    .addOption(apiKeyFileOption())
    .addOption(keyFileOption())
    .option("--html <file>", "write the report as a page with plots; it needs no network")
    .option("--json", json)
    .option("--quiet", "no progress bar");
}

function shareOption(flags: string, description: string, unless: number): Option {
  return new Option(flags, description).argParser(share).default(unless);
}

function share(text: string): number {
  const value = Number(text);
  if (text.trim() !== "" && value > 0 && value < 1) return value;
  throw new InvalidArgumentError("Write a share between 0 and 1, such as 0.05.");
}
