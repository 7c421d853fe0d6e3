/**
 * The `calybris` command as a function of its words and a terminal. Commands are in files of their own; whatever they
 * throw is told here, once.
 * @module
 */
import { CalybrisError } from "@calybris/kernel";
import { Command, CommanderError } from "commander";
import manifest from "../package.json" with { type: "json" };
import { benchmarkCommand } from "./benchmark/benchmark.ts";
import { catalogCommand } from "./policy/catalog-list.ts";
import { certificateCommand } from "./learning/certificate.ts";
import { certifyCommand } from "./learning/certify.ts";
import { conformanceCommand } from "./conformance/conformance.ts";
import { decideCommand } from "./decide/decide.ts";
import { doctorCommand } from "./doctor/doctor.ts";
import { errorJson, errorText } from "./terminal/error-text.ts";
import { initCommand } from "./init/init.ts";
import { journalCommand } from "./archive/archive.ts";
import { ledgerCommand } from "./ledger/ledger.ts";
import { outcomeCommand } from "./outcome/outcome.ts";
import { outcomesCommand } from "./outcome/outcomes.ts";
import { policyCommand } from "./policy/policy.ts";
import { priorCommand } from "./learning/prior.ts";
import { replayCommand } from "./replay/replay.ts";
import { savingsCommand } from "./savings/savings.ts";
import { healthCommand } from "./service/health.ts";
import { keyCommand } from "./service/key.ts";
import { serveCommand } from "./service/serve.ts";
import { showCommand } from "./show/show.ts";
import { tailCommand } from "./journal/tail.ts";
import type { Terminal } from "./terminal/terminal.ts";
import { trainCommand } from "./learning/train.ts";
import { verifyCommand } from "./verify/verify.ts";

/** Every command, in the order of the help: one line each. */
const COMMANDS: readonly ((terminal: Terminal) => Command)[] = [
  savingsCommand,
  initCommand,
  policyCommand,
  catalogCommand,
  decideCommand,
  replayCommand,
  outcomeCommand,
  outcomesCommand,
  priorCommand,
  certificateCommand,
  ledgerCommand,
  verifyCommand,
  showCommand,
  tailCommand,
  trainCommand,
  certifyCommand,
  benchmarkCommand,
  conformanceCommand,
  serveCommand,
  healthCommand,
  doctorCommand,
  journalCommand,
  keyCommand,
];

/** Default exit codes; packages/cli/README.md lists all of them. */
export const EXIT: Readonly<Record<"failed" | "badInput" | "bug" | "interrupted", number>> = Object.freeze({
  failed: 1,
  badInput: 2,
  bug: 70,
  interrupted: 130,
});

/** Runs one command to its end; returns the exit code. Throws nothing. */
export async function runCalybris(words: readonly string[], terminal: Terminal): Promise<number> {
  try {
    await calybris(terminal).parseAsync([...words], { from: "user" });
    return terminal.exitCode;
  } catch (error) {
    return report(error, words, terminal);
  }
}

/** The command tree, for the help and for tests that walk it. */
export function calybris(terminal: Terminal): Command {
  const program = new Command("calybris")
    .description("A decision engine that proves every decision.")
    .version(manifest.version);
  for (const command of COMMANDS) program.addCommand(command(terminal));
  prepare(program, terminal);
  return program;
}

/** Commander would exit by itself, with 1 for bad usage, and write past the terminal. */
function prepare(command: Command, terminal: Terminal): void {
  command.exitOverride();
  command.showHelpAfterError("--help lists every option.");
  command.configureOutput({
    writeOut: (text) => terminal.print(text.trimEnd()),
    writeErr: (text) => terminal.complain(text.trimEnd()),
  });
  for (const inner of command.commands) prepare(inner, terminal);
}

function report(error: unknown, words: readonly string[], terminal: Terminal): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : EXIT.badInput;
  if (!(error instanceof CalybrisError)) {
    terminal.complain(`This is a bug in calybris: please report it.\n${error instanceof Error ? error.stack : error}`);
    return EXIT.bug;
  }
  terminal.complain(words.includes("--json") ? errorJson(error) : errorText(error));
  if (error.code === "CAL_ENGINE_STOPPED") return EXIT.bug;
  if (error.code === "CAL_REPLAY_STOPPED") return EXIT.interrupted;
  return error.status < 500 ? EXIT.badInput : EXIT.failed;
}
