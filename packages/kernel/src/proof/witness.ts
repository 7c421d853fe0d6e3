/**
 * A witness (C2SP tlog-witness) as a pure function: from a request and the last cosigned checkpoint to an answer.
 * A server persists the new state before it signs and answers, and handles the requests of one log one at a time.
 *
 *     old <size>
 *     base64(hash)            up to 63 lines: a consistency proof
 *
 *     <checkpoint>
 * @module
 */
import { equalBytes } from "../bytes.ts";
import { CalybrisError } from "../errors.ts";
import { invariant } from "../invariant.ts";
import { type Sha256, sha256 } from "../sha256.ts";
import { fromBase64, toBase64 } from "./base64.ts";
import { type Checkpoint, parseCheckpoint, parseTreeSize } from "./checkpoint.ts";
import { emptyRoot, HASH_BYTES } from "./merkle.ts";
import { isConsistent } from "./merkle-check.ts";
import { type NoteSignature, noteText, parseNote, parseSignatureLines, type SignedNote } from "./signed-note.ts";

const PROOF_LINES_MAX = 63;
const DIVIDER = "\n\n";
/** The content type of an answer with status 409. */
export const TREE_SIZE_MEDIA_TYPE = "text/x.tlog.size";

/** The body of `add-checkpoint`. */
export interface WitnessRequest {
  readonly oldSize: bigint;
  readonly proof: readonly Uint8Array[];
  /** The note as it was sent. */
  readonly checkpoint: string;
}

/** A parsed request, including the parsed checkpoint. */
export interface ReadWitnessRequest extends WitnessRequest {
  readonly note: SignedNote;
  readonly claimed: Checkpoint;
}

/** The latest cosigned checkpoint of a log; the empty tree before the first. */
export interface WitnessState {
  readonly treeSize: bigint;
  readonly root: Uint8Array;
}

/** The answer to give. 200: persist `state`, then sign. 409: answer with the size of the state. */
export type WitnessJudgment =
  | { readonly status: 200; readonly state: WitnessState }
  | { readonly status: 409; readonly treeSize: bigint; readonly problem: string }
  | { readonly status: 400 | 403 | 404 | 422; readonly problem: string };

/** A witness's answer, as the log interprets it. */
export type WitnessAnswer =
  | { readonly kind: "cosigned"; readonly signatures: readonly NoteSignature[] }
  | { readonly kind: "conflict"; readonly treeSize: bigint }
  | { readonly kind: "refused"; readonly status: number };

export function formatWitnessRequest(request: WitnessRequest): string {
  invariant(request.proof.length <= PROOF_LINES_MAX, `a proof has at most ${PROOF_LINES_MAX} lines`);
  return `old ${request.oldSize}\n${request.proof.map((hash) => `${toBase64(hash)}\n`).join("")}\n${request.checkpoint}`;
}

/** @throws CalybrisError `CAL_PROOF_MALFORMED`; the answer is then 400. */
export function parseWitnessRequest(body: Uint8Array | string): ReadWitnessRequest {
  const text = noteText(body, "witness request");
  const divider = text.indexOf(DIVIDER);
  if (divider < 0) throw malformed("has no blank line before its checkpoint");
  const [old = "", ...lines] = text.slice(0, divider).split("\n");
  const oldSize = old.startsWith("old ") ? parseTreeSize(old.slice(4)) : undefined;
  if (oldSize === undefined) throw malformed("does not begin with a line `old <size>`");
  if (lines.length > PROOF_LINES_MAX) throw malformed(`has more than ${PROOF_LINES_MAX} proof lines`);
  const proof = lines.map((line, at) => {
    const hash = fromBase64(line);
    if (hash?.byteLength !== HASH_BYTES) throw malformed(`has a malformed proof line ${at + 1}`);
    return hash;
  });
  const checkpoint = text.slice(divider + DIVIDER.length);
  const note = parseNote(checkpoint);
  return { oldSize, proof, checkpoint, note, claimed: parseCheckpoint(note.text) };
}

/** The state before the first cosignature. */
export function freshWitnessState(hash: Sha256 = sha256): WitnessState {
  return { treeSize: 0n, root: emptyRoot(hash) };
}

/**
 * Judges a parsed request. The new state never has a smaller tree, nor a different root at the same size.
 *
 * @param state - of the log with the claimed origin; `undefined` for a log that is not on the list.
 * @param isSigned - whether a key of that log signed the checkpoint, and no signature of its keys is invalid.
 */
export function judgeWitnessRequest(
  request: ReadWitnessRequest,
  state: WitnessState | undefined,
  isSigned: boolean,
  hash: Sha256 = sha256,
): WitnessJudgment {
  const { oldSize, proof, claimed } = request;
  if (state === undefined) return { status: 404, problem: "the origin is unknown" };
  if (!isSigned) return { status: 403, problem: "no known key of this log signed the checkpoint" };
  if (oldSize > claimed.treeSize) return { status: 400, problem: "the old size is above the checkpoint's" };
  const conflict = (problem: string): WitnessJudgment => ({ status: 409, treeSize: state.treeSize, problem });
  if (oldSize !== state.treeSize) return conflict("the old size is not that of the latest cosigned checkpoint");
  if (oldSize === claimed.treeSize && !equalBytes(claimed.root, state.root))
    return conflict("another root was cosigned at this size");
  const grown = {
    firstSize: oldSize,
    secondSize: claimed.treeSize,
    firstRoot: state.root,
    secondRoot: claimed.root,
    proof,
  };
  if (!isConsistent(grown, hash)) return { status: 422, problem: "the consistency proof does not verify" };
  return { status: 200, state: { treeSize: claimed.treeSize, root: claimed.root } };
}

/**
 * Parses an answer. Its signatures are not verified: open the checkpoint with them appended.
 *
 * @throws CalybrisError `CAL_PROOF_MALFORMED`.
 */
export function parseWitnessAnswer(status: number, mediaType: string, body: string): WitnessAnswer {
  if (status === 200) return { kind: "cosigned", signatures: parseSignatureLines(noteText(body, "witness answer")) };
  if (status !== 409 || mediaType !== TREE_SIZE_MEDIA_TYPE) return { kind: "refused", status };
  const treeSize = body.endsWith("\n") ? parseTreeSize(body.slice(0, -1)) : undefined;
  if (treeSize === undefined) throw malformed("answer 409 holds no tree size");
  return { kind: "conflict", treeSize };
}

function malformed(problem: string): CalybrisError {
  return new CalybrisError("CAL_PROOF_MALFORMED", { format: "witness request", problem });
}
