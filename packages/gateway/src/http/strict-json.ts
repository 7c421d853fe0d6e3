/**
 * Parses the body of a request with the kernel's strict JSON parser.
 * @module
 */
import { isAscii, isUtf8 } from "node:buffer";
import { type ExactJson, parsePlainJson, parseStrictJson, StrictJsonError } from "@calybris/kernel";
import { GatewayError } from "../gateway-errors.ts";

/** A policy may name 1,000 use cases, and a batch may write a dozen keys in each of 1,000 requests. */
const KEYS_MAX = 32 * 1024;

/** Legitimate large bodies have more bytes per value; a body of only brackets takes 20 times its size in memory. */
const BYTES_PER_VALUE_MIN = 8;
const VALUES_ALWAYS = 100_000;

/**
 * @param valuesMax - maximum number of values in the body; by default 100,000, or one for every eight bytes.
 * @throws GatewayError `CAL_GATEWAY_BODY_MALFORMED`.
 */
export function readBody(bytes: Buffer, nestingMax: number, valuesMax: number = valuesIn(bytes)): ExactJson {
  // ASCII is decoded faster as Latin-1.
  const isPlain = isAscii(bytes);
  if (!isPlain && !isUtf8(bytes)) throw malformed({ problem: "is not UTF-8 text" });
  const text = bytes.toString(isPlain ? "latin1" : "utf8");
  return orMalformed(() => parseStrictJson(text, { nestingMax, keysMax: KEYS_MAX, valuesMax }));
}

/**
 * The same for a body in ASCII without escapes, which is read several times faster; `undefined` for any other.
 *
 * @throws GatewayError `CAL_GATEWAY_BODY_MALFORMED` for too many values.
 */
export function readPlainBody(bytes: Buffer, nestingMax: number): ExactJson | undefined {
  if (!isAscii(bytes)) return undefined;
  const text = bytes.toString("latin1");
  return orMalformed(() => parsePlainJson(text, { nestingMax, keysMax: KEYS_MAX, valuesMax: valuesIn(bytes) }));
}

function valuesIn(bytes: Buffer): number {
  return Math.max(VALUES_ALWAYS, Math.floor(bytes.length / BYTES_PER_VALUE_MIN));
}

function orMalformed<T>(read: () => T): T {
  try {
    return read();
  } catch (cause) {
    if (!(cause instanceof StrictJsonError)) throw cause;
    const { problem, line, column } = cause;
    throw malformed({ problem, line, column }, cause);
  }
}

function malformed(
  details: { readonly problem: string; readonly line?: number; readonly column?: number },
  cause?: unknown,
): GatewayError {
  return new GatewayError("CAL_GATEWAY_BODY_MALFORMED", details, { cause });
}
