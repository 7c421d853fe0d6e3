/**
 * `calybris completion`: prints a completion script for a shell.
 * @module
 */
import { Argument, Command } from "commander";
import type { Terminal } from "../terminal/terminal.ts";
import { SCRIPTS, type Shell } from "./scripts.ts";
import { placesOf } from "./words.ts";

const HELP = `
Examples:
  source <(calybris completion bash)
  source <(calybris completion zsh)
  calybris completion fish | source`;

export function completionCommand(terminal: Terminal): Command {
  const command: Command = new Command("completion");
  return command
    .description("print a completion script for your shell")
    .addArgument(new Argument("<shell>", "the shell").choices(Object.keys(SCRIPTS)))
    .addHelpText("after", HELP)
    .action((shell: Shell) => {
      terminal.print(SCRIPTS[shell](placesOf(rootOf(command))));
    });
}

function rootOf(command: Command): Command {
  return command.parent === null ? command : rootOf(command.parent);
}
