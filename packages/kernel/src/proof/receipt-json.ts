/**
 * The JSON form of a receipt. Digests are in hexadecimal, keys and signatures in base64, integers exact. Members, their types
 * and the spelling of values are fixed; white space and the order of members are not.
 * @module
 */
import { fromHex, toHex } from "../bytes.ts";
import { CalybrisError } from "../errors.ts";
import { exactInteger, writeExact } from "../exact-json.ts";
import { parseStrictJson, StrictJsonError } from "../strict-json.ts";
import { U64_MAX } from "../units.ts";
import { fromBase64, toBase64 } from "./base64.ts";
import { PUBLIC_KEY_BYTES, SIGNATURE_BYTES } from "./ed25519.ts";
import { HASH_BYTES } from "./merkle.ts";
import { isSignerId } from "./provenance.ts";
import type { Receipt, ReceiptInclusion } from "./receipt.ts";
import { RECEIPT_SCHEMA, type ReceiptClaims } from "./receipt-claims.ts";
import { checkpointNote, INCLUSION_HASHES_MAX } from "./receipt-compact.ts";

export function formatReceiptJson(receipt: Receipt): string {
  const { claims, signature, inclusion } = receipt;
  const { state, log } = claims;
  return writeExact({
    claims: {
      schema: RECEIPT_SCHEMA,
      policyEpoch: claims.policyEpoch,
      catalogEpoch: claims.catalogEpoch,
      policyDigest: toHex(claims.policyDigest),
      requestDigest: toHex(claims.requestDigest),
      decisionDigest: toHex(claims.decisionDigest),
      replayValid: claims.isReplayValid,
      state: state && { step: state.step, before: toHex(state.before), after: toHex(state.after) },
      log: log && { sequence: log.sequence, entryHash: toHex(log.entryHash) },
    },
    signature: toBase64(signature.bytes),
    signer: {
      id: signature.signerId,
      publicKey: toBase64(signature.publicKey),
      signedAtMs: signature.signedAtMs,
    },
    inclusion: inclusion && {
      checkpoint: inclusion.checkpoint,
      index: inclusion.leafIndex,
      hashes: inclusion.hashes.map(toBase64),
    },
  });
}

