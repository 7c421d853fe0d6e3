#!/usr/bin/env node
/**
 * The `calybris` command. Commands are in files of their own; whatever they throw is told here, once.
 * @module
 */
import { CalybrisError } from "@calybris/kernel";
import { Command, CommanderError } from "commander";
import { catalogCommand } from "./catalog-list.ts";
import { conformanceCommand } from "./conformance.ts";
import { decideCommand } from "./decide.ts";
import { initCommand } from "./init.ts";
import { policyCommand } from "./policy-check.ts";
import { policySetCommand } from "./policy-set.ts";
import { replayCommand } from "./replay.ts";
import { showCommand } from "./show.ts";
import { tailCommand } from "./tail.ts";
import { verifyCommand } from "./verify.ts";

/** Every command, in the order of the help: one line each. */
const COMMANDS: readonly (() => Command)[] = [
  initCommand,
  () => policyCommand().addCommand(policySetCommand()),
  catalogCommand,
  decideCommand,
  replayCommand,
  verifyCommand,
  showCommand,
  tailCommand,
  conformanceCommand,
];

const EXIT_FAILED = 1;
const EXIT_BAD_INPUT = 2;

const program = new Command("calybris").description("A decision engine that proves every decision.").version("0.1.0");
for (const command of COMMANDS) program.addCommand(command());
exitByThrowing(program);

try {
  await program.parseAsync();
} catch (error) {
  process.exitCode = report(error);
}

/** Commander would exit by itself, with 1 for bad usage. */
function exitByThrowing(command: Command): void {
  command.exitOverride();
  for (const inner of command.commands) exitByThrowing(inner);
}

function report(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : EXIT_BAD_INPUT;
  if (!(error instanceof CalybrisError)) {
    console.error(error);
    return EXIT_FAILED;
  }
  const { code, message, remedy, details, status } = error;
  if (process.argv.includes("--json"))
    console.error(JSON.stringify({ error: { code, message, remedy, details } }, plain));
  else console.error(`${code}: ${message}\n${remedy}`);
  return status < 500 ? EXIT_BAD_INPUT : EXIT_FAILED;
}

function plain(_key: string, value: unknown): unknown {
  return typeof value === "bigint" ? value.toString() : value;
}
