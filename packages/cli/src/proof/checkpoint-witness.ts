/**
 * `calybris checkpoint witness`: collects cosignatures of configured witnesses for the newest checkpoint of a journal, and
 * reports whether they reach the quorum.
 * @module
 */
import { EngineError } from "@calybris/engine";
import { collectCosignatures } from "@calybris/engine/internal";
import { CalybrisError, type ChainHash, consistencyProof, parseCheckpoint, parseNote } from "@calybris/kernel";
import { Command } from "commander";
import { chainOfJournal, keyFileOption } from "../journal/key-file.ts";
import { type JournalOptions, journalOption, placeOf } from "../journal/place.ts";
import { configOption } from "../service/config-file.ts";
import { jsonText } from "../terminal/json-text.ts";
import { count } from "../terminal/number-text.ts";
import type { Terminal } from "../terminal/terminal.ts";
import { printable } from "../terminal/terminal-text.ts";
import { proveFromJournal } from "./journal-tree.ts";
import { keepCheckpoint, newestCheckpoint } from "./kept-checkpoints.ts";
import { orRejection } from "./proof-file.ts";
import { readTrustFile } from "./trust-file.ts";

interface Options extends JournalOptions {
  readonly trust: string;
  readonly json?: true;
}

const HELP = `
The file lists the witnesses with their URLs and keys, and the quorum (docs/keys.md). Each that has not signed yet is sent the
checkpoint with a proof that it continues the one that the witness signed before. Their signatures are verified and added to the
note in \`checkpoints/\`.
Exit code: 0 the quorum is reached; 1 it is not, or the checkpoint is rejected; 2 a file or key is malformed.`;

export function collectCommand(terminal: Terminal): Command {
  return new Command("witness")
    .description("collect the signatures of witnesses under the newest checkpoint of a journal")
    .addOption(journalOption())
    .addOption(configOption())
    .addOption(keyFileOption())
    .requiredOption("--trust <file>", "keys and URLs of the witnesses, keys of the log, quorum")
    .option("--json", "print JSON")
    .addHelpText("after", HELP)
    .action(async (options: Options) => {
      await orRejection(collect(options, terminal), terminal, options.json === true);
    });
}

async function collect(options: Options, terminal: Terminal): Promise<void> {
  const trust = readTrustFile(options.trust);
  const { directory, keyFile } = await placeOf(options);
  const chain = chainOfJournal(directory, keyFile);
  if (chain === undefined)
    throw new EngineError("CAL_JOURNAL_KEY", { file: directory, problem: "it is keyed; give --key-file" });
  const kept = newestCheckpoint(directory);
  if (kept === undefined) throw new CalybrisError("CAL_PROOF_UNCOVERED", { needed: 1, treeSize: undefined });
  const consistency = consistencyOf(kept.note, { directory, chain });
  const { note, replies, witnessCount } = await collectCosignatures(kept.note, { ...trust, consistency });
  const { treeSize } = parseCheckpoint(parseNote(note).text);
  if (note !== kept.note) keepCheckpoint(directory, Number(treeSize), note);
  const isEnough = witnessCount >= trust.quorum;
  if (!isEnough) terminal.exitCode = 1;
  const rows = replies.map(({ name, result, problem }) => ({ name, result, problem }));
  if (options.json)
    terminal.print(
      jsonText({ treeSize, witnessCount, quorum: trust.quorum, isEnough, witnesses: rows, file: kept.file }),
    );
  else
    terminal.print(
      [
        `${count(treeSize)} entries: ${witnessCount} witnesses signed in time, the quorum is ${trust.quorum}`,
        ...rows.map(
          ({ name, result, problem }) => `  ${name}  ${result}${problem === undefined ? "" : `: ${problem}`}`,
        ),
      ]
        .map(printable)
        .join("\n"),
    );
}

/** Proofs that the checkpoint extends earlier trees, from the journal itself. */
function consistencyOf(note: string, log: Log): (oldSize: bigint) => readonly Uint8Array[] {
  const { treeSize } = parseCheckpoint(parseNote(note).text);
  const of = { ...log, until: Number(treeSize) };
  return (oldSize) => proveFromJournal(of, (nodes) => consistencyProof(oldSize, treeSize, nodes)).hashes;
}

interface Log {
  readonly directory: string;
  readonly chain: ChainHash;
}
