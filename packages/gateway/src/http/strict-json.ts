/**
 * The body of a request as a value, by the strict JSON of the kernel.
 * @module
 */
import { isAscii, isUtf8 } from "node:buffer";
import { type ExactJson, parsePlainJson, parseStrictJson, StrictJsonError } from "@calybris/kernel";
import { GatewayError } from "../gateway-errors.ts";

/** A policy may name 1,000 use cases, and a batch may write a dozen keys in each of 1,000 requests. */
const KEYS_MAX = 32 * 1024;

/** A large body that a caller has reason to send takes more bytes a value; one of nothing but brackets takes 20 times its size. */
const BYTES_PER_VALUE_MIN = 8;
const VALUES_ALWAYS = 100_000;

/**
 * @param valuesMax - how many values the body may have; by default 100,000, or one for every eight bytes.
 * @throws GatewayError `CAL_GATEWAY_BODY_MALFORMED`.
 */
export function readBody(bytes: Buffer, nestingMax: number, valuesMax: number = valuesIn(bytes)): ExactJson {
  // What is ASCII throughout is decoded faster by calling it Latin-1.
  const isPlain = isAscii(bytes);
  if (!isPlain && !isUtf8(bytes)) throw malformed({ problem: "is not UTF-8 text" });
  const text = bytes.toString(isPlain ? "latin1" : "utf8");
  return orMalformed(() => parseStrictJson(text, { nestingMax, keysMax: KEYS_MAX, valuesMax }));
}

/**
 * The same of a body in ASCII without escapes, which is read several times faster; `undefined` for any other.
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
