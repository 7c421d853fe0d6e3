/**
 * The `calybris` command as a function of its words and a terminal. Commands are in files of their own; what they throw is
 * reported here, once.
 * @module
 */
import { ServiceError } from "@calybris/client";
import { CalybrisError } from "@calybris/kernel";
import { Command, CommanderError } from "commander";
import manifest from "../package.json" with { type: "json" };
import { benchmarkCommand } from "./benchmark/benchmark.ts";
import { catalogCommand } from "./policy/catalog-list.ts";
import { certificateCommand } from "./learning/certificate.ts";
import { certifyCommand } from "./learning/certify.ts";
import { completionCommand } from "./completion/completion.ts";
import { conformanceCommand } from "./conformance/conformance.ts";
import { decideCommand } from "./decide/decide.ts";
import { doctorCommand } from "./doctor/doctor.ts";
import { errorJson, errorText } from "./terminal/error-text.ts";
import { initCommand } from "./init/init.ts";
import { journalCommand } from "./archive/archive.ts";
import { ledgerCommand } from "./ledger/ledger.ts";
import { outcomeCommand } from "./outcome/outcome.ts";
import { outcomesCommand } from "./outcome/outcomes.ts";
import { checkpointCommand } from "./proof/checkpoint.ts";
import { policyCommand } from "./policy/policy.ts";
import { priorCommand } from "./learning/prior.ts";
import { queryCommand } from "./query/query.ts";
import { receiptCommand } from "./proof/receipt.ts";
import { regretCommand } from "./regret/regret.ts";
import { replayCommand } from "./replay/replay.ts";
import { savingsCommand } from "./savings/savings.ts";
import { evolveCommand } from "./evolve/evolve.ts";
import { estimateCommand } from "./estimate/estimate.ts";
import { healthCommand } from "./service/health.ts";
import { keyCommand } from "./service/key.ts";
import { serveCommand } from "./service/serve.ts";
import { showCommand } from "./show/show.ts";
import { tailCommand } from "./journal/tail.ts";
import type { Terminal } from "./terminal/terminal.ts";
import { printableLines } from "./terminal/terminal-text.ts";
import { UsageReport } from "./terminal/usage-error.ts";
import { trainCommand } from "./learning/train.ts";
import { verifyCommand } from "./verify/verify.ts";
import { whatIfCommand } from "./whatif/whatif.ts";
import { evidenceCommand } from "./proof/evidence.ts";
import { witnessCommand } from "./witness/witness.ts";

/** Every command, by group, in the order of the help. */
const COMMANDS: readonly (readonly [heading: string, commands: readonly ((terminal: Terminal) => Command)[]])[] = [
  ["Start:", [savingsCommand, initCommand, policyCommand, catalogCommand]],
  ["Decide:", [decideCommand, replayCommand, outcomeCommand, outcomesCommand, ledgerCommand]],
  ["Run the service:", [serveCommand, healthCommand, doctorCommand, keyCommand]],
  ["Read and check a journal:", [showCommand, tailCommand, queryCommand, verifyCommand, journalCommand]],
  ["Prove to others:", [receiptCommand, checkpointCommand, witnessCommand, evidenceCommand]],
  [
    "Learn:",
    [
      priorCommand,
      certificateCommand,
      trainCommand,
      certifyCommand,
      benchmarkCommand,
      regretCommand,
      estimateCommand,
      whatIfCommand,
      evolveCommand,
    ],
  ],
  ["Other:", [completionCommand, conformanceCommand]],
];

/** What `calybris` without a word prints. */
const START = `Calybris chooses which model serves each request, and keeps proof of every choice. To begin:

  calybris savings usage.csv   what an export of usage cost, and what each quality floor would have cost
  calybris init                write a policy to start from
  calybris serve               answer requests for decisions over HTTP
  calybris --help              all commands`;

/** Default exit codes; packages/cli/README.md lists all of them. */
export const EXIT: Readonly<Record<"failed" | "badInput" | "bug" | "interrupted", number>> = Object.freeze({
  failed: 1,
  badInput: 2,
  bug: 70,
  interrupted: 130,
});

/** Runs one command to its end; returns the exit code. Throws nothing. */
export async function runCalybris(words: readonly string[], terminal: Terminal): Promise<number> {
  if (words.length === 0) {
    terminal.print(START);
    return terminal.exitCode;
  }
  const usage = new UsageReport();
  try {
    const program = calybris(terminal);
    usage.prepare(program, terminal.print);
    await program.parseAsync([...words], { from: "user" });
    return terminal.exitCode;
  } catch (error) {
    if (!(error instanceof CommanderError)) return report(error, words, terminal);
    if (error.exitCode === 0) return 0;
    terminal.complain(isJson(words) ? errorJson(usage.error(words)) : printableLines(usage.text(words)));
    return EXIT.badInput;
  }
}

/** The command tree, for the help and for tests that walk it. */
export function calybris(terminal: Terminal): Command {
  const program = new Command("calybris")
    .description("Chooses which model serves each request, and keeps proof of every choice.")
    .version(manifest.version, "-V, --version", "print the version")
    .helpOption("-h, --help", "print help")
    .addHelpText("after", HELP);
  for (const [heading, commands] of COMMANDS) {
    program.commandsGroup(heading);
    for (const command of commands) program.addCommand(withHelp(command(terminal)));
  }
  return program.helpCommand("help [command]", "print help for a command");
}

/** Commander gives each command a help option of its own. */
function withHelp(command: Command): Command {
  for (const inner of command.commands) withHelp(inner);
  if (command.commands.length > 0) command.helpCommand("help [command]", "print help for a command");
  return command.helpOption("-h, --help", "print help");
}

const HELP = `
\`calybris COMMAND --help\` lists the arguments and options of a command.
Exit codes: 0 success; 1 the journal failed or a check found a fault; 2 an argument, file or key is invalid;
3 something could not be checked; 70 a bug in Calybris; 130 interrupted.`;

function isJson(words: readonly string[]): boolean {
  return words.includes("--json");
}

/** Reports what a command threw; returns the exit code. */
export function report(error: unknown, words: readonly string[], terminal: Terminal): number {
  if (!(error instanceof CalybrisError || error instanceof ServiceError)) {
    terminal.complain(`This is a bug in calybris: please report it.\n${error instanceof Error ? error.stack : error}`);
    return EXIT.bug;
  }
  terminal.complain(isJson(words) ? errorJson(error) : errorText(error));
  if (error.code === "CAL_ENGINE_STOPPED") return EXIT.bug;
  if (error.code === "CAL_REPLAY_STOPPED") return EXIT.interrupted;
  return error.status < 500 ? EXIT.badInput : EXIT.failed;
}
