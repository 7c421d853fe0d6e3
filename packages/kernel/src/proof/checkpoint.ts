/**
 * Checkpoints (C2SP tlog-checkpoint): the text of a note that states the root of a log at one size.
 *
 *     origin
 *     tree size in decimal
 *     base64(root)
 *
 * Extension lines are refused: no monitor can audit them.
 * @module
 */
import { CalybrisError } from "../errors.ts";
import { invariant } from "../invariant.ts";
import { U64_MAX } from "../units.ts";
import { fromBase64, toBase64 } from "./base64.ts";
import { HASH_BYTES } from "./merkle.ts";
import { isKeyName, noteText } from "./signed-note.ts";

export interface Checkpoint {
  /** Identifies the log; its key has the same name. */
  readonly origin: string;
  readonly treeSize: bigint;
  readonly root: Uint8Array;
}

/**
 * The text to sign. Origins in Calybris are key names, so they have no space or plus.
 *
 * @example
 * ```ts
 * import { emptyRoot, formatCheckpoint } from "@calybris/kernel";
 * formatCheckpoint({ origin: "example.org/log", treeSize: 0n, root: emptyRoot() });
 * // "example.org/log\n0\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n"
 * ```
 */
export function formatCheckpoint(checkpoint: Checkpoint): string {
  const { origin, treeSize, root } = checkpoint;
  invariant(isKeyName(origin), "the origin of a log has no space or plus");
  invariant(treeSize >= 0n && treeSize <= U64_MAX, `a tree size fits 64 bits, got ${treeSize}`);
  invariant(root.byteLength === HASH_BYTES, `a root has ${HASH_BYTES} bytes, got ${root.byteLength}`);
  return `${origin}\n${treeSize}\n${toBase64(root)}\n`;
}

/** @throws CalybrisError `CAL_PROOF_MALFORMED`. */
export function parseCheckpoint(text: string): Checkpoint {
  const lines = noteText(text, "checkpoint").split("\n");
  if (lines.length !== 4 || lines[3] !== "") throw malformed("is not three lines");
  const [origin = "", size = "", encoded = ""] = lines;
  if (origin === "") throw malformed("has no origin");
  const treeSize = parseTreeSize(size);
  if (treeSize === undefined) throw malformed("has a tree size that is no decimal number of 64 bits");
  const root = fromBase64(encoded);
  if (root?.byteLength !== HASH_BYTES) throw malformed(`has a root that is not ${HASH_BYTES} bytes in base64`);
  return { origin, treeSize, root };
}

/** A decimal without leading zeros, below 2^64; `undefined` for anything else. */
export function parseTreeSize(text: string): bigint | undefined {
  if (!/^(?:0|[1-9][0-9]{0,19})$/.test(text)) return undefined;
  const treeSize = BigInt(text);
  return treeSize <= U64_MAX ? treeSize : undefined;
}

function malformed(problem: string): CalybrisError {
  return new CalybrisError("CAL_PROOF_MALFORMED", { format: "checkpoint", problem });
}
