/**
 * `calybris ledger settle | release | reconcile | correct`: what became of a reservation, said by a person.
 * @module
 */
import type { EngineLedger, Settled } from "@calybris/engine";
import { Command } from "commander";
import { byOption, type JournalOptions, journalOption, withEngine } from "../journal/engine.ts";
import { jsonText } from "../terminal/json-text.ts";
import { keyFileOption } from "../journal/key-file.ts";
import { type AmountGiven, amountGiven, amountOptions } from "./amount.ts";
import { balanceText } from "./table.ts";
import { dollars } from "../terminal/money-text.ts";
import type { Terminal } from "../terminal/terminal.ts";
import { printable } from "../terminal/terminal-text.ts";

interface MoveOptions extends JournalOptions, AmountGiven {
  readonly tenant?: string;
  readonly by?: string;
  readonly json?: true;
}

interface Said {
  readonly decisionId: string;
  readonly tenant: string | undefined;
  readonly actualMicrocents: bigint;
  readonly by: string;
}

interface Move {
  readonly name: "settle" | "release" | "reconcile" | "correct";
  readonly description: string;
  readonly hasActual: boolean;
  /** The entry names who did it. */
  readonly hasBy: boolean;
  readonly run: (ledger: EngineLedger, said: Said) => Promise<Settled>;
}

const MOVES: readonly Move[] = [
  {
    name: "settle",
    description: "report the cost of a call",
    hasActual: true,
    hasBy: false,
    run: (ledger, said) => ledger.settle(said),
  },
  {
    name: "release",
    description: "report that the call never ran; the whole reservation is returned",
    hasActual: false,
    hasBy: false,
    run: (ledger, said) => ledger.release(said),
  },
  {
    name: "reconcile",
    description: "report the cost of a held call",
    hasActual: true,
    hasBy: true,
    run: (ledger, said) => ledger.reconcile(said),
  },
  {
    name: "correct",
    description: "correct the cost of a settled call",
    hasActual: true,
    hasBy: true,
    run: (ledger, said) => ledger.correct(said),
  },
];

export function ledgerMoveCommands(terminal: Terminal): readonly Command[] {
  return MOVES.map((move) => moveCommand(move, terminal));
}

function moveCommand(move: Move, terminal: Terminal): Command {
  const command = new Command(move.name)
    .description(move.description)
    .argument("<decision-id>", "decision ID; `ledger show --reservations` lists the open ones")
    .addOption(journalOption())
    .option("--tenant <name>", "tenant of the decision; a decision of another tenant is refused");
  if (move.hasActual) amountOptions(command, "actual-", "what it cost,");
  if (move.hasBy) command.addOption(byOption());
  const amount = move.hasActual ? " --actual-dollars 0.0131" : "";
  const example = `calybris ledger ${move.name} 42-1c176df6 --journal journal${amount}${move.hasBy ? " --by ada" : ""}`;
  return command
    .addOption(keyFileOption())
    .option("--json", "print JSON")
    .addHelpText("after", `\nThe same again changes nothing.\n\nExample:\n  ${example}`)
    .action((decisionId: string, options: MoveOptions) => runMove(move, decisionId, options, terminal));
}

async function runMove(move: Move, decisionId: string, options: MoveOptions, terminal: Terminal): Promise<void> {
  const actualMicrocents = move.hasActual ? amountGiven(options, "actual-", 0n) : 0n;
  const said: Said = { decisionId, tenant: options.tenant, actualMicrocents, by: options.by ?? "" };
  const settled = await withEngine(options, undefined, ({ ledger }) => move.run(ledger, said));
  if (options.json) {
    terminal.print(jsonText(settled));
    return;
  }
  const { state, tenant, sequence, repeated, balance } = settled;
  const before = repeated ? ", as before: nothing was changed" : "";
  const cost = `at $${dollars(settled.actualMicrocents)} for ${JSON.stringify(tenant)}`;
  terminal.print(printable(`${decisionId} is ${state} ${cost} (entry ${sequence})${before}`));
  terminal.print(balanceText(balance));
}
