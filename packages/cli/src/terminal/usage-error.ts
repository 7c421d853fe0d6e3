/**
 * Usage errors, such as an unknown option or a missing argument. Commander finds them; they are reported once, with their
 * command, and as JSON if requested.
 * @module
 */
import type { Command } from "commander";
import { CliError } from "../cli-errors.ts";

/** Collects the output of Commander. */
export class UsageReport {
  #error: CliError<"CAL_USAGE_INVALID"> | undefined;
  #help = "";

  /** Overrides Commander, which would exit with 1 for bad usage and bypass the terminal port. */
  prepare(command: Command, print: (text: string) => void): void {
    command.exitOverride();
    // By default, options with long names are not wrapped in 80 columns.
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

  /** The error. A missing subcommand is one, too; its help lists the subcommands. */
  error(words: readonly string[]): CliError<"CAL_USAGE_INVALID"> {
    const [, command = "calybris"] = /^Usage: (.*?) \[/.exec(this.#help) ?? [];
    return (
      this.#error ?? new CliError("CAL_USAGE_INVALID", { command, problem: `no subcommand in: ${words.join(" ")}` })
    );
  }

  /** The error as text. */
  text(words: readonly string[]): string {
    if (this.#error === undefined && this.#help !== "") return this.#help.trimEnd();
    const { details, remedy } = this.error(words);
    return `error: ${details.problem}\n${remedy.replace("COMMAND", details.command)}`;
  }
}

/** Commander's method that reports an unknown option with the nearest name; it throws. */
interface OptionRefusal {
  readonly unknownOption: (option: string) => void;
}

/** Finds an unknown option, because Commander would report a misspelled required option as missing. */
function unknownOptionIn({ args }: Command): string | undefined {
  return args.find((word) => /^--?[a-z]/i.test(word));
}

/** Whether the error is a missing subcommand, as in `calybris ledger --json`, and not the option. */
function isBareGroup(text: string, { commands }: Command): boolean {
  return commands.length > 0 && text.startsWith("error: unknown option '--json'");
}

function missingIn({ commands }: Command): string {
  return `missing subcommand: one of ${commands.map((inner) => inner.name()).join(", ")}`;
}

/** The full name of a command, such as `calybris ledger show`. */
function nameOf(command: Command): string {
  const above = command.parent === null ? "" : `${nameOf(command.parent)} `;
  return `${above}${command.name()}`;
}

/** The message as one line, without its prefix. */
function problemOf(text: string): string {
  const [first = "", suggestion] = text
    .replace(/^error: /, "")
    .replace(/^command-argument value/, "argument")
    .trim()
    .split("\n");
  return suggestion === undefined ? first : `${first}. ${suggestion.replace(/^\(|\)$/g, "")}`;
}

/** A hint for the former syntax, in which the directory was the first argument. */
function hintOf(text: string, command: Command): string {
  const isExcess = text.startsWith("error: too many arguments");
  const isJournal = command.options.some(({ long }) => long === "--journal");
  return isExcess && isJournal ? " Name the journal with --journal." : "";
}
