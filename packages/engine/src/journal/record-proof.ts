/**
 * The digests of a decision, from its record: the record holds the fields of `calyinp1` and `calydcn1` in the order of their
 * digests, so the hashed bytes are runs of the record's. `decisionDigests` of the kernel is the definition.
 * @module
 */

import { hash } from "node:crypto";
import { DECISION_AT } from "@calybris/kernel";
import { AT, DIGEST_BYTES, type Pages } from "./decision-record.ts";

/** A tag of eight characters, and the length of the whole message. */
interface Message {
  readonly tag: string;
  readonly bytes: number;
}

const TAG_BYTES = 9;
/** The three hashed messages: each begins with its tag, which ends with a NUL. */
export const MESSAGES: Readonly<Record<"request" | "decision" | "identity", Message>> = {
  request: { tag: "calyinp1", bytes: TAG_BYTES + 70 },
  decision: { tag: "calydcn1", bytes: TAG_BYTES + 65 },
  identity: { tag: "calyidn1", bytes: TAG_BYTES + 3 * DIGEST_BYTES + 8 },
};
const requestBytes: Buffer = tagged(MESSAGES.request);
const decisionBytes: Buffer = tagged(MESSAGES.decision);
const identityBytes: Buffer = tagged(MESSAGES.identity);

function tagged({ tag, bytes }: Message): Buffer {
  const laid = Buffer.alloc(bytes);
  laid.write(tag, 0, "latin1");
  return laid;
}

/** Writes the digests of request, decision and identity, one after another, at `outAt`. */
export function proveDecision({ u8 }: Pages, at: number, out: Buffer, outAt: number): void {
  putRequestMessage(u8, at, requestBytes, 0);
  digest(requestBytes, out, outAt);
  putDecisionMessage(u8, at, decisionBytes, 0);
  digest(decisionBytes, out, outAt + DIGEST_BYTES);
  putIdentityMessage(u8, at, out, outAt, identityBytes, 0);
  digest(identityBytes, out, outAt + 2 * DIGEST_BYTES);
}

/** Writes the bytes that the digest of a request covers, after its tag. */
export function putRequestMessage(u8: Uint8Array, at: number, out: Uint8Array, outAt: number): void {
  const asked = at + AT.request;
  let end = put(out, outAt + TAG_BYTES, u8, asked, 20);
  end = put(out, end, u8, asked + 24, 22);
  end = put(out, end, u8, asked + 48, 4);
  put(out, end, u8, asked + 56, 24);
}

/** Writes the bytes that the digest of a decision covers, after its tag. */
export function putDecisionMessage(u8: Uint8Array, at: number, out: Uint8Array, outAt: number): void {
  const made = at + AT.decision;
  let end = put(out, outAt + TAG_BYTES, u8, made, 10);
  // A reason has 16 bits in the digest.
  out[end++] = 0;
  end = put(out, end, u8, made + DECISION_AT.selectedId, 6);
  end = put(out, end, u8, made + 24, 16);
  end = put(out, end, u8, made + DECISION_AT.counterfactualId, 4);
  end = put(out, end, u8, made + 40, 8);
  end = put(out, end, u8, made + DECISION_AT.evaluatedCount, 2);
  end = put(out, end, u8, made + DECISION_AT.eligibleCount, 2);
  put(out, end, u8, at + AT.policyEpoch, 16);
}

/** Writes the bytes that the digest of an identity covers, after its tag; both earlier digests are at `digestsAt`. */
export function putIdentityMessage(
  u8: Uint8Array,
  at: number,
  digests: Uint8Array,
  digestsAt: number,
  out: Uint8Array,
  outAt: number,
): void {
  let end = put(out, outAt + TAG_BYTES, u8, at + AT.policyDigest, DIGEST_BYTES);
  end = put(out, end, digests, digestsAt, 2 * DIGEST_BYTES);
  put(out, end, u8, at + AT.request, 8);
}

/** Passed as a string, which costs half as much as a buffer. */
function digest(bytes: Uint8Array, out: Buffer, at: number): void {
  out.write(hash("sha256", bytes, "binary"), at, DIGEST_BYTES, "latin1");
}

function put(out: Uint8Array, outAt: number, from: Uint8Array, start: number, count: number): number {
  for (let index = 0; index < count; index++) out[outAt + index] = from[start + index] as number;
  return outAt + count;
}
