/**
 * The `calybris` command as a function of its arguments and a terminal. Each command is in its own file; errors of commands
 * are reported here.
 * @module
 */
import { ServiceError } from "@calybris/client";
import { CalybrisError } from "@calybris/kernel";
import { Command, CommanderError } from "commander";
import manifest from "../package.json" with { type: "json" };
import { holdYoungGeneration } from "./service/young-generation.ts";
import { errorJson, errorText } from "./terminal/error-text.ts";
import type { Terminal } from "./terminal/terminal.ts";
import { printableLines } from "./terminal/terminal-text.ts";
import { UsageReport } from "./terminal/usage-error.ts";

/** Loads the code of a command, with only the imports that it needs. */
type LoadCommand = () => Promise<(terminal: Terminal) => Command>;

/** All commands by group and name, in the order of the help. */
const COMMANDS: readonly (readonly [heading: string, commands: { readonly [name: string]: LoadCommand }])[] = [
  [
    "Start:",
    {
      savings: async () => (await import("./savings/savings.ts")).savingsCommand,
      init: async () => (await import("./init/init.ts")).initCommand,
      policy: async () => (await import("./policy/policy.ts")).policyCommand,
      catalog: async () => (await import("./policy/catalog-list.ts")).catalogCommand,
    },
  ],
  [
    "Decide:",
    {
      decide: async () => (await import("./decide/decide.ts")).decideCommand,
      replay: async () => (await import("./replay/replay.ts")).replayCommand,
      outcome: async () => (await import("./outcome/outcome.ts")).outcomeCommand,
      outcomes: async () => (await import("./outcome/outcomes.ts")).outcomesCommand,
      ledger: async () => (await import("./ledger/ledger.ts")).ledgerCommand,
    },
  ],
  [
    "Run the service:",
    {
      serve: async () => {
        holdYoungGeneration();
        return (await import("./service/serve.ts")).serveCommand;
      },
      health: async () => (await import("./service/health.ts")).healthCommand,
      doctor: async () => (await import("./doctor/doctor.ts")).doctorCommand,
      key: async () => (await import("./service/key.ts")).keyCommand,
    },
  ],
  [
    "Read and check a journal:",
    {
      show: async () => (await import("./show/show.ts")).showCommand,
      tail: async () => (await import("./journal/tail.ts")).tailCommand,
      query: async () => (await import("./query/query.ts")).queryCommand,
      verify: async () => {
        holdYoungGeneration();
        return (await import("./verify/verify.ts")).verifyCommand;
      },
      journal: async () => (await import("./archive/archive.ts")).journalCommand,
    },
  ],
  [
    "Prove to others:",
    {
      receipt: async () => (await import("./proof/receipt.ts")).receiptCommand,
      checkpoint: async () => (await import("./proof/checkpoint.ts")).checkpointCommand,
      witness: async () => (await import("./witness/witness.ts")).witnessCommand,
      evidence: async () => (await import("./proof/evidence.ts")).evidenceCommand,
    },
  ],
  [
    "Learn:",
    {
      prior: async () => (await import("./learning/prior.ts")).priorCommand,
      certificate: async () => (await import("./learning/certificate.ts")).certificateCommand,
      train: async () => (await import("./learning/train.ts")).trainCommand,
      certify: async () => (await import("./learning/certify.ts")).certifyCommand,
      benchmark: async () => (await import("./benchmark/benchmark.ts")).benchmarkCommand,
      regret: async () => (await import("./regret/regret.ts")).regretCommand,
      estimate: async () => (await import("./estimate/estimate.ts")).estimateCommand,
      whatif: async () => (await import("./whatif/whatif.ts")).whatIfCommand,
      evolve: async () => (await import("./evolve/evolve.ts")).evolveCommand,
    },
  ],
  [
    "Other:",
    {
      completion: async () => (await import("./completion/completion.ts")).completionCommand,
      conformance: async () => (await import("./conformance/conformance.ts")).conformanceCommand,
    },
  ],
];

/** The output of `calybris` without arguments. */
const START = `Calybris chooses which model serves each request, and keeps proof of every choice. To begin:

  calybris savings usage.csv   what an export of usage cost, and what each quality floor would have cost
  calybris init                write a policy to start from
  calybris serve               serve decisions over HTTP
  calybris --help              all commands`;

/** Default exit codes; packages/cli/README.md lists all of them. */
export const EXIT: Readonly<Record<"failed" | "badInput" | "bug" | "interrupted", number>> = Object.freeze({
  failed: 1,
  badInput: 2,
  bug: 70,
  interrupted: 130,
});

/** Runs a command to completion; returns the exit code. Never throws. */
export async function runCalybris(words: readonly string[], terminal: Terminal): Promise<number> {
  if (words.length === 0) {
    terminal.print(START);
    return terminal.exitCode;
  }
  const usage = new UsageReport();
  try {
    const program = await calybris(terminal, words[0]);
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

/**
 * The command tree.
 *
 * @param word - the first argument. If it names a command, the tree has only that command, so that `serve` starts without
 *   the code of the others. Otherwise it has all commands, for the help and for tests that walk it.
 */
export async function calybris(terminal: Terminal, word?: string): Promise<Command> {
  const program = new Command("calybris")
    .description("Chooses which model serves each request, and keeps proof of every choice.")
    .version(manifest.version, "-V, --version", "print the version")
    .helpOption("-h, --help", "print help")
    .addHelpText("after", HELP);
  const isOne = COMMANDS.some(([, commands]) => isAmong(commands, word)) && !NEEDS_ALL.includes(word as string);
  for (const [heading, commands] of COMMANDS) {
    program.commandsGroup(heading);
    const wanted = Object.entries(commands).filter(([name]) => !isOne || name === word);
    const loaded = await Promise.all(wanted.map(([, load]) => load()));
    for (const command of loaded) program.addCommand(withHelp(command(terminal)));
  }
  return program.helpCommand("help [command]", "print help for a command");
}

/** Commands that need the complete tree. */
const NEEDS_ALL: readonly string[] = ["completion"];

function isAmong(commands: { readonly [name: string]: LoadCommand }, word: string | undefined): boolean {
  return word !== undefined && Object.hasOwn(commands, word);
}

/** Sets the help option of every command, because Commander gives each its own. */
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

/** Reports the error of a command; returns the exit code. */
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
