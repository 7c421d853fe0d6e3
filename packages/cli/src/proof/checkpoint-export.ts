/**
 * `calybris checkpoint export`: the log as files for a static host, in the layout of C2SP tlog-tiles.
 * @module
 */
import { mkdirSync, renameSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { nodeDisk, readTreeFile, TreeProofs } from "@calybris/engine/internal";
import { CalybrisError, formatCheckpoint, parseCheckpoint, parseNote, tilePath, tilesSince } from "@calybris/kernel";
import { Command } from "commander";
import { type JournalOptions, journalOption, placeOf } from "../journal/place.ts";
import { configOption } from "../service/config-file.ts";
import { jsonText } from "../terminal/json-text.ts";
import { count, counted } from "../terminal/number-text.ts";
import type { Terminal } from "../terminal/terminal.ts";
import { printable } from "../terminal/terminal-text.ts";
import { newestCheckpoint } from "./kept-checkpoints.ts";

interface Options extends JournalOptions {
  readonly json?: true;
}

const HELP = `
Tiles are written before \`checkpoint\`, so at every moment the directory is a log. Full tiles never change: a directory that was
exported to before is brought up to date. The tiles are held to the root of the checkpoint before anything is written.`;

export function exportCommand(terminal: Terminal): Command {
  return new Command("export")
    .description("write the newest checkpoint and the tiles of its tree as files for a static host")
    .argument("<target>", "the directory where the log is written")
    .addOption(journalOption())
    .addOption(configOption())
    .option("--json", "print JSON")
    .addHelpText("after", HELP)
    .action(async (target: string, options: Options) => {
      const { directory } = await placeOf(options);
      const { treeSize, tiles } = exportLog(directory, target);
      const text = `exported: ${counted(tiles, "tile", "tiles")} of a tree of ${count(treeSize)} entries, in ${target}`;
      terminal.print(
        options.json ? jsonText({ treeSize: Number(treeSize), tiles, directory: target }) : printable(text),
      );
    });
}

function exportLog(journal: string, target: string): { readonly treeSize: bigint; readonly tiles: number } {
  const kept = newestCheckpoint(journal);
  if (kept === undefined) throw new CalybrisError("CAL_PROOF_UNCOVERED", { needed: 1, treeSize: undefined });
  const checkpoint = parseCheckpoint(parseNote(kept.note).text);
  const proofs = new TreeProofs((range) => readTreeFile(nodeDisk, journal, range));
  if (!proofs.isRoot(checkpoint.treeSize, checkpoint.root))
    throw rejected(
      `has another root than the hashes beside the journal: ${formatCheckpoint(checkpoint).split("\n")[2]}`,
    );
  let tiles = 0;
  for (const tile of tilesSince(0n, checkpoint.treeSize)) {
    write(join(target, tilePath(tile)), proofs.tile(tilePath(tile)) as Uint8Array);
    tiles += 1;
  }
  write(join(target, "checkpoint"), kept.note);
  return { treeSize: checkpoint.treeSize, tiles };
}

function write(file: string, contents: Uint8Array | string): void {
  try {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(`${file}.next`, contents);
    renameSync(`${file}.next`, file);
  } catch (cause) {
    throw new CalybrisError("CAL_INPUT_UNREADABLE", { file, problem: (cause as Error).message }, { cause });
  }
}

function rejected(problem: string): CalybrisError {
  return new CalybrisError("CAL_PROOF_REJECTED", { format: "checkpoint", problem });
}
