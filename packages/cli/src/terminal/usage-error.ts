/**
 * Mistakes in the words of a command: an unknown option, a missing argument. Commander finds them; they are reported once,
 * with the command they were made in, and as JSON where JSON was asked for.
 * @module
 */
import type { Command } from "commander";
import { CliError } from "../cli-errors.ts";

/** Collects what commander would print. */
export class UsageReport {
  #error: CliError<"CAL_USAGE_INVALID"> | undefined;
  #help = "";

  /** Commander would exit by itself, with 1 for bad usage, and write past the terminal. */
  prepare(command: Command, print: (text: string) => void): void {
    command.exitOverride();
    // By default options with long names are not wrapped at all in 80 columns.
    command.configureHelp({ minWidthToWrap: 20 });
    command.configureOutput({
      writeOut: (text) => print(text.trimEnd()),
      writeErr: (text) => {
        this.#help += text;
      },
      outputError: (text) => {
        const misspelled = text.startsWith("error: required option") ? unknownOptionIn(command) : undefined;
        if (misspelled !== undefined) (command as Command & OptionRefusal).unknownOption(misspelled);
        this.#error = new CliError("CAL_USAGE_INVALID", {
          command: nameOf(command),
          problem: isBareGroup(text, command) ? missingIn(command) : problemOf(text) + hintOf(text, command),
        });
      },
    });
    for (const inner of command.commands) this.prepare(inner, print);
  }

  /** The mistake; a command that names no subcommand is one, too, and its help lists them. */
  error(words: readonly string[]): CliError<"CAL_USAGE_INVALID"> {
    const [, command = "calybris"] = /^Usage: (.*?) \[/.exec(this.#help) ?? [];
    return (
      this.#error ?? new CliError("CAL_USAGE_INVALID", { command, problem: `no subcommand in: ${words.join(" ")}` })
    );
  }

  /** As a person reads it. */
  text(words: readonly string[]): string {
    if (this.#error === undefined && this.#help !== "") return this.#help.trimEnd();
    const { details, remedy } = this.error(words);
    return `error: ${details.problem}\n${remedy.replace("COMMAND", details.command)}`;
  }
}

/** Commander's own report of an unknown option, with the nearest name; it throws. */
interface OptionRefusal {
  readonly unknownOption: (option: string) => void;
}

/** A required option that is misspelled is reported as missing first, which does not say what is wrong. */
function unknownOptionIn({ args }: Command): string | undefined {
  return args.find((word) => /^--?[a-z]/i.test(word));
}

/** `calybris ledger --json` is not wrong about `--json`: it names no subcommand. */
function isBareGroup(text: string, { commands }: Command): boolean {
  return commands.length > 0 && text.startsWith("error: unknown option '--json'");
}

function missingIn({ commands }: Command): string {
  return `missing subcommand: one of ${commands.map((inner) => inner.name()).join(", ")}`;
}

/** `calybris ledger show`. */
function nameOf(command: Command): string {
  const above = command.parent === null ? "" : `${nameOf(command.parent)} `;
  return `${above}${command.name()}`;
}

/** One line, without the word that begins it. */
function problemOf(text: string): string {
  const [first = "", suggestion] = text
    .replace(/^error: /, "")
    .replace(/^command-argument value/, "argument")
    .trim()
    .split("\n");
  return suggestion === undefined ? first : `${first}. ${suggestion.replace(/^\(|\)$/g, "")}`;
}

/** The directory used to be the first argument. */
function hintOf(text: string, command: Command): string {
  const isExcess = text.startsWith("error: too many arguments");
  const isJournal = command.options.some(({ long }) => long === "--journal");
  return isExcess && isJournal ? " Name the journal with --journal." : "";
}