/** @throws CalybrisError `CAL_PROOF_MALFORMED`, naming the member. */
export function parseReceiptJson(text: string): Receipt {
  let value: unknown;
  try {
    value = parseStrictJson(text);
  } catch (cause) {
    if (cause instanceof StrictJsonError) throw malformed(cause.message);
    throw cause;
  }
  // Strict JSON accepts 7.0, 7e0 and -0 as integers. In a receipt each number has one spelling.
  if (/[0-9][.eE]|-0/.test(text.replaceAll(/"(?:[^"\\]|\\.)*"/g, "")))
    throw malformed("has a number that is not plain digits");
  const whole = new Members(value, "", ["claims", "signature", "signer", "inclusion"]);
  const signer = new Members(whole.value("signer"), "signer", ["id", "publicKey", "signedAtMs"]);
  const inclusion = whole.value("inclusion");
  return {
    claims: readClaimsJson(whole.value("claims")),
    signature: {
      signerId: signer.text("id", isSignerId),
      signedAtMs: signer.u64("signedAtMs"),
      publicKey: signer.base64("publicKey", PUBLIC_KEY_BYTES),
      bytes: whole.base64("signature", SIGNATURE_BYTES),
    },
    ...(inclusion === undefined ? {} : { inclusion: readInclusionJson(inclusion) }),
  };
}

function readClaimsJson(value: unknown): ReceiptClaims {
  const claims = new Members(value, "claims", [
    "schema",
    "policyEpoch",
    "catalogEpoch",
    "policyDigest",
    "requestDigest",
    "decisionDigest",
    "replayValid",
    "state",
    "log",
  ]);
  claims.text("schema", (schema) => schema === RECEIPT_SCHEMA);
  const isReplayValid = claims.value("replayValid");
  if (typeof isReplayValid !== "boolean") throw malformed("has no true or false in claims.replayValid");
  const [state, log] = [claims.value("state"), claims.value("log")];
  const ofState = state === undefined ? undefined : new Members(state, "claims.state", ["step", "before", "after"]);
  const ofLog = log === undefined ? undefined : new Members(log, "claims.log", ["sequence", "entryHash"]);
  return {
    policyEpoch: claims.u64("policyEpoch"),
    catalogEpoch: claims.u64("catalogEpoch"),
    policyDigest: claims.digest("policyDigest"),
    requestDigest: claims.digest("requestDigest"),
    decisionDigest: claims.digest("decisionDigest"),
    isReplayValid,
    ...(ofState && {
      state: { step: ofState.u64("step", 1n), before: ofState.digest("before"), after: ofState.digest("after") },
    }),
    ...(ofLog && { log: { sequence: ofLog.u64("sequence", 1n), entryHash: ofLog.digest("entryHash") } }),
  };
}

function readInclusionJson(value: unknown): ReceiptInclusion {
  const inclusion = new Members(value, "inclusion", ["checkpoint", "index", "hashes"]);
  const hashes = inclusion.value("hashes");
  if (!Array.isArray(hashes) || hashes.length > INCLUSION_HASHES_MAX)
    throw malformed(`has no list of at most ${INCLUSION_HASHES_MAX} hashes in inclusion.hashes`);
  return {
    checkpoint: checkpointNote(inclusion.text("checkpoint", (note) => note !== "")),
    leafIndex: inclusion.u64("index"),
    hashes: hashes.map((hash: unknown, at) => bytesOf(hash, fromBase64, HASH_BYTES, `inclusion.hashes[${at}]`)),
  };
}

/** The members of one object; unknown members are refused. */
class Members {
  readonly #members: { readonly [key: string]: unknown };
  readonly #path: string;

  constructor(value: unknown, path: string, known: readonly string[]) {
    if (typeof value !== "object" || value === null || Array.isArray(value))
      throw malformed(path === "" ? "is not an object" : `has no object in ${path}`);
    this.#members = value as { readonly [key: string]: unknown };
    this.#path = path === "" ? "" : `${path}.`;
    const unknown = Object.keys(value).find((key) => !known.includes(key));
    if (unknown !== undefined) throw malformed(`has the unknown member ${JSON.stringify(this.#path + unknown)}`);
  }

  value(key: string): unknown {
    return Object.hasOwn(this.#members, key) ? this.#members[key] : undefined;
  }

  text(key: string, isAllowed: (text: string) => boolean): string {
    const value = this.value(key);
    if (typeof value !== "string" || !isAllowed(value)) throw malformed(`has no valid text in ${this.#path}${key}`);
    return value;
  }

  u64(key: string, least = 0n): bigint {
    const value = exactInteger(this.value(key));
    if (value === undefined || value < least || value > U64_MAX)
      throw malformed(`has no integer from ${least} to 2^64 − 1 in ${this.#path}${key}`);
    return value;
  }

  digest(key: string): Uint8Array {
    return bytesOf(this.value(key), fromHex, HASH_BYTES, this.#path + key);
  }

  base64(key: string, count: number): Uint8Array {
    return bytesOf(this.value(key), fromBase64, count, this.#path + key);
  }
}

function bytesOf(
  value: unknown,
  decode: (text: string) => Uint8Array | undefined,
  count: number,
  path: string,
): Uint8Array {
  const bytes = typeof value === "string" && value.length <= 4 * count ? decode(value) : undefined;
  if (bytes?.byteLength !== count) throw malformed(`has no ${count} bytes in ${path}`);
  return bytes;
}

function malformed(problem: string): CalybrisError {
  return new CalybrisError("CAL_PROOF_MALFORMED", { format: "receipt", problem });
}
