/**
 * The valid words at each position of the command line, derived from the command tree.
 * @module
 */
import type { Command } from "commander";

/** A word with its description. */
export interface Word {
  readonly word: string;
  readonly what: string;
}

/** The words that may follow a command such as `calybris ledger show`. */
export interface Place {
  /** The words up to here. */
  readonly at: string;
  readonly commands: readonly Word[];
  readonly options: readonly Word[];
  /** Options with a fixed set of values. */
  readonly choices: readonly { readonly option: string; readonly values: readonly string[] }[];
}

/** All commands of the tree, the program first. */
export function placesOf(command: Command, above = ""): readonly Place[] {
  const at = `${above}${command.name()}`;
  const help = command.createHelp();
  const options = help.visibleOptions(command);
  const inner = help.visibleCommands(command);
  const place: Place = {
    at,
    commands: inner.map((each) => ({ word: each.name(), what: each.description() })),
    options: options.flatMap(({ long, description }) =>
      long === undefined || long === null ? [] : [{ word: long, what: description }],
    ),
    choices: options.flatMap(({ long, argChoices }) =>
      argChoices === undefined || long === undefined || long === null ? [] : [{ option: long, values: argChoices }],
    ),
  };
  return [place, ...command.commands.flatMap((each) => placesOf(each, `${at} `))];
}
