/**
 * Requests cosignatures of a checkpoint from witnesses (C2SP tlog-witness), and verifies each.
 * @module
 */
import {
  CalybrisError,
  type CheckpointTrust,
  type DatedKey,
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
import { nodeVerifyEd25519 } from "../ed25519.ts";

/** A witness and its address. */
export interface WitnessAddress extends DatedKey {
  /** `undefined`: the witness is not asked, but its signature counts. */
  readonly url: string | undefined;
}

/** The result of asking one witness. */
export interface WitnessReply {
  readonly name: string;
  readonly result: "signed" | "signed_before" | "refused" | "unreachable" | "wrong_signature" | "no_url";
  readonly problem?: string;
  readonly signature?: NoteSignature;
}

export interface Cosigned {
  /** The checkpoint with all signatures added. */
  readonly note: string;
  readonly replies: readonly WitnessReply[];
  /** Number of distinct witnesses that signed it, each within the dates of its key. */
  readonly witnessCount: number;
}

export interface CosignatureOptions {
  readonly witnesses: readonly WitnessAddress[];
  readonly logs: CheckpointTrust["logs"];
  /** Consistency proof from an earlier size, above 0 and below the checkpoint's own. */
  readonly consistency: (oldSize: bigint) => readonly Uint8Array[];
  /** Aborts all requests. */
  readonly signal?: AbortSignal | undefined;
}

const WITNESS_MS = 10_000;
const ANSWER_BYTES_MAX = 64 * 1024;

/**
 * Sends a checkpoint to each witness that has not signed it yet, with a consistency proof from the last checkpoint that the
 * witness signed.
 *
 * @throws CalybrisError `CAL_PROOF_REJECTED` if none of the log's keys signed the note, or a known key signed wrongly.
 */
export async function collectCosignatures(note: string, options: CosignatureOptions): Promise<Cosigned> {
  const { witnesses } = options;
  const logs = options.logs.map(withoutDates);
  await openCheckpoint(note, { logs, witnesses: [], quorum: 0 }, nodeVerifyEd25519);
  const replies = await Promise.all(witnesses.map((witness) => ask(witness, note, options)));
  const added = replies.flatMap(({ signature }) => (signature === undefined ? [] : [signature]));
  const { text, signatures } = parseNote(note);
  const cosigned = formatNote({ text, signatures: [...signatures, ...added] });
  const counted = await openCheckpoint(cosigned, { logs, witnesses, quorum: 0 }, nodeVerifyEd25519);
  return { note: cosigned, replies, witnessCount: counted.witnesses.length };
}

/** The key without its dates: witnesses establish the dates of a log's key, and they have not signed yet. */
function withoutDates({ key }: DatedKey): DatedKey {
  return { key };
}

async function ask({ key, url }: WitnessAddress, note: string, options: CosignatureOptions): Promise<WitnessReply> {
  const { name } = key;
  const { text, signatures } = parseNote(note);
  if (signatures.some((made) => made.name === name && made.keyId === key.keyId))
    return { name, result: "signed_before" };
  if (url === undefined) return { name, result: "no_url" };
  try {
    let answer = await post(url, requestOf(note, 0n, options), options.signal);
    if (answer.kind === "conflict") answer = await post(url, requestOf(note, answer.treeSize, options), options.signal);
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

/**
 * A request with the proof from the witness's size. A size above the journal's means that the witness saw another history.
 */
function requestOf(note: string, oldSize: bigint, { consistency }: CosignatureOptions): string {
  const { treeSize } = parseCheckpoint(parseNote(note).text);
  if (oldSize > treeSize)
    throw new CalybrisError("CAL_PROOF_REJECTED", {
      format: "checkpoint",
      problem: `is of ${treeSize} entries, and the witness has cosigned ${oldSize}`,
    });
  const proof = oldSize === 0n || oldSize === treeSize ? [] : consistency(oldSize);
  return formatWitnessRequest({ oldSize, proof, checkpoint: note });
}

async function post(url: string, body: string, ended: AbortSignal | undefined): Promise<WitnessAnswer> {
  const late = AbortSignal.timeout(WITNESS_MS);
  const response = await fetch(`${url.replace(/\/$/, "")}/add-checkpoint`, {
    method: "POST",
    body,
    redirect: "error",
    signal: ended === undefined ? late : AbortSignal.any([ended, late]),
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
