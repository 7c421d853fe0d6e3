/**
 * Evidence of a split view: two checkpoints that one log signed and that contradict each other. Anyone can check it with the
 * log's public key; making it requires the log's private key.
 *
 * Checkpoints of the same size contradict each other if their roots differ. For two sizes, the evidence also holds the root
 * of the larger tree at the smaller size, with the consistency proof from it to the larger root. If it is not the root that
 * was signed at that size, the log was rewritten between the checkpoints.
 * @module
 */
import { equalBytes } from "../bytes.ts";
import { CalybrisError } from "../errors.ts";
import { writeExact } from "../exact-json.ts";
import { type Sha256, sha256 } from "../sha256.ts";
import { parseStrictJson, StrictJsonError } from "../strict-json.ts";
import { fromBase64, toBase64 } from "./base64.ts";
import { type Checkpoint, parseCheckpoint } from "./checkpoint.ts";
import type { VerifyEd25519 } from "./ed25519.ts";
import { HASH_BYTES } from "./merkle.ts";
import { isConsistent } from "./merkle-check.ts";
import type { VerifierKey } from "./note-key.ts";
import { openNote } from "./note-signing.ts";

export const SPLIT_VIEW_SCHEMA = "calybris.split-view.v1";
const HASHES_MAX = 64;
const CHARACTERS_MAX = 4_000_000;
const MEMBERS: readonly string[] = ["schema", "first", "second", "prefix"];

export interface SplitView {
  /** The signed checkpoint of the smaller tree, or either of two of the same size. */
  readonly first: string;
  readonly second: string;
  /** Only for two sizes. */
  readonly prefix?: SplitViewPrefix;
}

/** The root of the larger tree at the smaller size, with its proof. */
export interface SplitViewPrefix {
  readonly root: Uint8Array;
  /** From that root to the root of the larger tree. */
  readonly proof: readonly Uint8Array[];
}

/** The result of a verification. */
export interface SplitViewFindings {
  readonly origin: string;
  readonly first: Checkpoint;
  readonly second: Checkpoint;
}

export function formatSplitView({ first, second, prefix }: SplitView): string {
  return writeExact({
    schema: SPLIT_VIEW_SCHEMA,
    first,
    second,
    prefix: prefix && { root: toBase64(prefix.root), proof: prefix.proof.map(toBase64) },
  });
}

/** @throws CalybrisError `CAL_PROOF_MALFORMED`. */
export function parseSplitView(text: string): SplitView {
  if (text.length > CHARACTERS_MAX) throw malformed(`has more than ${CHARACTERS_MAX} characters`);
  const members = objectOf(strictJson(text), MEMBERS);
  if (members["schema"] !== SPLIT_VIEW_SCHEMA) throw malformed(`has a schema other than ${SPLIT_VIEW_SCHEMA}`);
  const { first, second, prefix } = members;
  if (typeof first !== "string" || typeof second !== "string") throw malformed("has no two notes");
  if (prefix === undefined) return { first, second };
  const { root, proof } = objectOf(prefix, ["root", "proof"]);
  if (!Array.isArray(proof) || proof.length > HASHES_MAX)
    throw malformed(`has a proof that is not at most ${HASHES_MAX} hashes`);
  return { first, second, prefix: { root: hashOf(root), proof: proof.map(hashOf) } };
}

/**
 * Verifies evidence of a split view: one key of the list signed both checkpoints, and they contradict each other.
 *
 * @throws CalybrisError `CAL_PROOF_REJECTED` if it does not show a split view, `CAL_PROOF_MALFORMED`.
 */
export async function verifySplitView(
  evidence: SplitView,
  logKeys: readonly VerifierKey[],
  verify: VerifyEd25519,
  hash: Sha256 = sha256,
): Promise<SplitViewFindings> {
  const [one, other] = [
    await openNote(evidence.first, logKeys, verify),
    await openNote(evidence.second, logKeys, verify),
  ];
  const [first, second] = [parseCheckpoint(one.note.text), parseCheckpoint(other.note.text)];
  if (first.origin !== second.origin) throw rejected(`is of two logs, ${first.origin} and ${second.origin}`);
  const origin = first.origin;
  const isByLog = [one, other].every(({ verified }) =>
    verified.some(({ key }) => key.type === "ed25519" && key.name === origin),
  );
  if (!isByLog) throw rejected("has a checkpoint that no known key of the log signed");
  if (first.treeSize > second.treeSize) throw rejected("has its checkpoints in the wrong order");
  if (first.treeSize === second.treeSize) {
    if (equalBytes(first.root, second.root)) throw rejected("has two checkpoints of one tree, which agree");
    if (evidence.prefix !== undefined) throw rejected("has a proof between two trees of one size");
    return { origin, first, second };
  }
  const { prefix } = evidence;
  if (prefix === undefined) throw rejected("has no proof of what the larger tree had at the smaller size");
  const grown = {
    firstSize: first.treeSize,
    secondSize: second.treeSize,
    firstRoot: prefix.root,
    secondRoot: second.root,
    proof: prefix.proof,
  };
  if (first.treeSize === 0n || !isConsistent(grown, hash))
    throw rejected("has a proof that does not lead to the root of its larger checkpoint");
  if (equalBytes(prefix.root, first.root)) throw rejected("has two checkpoints of one log, which agree");
  return { origin, first, second };
}

function strictJson(text: string): unknown {
  try {
    return parseStrictJson(text);
  } catch (cause) {
    if (cause instanceof StrictJsonError) throw malformed(cause.message);
    throw cause;
  }
}

function objectOf(value: unknown, names: readonly string[]): { readonly [name: string]: unknown } {
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw malformed("is not an object");
  const unknown = Object.keys(value).find((name) => !names.includes(name));
  if (unknown !== undefined) throw malformed(`has an unknown member ${JSON.stringify(unknown)}`);
  return value as { readonly [name: string]: unknown };
}

function hashOf(value: unknown): Uint8Array {
  const bytes = typeof value === "string" ? fromBase64(value) : undefined;
  if (bytes?.byteLength !== HASH_BYTES) throw malformed(`has a hash that is not ${HASH_BYTES} bytes in base64`);
  return bytes;
}

function malformed(problem: string): CalybrisError {
  return new CalybrisError("CAL_PROOF_MALFORMED", { format: "split view", problem });
}

function rejected(problem: string): CalybrisError {
  return new CalybrisError("CAL_PROOF_REJECTED", { format: "split view", problem });
}
