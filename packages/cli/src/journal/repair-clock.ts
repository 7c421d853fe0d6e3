/**
 * `calybris journal repair-clock`: after a clock had run ahead, sets the journal's time back to the clock, with a clock
 * entry.
 * @module
 */
import { resolve } from "node:path";
import { Engine } from "@calybris/engine";
import { writeInThisThread } from "@calybris/engine/internal";
import { Command } from "commander";
import { jsonText } from "../terminal/json-text.ts";
import type { Terminal } from "../terminal/terminal.ts";
import { byOption, type ClaimOptions, callerOf, hasJournal } from "./engine.ts";
import { type JournalOptions, journalOption, placeOf } from "./place.ts";
import { configOption } from "../service/config-file.ts";
import { keyFileOption, readKey, requireKeyOfJournal } from "./key-file.ts";
import { CliError } from "../cli-errors.ts";

interface RepairOptions extends JournalOptions, ClaimOptions {
  readonly json?: true;
}

const HELP = `
An entry keeps its time for good, and a start is refused while the last entry is more than 5 minutes ahead of the clock. When
the clock is right now and had run ahead before, this writes a \`clock\` entry, after which time continues from the clock's.
What was due by the later time stays so: periods that began go on until their end, and reservations keep their expiry.

Example:
  calybris journal repair-clock --journal journal --by ada`;

export function repairClockCommand(terminal: Terminal): Command {
  return new Command("repair-clock")
    .description("record a corrected clock, after it ran ahead")
    .addOption(journalOption())
    .addOption(configOption())
    .addOption(byOption())
    .addOption(keyFileOption())
    .option("--json", "print JSON")
    .addHelpText("after", HELP)
    .action((options: RepairOptions) => repair(options, terminal));
}

async function repair(options: RepairOptions, terminal: Terminal): Promise<void> {
  const { directory: named, keyFile } = await placeOf(options);
  const directory = resolve(named);
  if (!hasJournal(directory)) throw new CliError("CAL_JOURNAL_MISSING", { directory });
  const key = readKey(keyFile);
  requireKeyOfJournal(directory, keyFile, key);
  const engine = await Engine.open({ directory, key, repairClock: callerOf(options), driver: writeInThisThread });
  const { clockRepair } = engine;
  await engine.close();
  if (options.json) terminal.print(jsonText({ repaired: clockRepair ?? null }));
  else if (clockRepair === undefined) terminal.print("nothing to repair: the last entry is not ahead of the clock");
  else {
    const { sequence, from, to } = clockRepair;
    terminal.print(`entry ${sequence}: time goes back from ${timeText(from)} to ${timeText(to)}`);
  }
}

function timeText(us: number): string {
  return new Date(us / 1_000).toISOString();
}
