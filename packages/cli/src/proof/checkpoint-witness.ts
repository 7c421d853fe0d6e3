/**
 * `calybris checkpoint witness`: collects the cosignatures of a configured list of witnesses under the newest checkpoint of a
 * journal, and says whether they are a quorum.
 * @module
 */
import { nodeVerifyEd25519 } from "@calybris/engine/internal";
import {
  CalybrisError,
  type ChainHash,
  consistencyProof,
  formatNote,
  formatWitnessRequest,
  type NoteSignature,
  openCheckpoint,
  parseCheckpoint,
  parseNote,
  parseWitnessAnswer,
  verifySignature,
  type WitnessAnswer,
} from "@calybris/kernel";
import { EngineError } from "@calybris/engine";
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
import { readTrustFile, type TrustFile, type WitnessAddress } from "./trust-file.ts";

interface Options extends JournalOptions {
  readonly trust: string;
  readonly json?: true;
}

const WITNESS_MS = 10_000;
const ANSWER_BYTES_MAX = 64 * 1024;

/** What became of one witness. */
interface Asked {
  readonly name: string;
  readonly result: "signed" | "signed_before" | "refused" | "unreachable" | "wrong_signature" | "no_url";
  readonly problem?: string;
  readonly signature?: NoteSignature;
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
  if (kept === undefined) throw rejected("is missing: `calybris checkpoint create` makes the first");
  await openCheckpoint(kept.note, { logs: trust.logs.map(withoutDates), witnesses: [], quorum: 0 }, nodeVerifyEd25519);
  const asked = await Promise.all(trust.witnesses.map((witness) => ask(witness, kept.note, { directory, chain })));
  const added = asked.flatMap(({ signature }) => (signature === undefined ? [] : [signature]));
  const { text, signatures } = parseNote(kept.note);
  const note = formatNote({ text, signatures: [...signatures, ...added] });
  const { treeSize } = parseCheckpoint(text);
  if (added.length > 0) keepCheckpoint(directory, Number(treeSize), note);
  const witnessCount = await countOf(note, trust);
  const isEnough = witnessCount >= trust.quorum;
  if (!isEnough) terminal.exitCode = 1;
  const rows = asked.map(({ name, result, problem }) => ({ name, result, problem }));
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

/** The dates of a log's key are established by the witnesses, which have not signed yet. */
function withoutDates({ key }: TrustFile["logs"][number]): TrustFile["logs"][number] {
  return { key };
}

async function countOf(note: string, trust: TrustFile): Promise<number> {
  const { witnesses } = await openCheckpoint(
    note,
    { logs: trust.logs.map(withoutDates), witnesses: trust.witnesses, quorum: 0 },
    nodeVerifyEd25519,
  );
  return witnesses.length;
}

interface Log {
  readonly directory: string;
  readonly chain: ChainHash;
}

async function ask({ key, url }: WitnessAddress, note: string, log: Log): Promise<Asked> {
  const { name } = key;
  const { text, signatures } = parseNote(note);
  if (signatures.some((made) => made.name === name && made.keyId === key.keyId))
    return { name, result: "signed_before" };
  if (url === undefined) return { name, result: "no_url" };
  try {
    let answer = await post(url, requestOf(note, 0n, log));
    if (answer.kind === "conflict") answer = await post(url, requestOf(note, answer.treeSize, log));
    if (answer.kind === "refused") return { name, result: "refused", problem: `status ${answer.status}` };
    if (answer.kind === "conflict")
      return { name, result: "refused", problem: `it has cosigned another tree of ${answer.treeSize} entries` };
    for (const signature of answer.signatures)
      if (signature.name === name && signature.keyId === key.keyId)
        if ((await verifySignature(text, key, signature, nodeVerifyEd25519)) !== undefined)
          return { name, result: "signed", signature };
    return { name, result: "wrong_signature" };
  } catch (error) {
    if (error instanceof CalybrisError && error.code === "CAL_PROOF_REJECTED")
      return { name, result: "refused", problem: error.message };
    if (error instanceof CalybrisError && error.code !== "CAL_PROOF_MALFORMED") throw error;
    return { name, result: "unreachable", problem: (error as Error).message };
  }
}

/** With the proof from the size that the witness has; a witness that has more than the journal saw another history. */
function requestOf(note: string, oldSize: bigint, { directory, chain }: Log): string {
  const { treeSize } = parseCheckpoint(parseNote(note).text);
  if (oldSize > treeSize) throw rejected(`is of ${treeSize} entries, and the witness has cosigned ${oldSize}`);
  if (oldSize === 0n || oldSize === treeSize) return formatWitnessRequest({ oldSize, proof: [], checkpoint: note });
  const of = { directory, chain, until: Number(treeSize) };
  const { hashes } = proveFromJournal(of, (nodes) => consistencyProof(oldSize, treeSize, nodes));
  return formatWitnessRequest({ oldSize, proof: hashes, checkpoint: note });
}

async function post(url: string, body: string): Promise<WitnessAnswer> {
  const response = await fetch(`${url.replace(/\/$/, "")}/add-checkpoint`, {
    method: "POST",
    body,
    redirect: "error",
    signal: AbortSignal.timeout(WITNESS_MS),
  });
  const text = await answerText(response);
  return parseWitnessAnswer(response.status, response.headers.get("content-type") ?? "", text);
}

async function answerText(response: Response): Promise<string> {
  const pieces: Uint8Array[] = [];
  let bytes = 0;
  for await (const piece of response.body ?? []) {
    bytes += piece.byteLength;
    if (bytes > ANSWER_BYTES_MAX) throw new Error(`the answer has more than ${ANSWER_BYTES_MAX} bytes`);
    pieces.push(piece);
  }
  return Buffer.concat(pieces).toString("utf8");
}

function rejected(problem: string): CalybrisError {
  return new CalybrisError("CAL_PROOF_REJECTED", { format: "checkpoint", problem });
}
