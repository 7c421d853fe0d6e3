/**
 * The claims of a receipt (`calyrcp1`, docs/formats/receipts.md): one decision, the digests of its policy and request, and
 * its position in the journal. Byte for byte those of the published Rust core.
 * @module
 */
import { ByteWriter, equalBytes, toUtf8 } from "../bytes.ts";
import type { Decision } from "../decision.ts";
import { decisionDigest, policyDigest, requestDigest } from "../digest.ts";
import { invariant } from "../invariant.ts";
import type { Policy } from "../policy.ts";
import { prescribe } from "../prescribe.ts";
import type { Request } from "../request.ts";
import { type Sha256, sha256 } from "../sha256.ts";
import { ByteReader } from "./byte-reader.ts";
import { HASH_BYTES } from "./merkle.ts";

export const RECEIPT_SCHEMA = "calybris.receipt.v1";

export interface ReceiptClaims {
  readonly policyEpoch: bigint;
  readonly catalogEpoch: bigint;
  readonly policyDigest: Uint8Array;
  readonly requestDigest: Uint8Array;
  readonly decisionDigest: Uint8Array;
  /** The reference kernel made the same decision. */
  readonly isReplayValid: boolean;
  /** A step of the state, from 1, and the digests before and after it (`calystt1`). */
  readonly state?: { readonly step: bigint; readonly before: Uint8Array; readonly after: Uint8Array };
  /** The entry of the decision; sequences start at 1. */
  readonly log?: { readonly sequence: bigint; readonly entryHash: Uint8Array };
}

const TAG = "calyrcp1";
const TAG_BYTES = 9;
const CLAIMS_BYTES_MAX = 512;

/** The claims about a disclosed decision, which is replayed here. */
export function claimsOf(
  disclosed: { readonly policy: Policy; readonly request: Request; readonly decision: Decision },
  anchors: Pick<ReceiptClaims, "state" | "log"> = {},
  hash: Sha256 = sha256,
): ReceiptClaims {
  const { policy, request, decision } = disclosed;
  const decided = decisionDigest(decision, hash);
  return {
    policyEpoch: decision.policyEpoch,
    catalogEpoch: decision.catalogEpoch,
    policyDigest: policyDigest(policy, hash),
    requestDigest: requestDigest(request, hash),
    decisionDigest: decided,
    isReplayValid: equalBytes(decided, decisionDigest(prescribe(policy, request).decision, hash)),
    ...anchors,
  };
}

/** The canonical bytes of claims. */
export function claimsBytes(claims: ReceiptClaims): Uint8Array {
  const { policyDigest: policy, requestDigest: request, decisionDigest: decision, state, log } = claims;
  const schema = toUtf8(RECEIPT_SCHEMA);
  const writer = new ByteWriter(CLAIMS_BYTES_MAX)
    .tag(TAG)
    .u64(BigInt(schema.byteLength))
    .raw(schema)
    .u64(claims.policyEpoch)
    .u64(claims.catalogEpoch);
  for (const digest of [policy, request, decision]) writer.raw(ofDigest(digest));
  writer.u8(claims.isReplayValid ? 1 : 0);
  if (state === undefined) writer.u8(0);
  else {
    invariant(state.step > 0n, "steps are from 1");
    writer.u8(1).u64(state.step).raw(ofDigest(state.before)).raw(ofDigest(state.after));
  }
  if (log === undefined) writer.u8(0);
  else {
    invariant(log.sequence > 0n, "entries are from 1");
    writer.u8(1).u64(log.sequence).raw(ofDigest(log.entryHash));
  }
  return writer.finish();
}

/** The digest that a receipt's signature covers: 32 bytes. */
export function claimsDigest(claims: ReceiptClaims, hash: Sha256 = sha256): Uint8Array {
  return hash(claimsBytes(claims));
}

/**
 * The inverse of {@link claimsBytes}.
 *
 * @throws CalybrisError `CAL_PROOF_MALFORMED` for anything that it does not produce.
 */
export function readClaims(bytes: Uint8Array): ReceiptClaims {
  const reader = new ByteReader(bytes, "receipt");
  if (!equalBytes(reader.raw(TAG_BYTES), toUtf8(`${TAG}\0`)))
    throw reader.malformed(`has claims without the tag ${TAG}`);
  const schema = toUtf8(RECEIPT_SCHEMA);
  if (reader.u64() !== BigInt(schema.byteLength) || !equalBytes(reader.raw(schema.byteLength), schema))
    throw reader.malformed(`has a schema other than ${RECEIPT_SCHEMA}`);
  const head = {
    policyEpoch: reader.u64(),
    catalogEpoch: reader.u64(),
    policyDigest: reader.raw(HASH_BYTES),
    requestDigest: reader.raw(HASH_BYTES),
    decisionDigest: reader.raw(HASH_BYTES),
    isReplayValid: reader.flag("whether the replay is valid"),
  };
  const state = reader.flag("whether a state follows")
    ? { step: reader.u64(), before: reader.raw(HASH_BYTES), after: reader.raw(HASH_BYTES) }
    : undefined;
  if (state?.step === 0n) throw reader.malformed("has the state step 0; steps are from 1");
  const log = reader.flag("whether an entry follows")
    ? { sequence: reader.u64(), entryHash: reader.raw(HASH_BYTES) }
    : undefined;
  if (log?.sequence === 0n) throw reader.malformed("has the entry 0; entries are from 1");
  reader.end();
  return { ...head, ...(state && { state }), ...(log && { log }) };
}

function ofDigest(digest: Uint8Array): Uint8Array {
  invariant(digest.byteLength === HASH_BYTES, `a digest has ${HASH_BYTES} bytes, got ${digest.byteLength}`);
  return digest;
}
