/**
 * The digests of a decision, from its record: the fields of `calyinp1` and `calydcn1` are there in the order of their
 * digests, so their bytes are runs of the record's. `decisionDigests` of the kernel is the definition.
 * @module
 */

import { hash } from "node:crypto";
import { DECISION_AT } from "@calybris/kernel";
import { AT, DIGEST_BYTES, type Pages } from "./decision-record.ts";

const TAG_BYTES = 9;
const requestBytes: Buffer = tagged("calyinp1", 70);
const decisionBytes: Buffer = tagged("calydcn1", 65);
const identityBytes: Buffer = tagged("calyidn1", 3 * DIGEST_BYTES + 8);

/** A digest's bytes, behind a tag that a NUL ends. */
function tagged(tag: string, bytes: number): Buffer {
  const laid = Buffer.alloc(TAG_BYTES + bytes);
  laid.write(tag, 0, "latin1");
  return laid;
}

/** Lays the digests of request, decision and identity, one behind the other, at `outAt`. */
export function proveDecision({ u8 }: Pages, at: number, out: Buffer, outAt: number): void {
  const asked = at + AT.request;
  let end = put(requestBytes, TAG_BYTES, u8, asked, 20);
  end = put(requestBytes, end, u8, asked + 24, 22);
  end = put(requestBytes, end, u8, asked + 48, 4);
  put(requestBytes, end, u8, asked + 56, 24);
  digest(requestBytes, out, outAt);

  const made = at + AT.decision;
  end = put(decisionBytes, TAG_BYTES, u8, made, 10);
  // A reason has 16 bits in the digest.
  decisionBytes[end++] = 0;
  end = put(decisionBytes, end, u8, made + DECISION_AT.selectedId, 6);
  end = put(decisionBytes, end, u8, made + 24, 16);
  end = put(decisionBytes, end, u8, made + DECISION_AT.counterfactualId, 4);
  end = put(decisionBytes, end, u8, made + 40, 8);
  end = put(decisionBytes, end, u8, made + DECISION_AT.evaluatedCount, 2);
  end = put(decisionBytes, end, u8, made + DECISION_AT.eligibleCount, 2);
  put(decisionBytes, end, u8, at + AT.policyEpoch, 16);
  digest(decisionBytes, out, outAt + DIGEST_BYTES);

  end = put(identityBytes, TAG_BYTES, u8, at + AT.policyDigest, DIGEST_BYTES);
  end = put(identityBytes, end, out, outAt, 2 * DIGEST_BYTES);
  put(identityBytes, end, u8, asked, 8);
  digest(identityBytes, out, outAt + 2 * DIGEST_BYTES);
}

/** By way of a string, which is half as dear as a buffer. */
function digest(bytes: Uint8Array, out: Buffer, at: number): void {
  out.write(hash("sha256", bytes, "binary"), at, DIGEST_BYTES, "latin1");
}

function put(out: Uint8Array, outAt: number, from: Uint8Array, start: number, count: number): number {
  for (let index = 0; index < count; index++) out[outAt + index] = from[start + index] as number;
  return outAt + count;
}
