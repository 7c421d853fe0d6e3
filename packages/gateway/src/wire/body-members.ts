/**
 * Reads and edits the members of a call's body by their spans. An edit replaces the text of one value, or adds, renames or
 * removes a member; all other bytes stay as the client wrote them, including unknown fields and signatures.
 * @module
 */
import { type ExactJson, parseStrictJson, StrictJsonError } from "@calybris/kernel";
import { GatewayError } from "../gateway-errors.ts";
import { CALL_BOUNDS, type JsonSpans, JsonSpanScanner, type MemberSpan, type SpanBounds } from "./json-spans.ts";

export interface SpannedBody {
  readonly bytes: Uint8Array;
  readonly spans: JsonSpans;
}

/** Text that replaces the bytes from `at` up to `end`; the two are equal for an added member. */
export interface Splice {
  readonly at: number;
  readonly end: number;
  readonly text: string;
  /** Whether a comma precedes it. Of several additions at one position, all but the first always have one. */
  readonly hasComma: boolean;
}

/**
 * Finds the members of a body that is completely in memory.
 *
 * @throws GatewayError as {@link JsonSpanScanner} does.
 */
export function spanBody(bytes: Uint8Array, bounds: SpanBounds = CALL_BOUNDS): SpannedBody {
  const scanner = new JsonSpanScanner(bounds);
  scanner.push(bytes);
  return { bytes, spans: scanner.end() };
}

/**
 * The value of a top-level member; `undefined` if there is none.
 *
 * @param bytesMax - maximum length of its text: values such as a model name or a limit are short, and no other part of a
 *   large body is parsed.
 * @throws GatewayError `CAL_GATEWAY_REQUEST_INVALID` naming the member, if it is longer or contains duplicate keys.
 */
export function readMember(body: SpannedBody, name: string, bytesMax: number): ExactJson | undefined {
  const span = body.spans.members.get(name);
  if (span === undefined) return undefined;
  if (span.valueEnd - span.valueStart > bytesMax) throw invalidField(name, `is longer than ${bytesMax} bytes`);
  try {
    return parseStrictJson(textOf(body.bytes, span));
  } catch (cause) {
    if (!(cause instanceof StrictJsonError)) throw cause;
    throw invalidField(name, cause.problem);
  }
}

/** The members of an object member, with offsets in the same bytes; `undefined` if it is not an object. */
export function membersOf(body: SpannedBody, name: string): SpannedBody | undefined {
  const span = body.spans.members.get(name);
  if (span === undefined || body.bytes[span.valueStart] !== 0x7b) return undefined;
  const inner = body.bytes.subarray(span.valueStart, span.valueEnd);
  const { spans } = spanBody(inner, { ...CALL_BOUNDS, path: `${name}.` });
  return { bytes: body.bytes, spans: moved(spans, span.valueStart) };
}

/** The splice that sets a member: it replaces its value, or adds it after the last member. */
export function setMember({ spans }: SpannedBody, name: string, json: string): Splice {
  const span = spans.members.get(name);
  if (span !== undefined) return { at: span.valueStart, end: span.valueEnd, text: json, hasComma: false };
  const { insertAt } = spans;
  const hasComma = spans.members.size > 0;
  return { at: insertAt, end: insertAt, text: `${JSON.stringify(name)}:${json}`, hasComma };
}

/** Splices that rename members. A name that is written with escapes is not changed. */
export function renameMembers(
  { bytes, spans }: SpannedBody,
  names: { readonly [name: string]: string },
): readonly Splice[] {
  return Object.entries(names).flatMap(([name, other]): readonly Splice[] => {
    const span = spans.members.get(name);
    const key = JSON.stringify(name);
    if (span === undefined) return [];
    const end = span.keyStart + key.length;
    const isPlain = Buffer.from(bytes.subarray(span.keyStart, end)).toString() === key;
    return isPlain ? [{ at: span.keyStart, end, text: JSON.stringify(other), hasComma: false }] : [];
  });
}

/** The splice that removes a member with its comma; empty if it is absent. */
export function removeMember({ bytes, spans }: SpannedBody, name: string): readonly Splice[] {
  const span = spans.members.get(name);
  if (span === undefined) return [];
  let end = span.valueEnd;
  while (isSpace(bytes[end])) end += 1;
  if (bytes[end] === COMMA) return [{ at: span.keyStart, end: end + 1, text: "", hasComma: false }];
  let at = span.keyStart;
  while (isSpace(bytes[at - 1])) at -= 1;
  const isBehind = bytes[at - 1] === COMMA;
  return [{ at: isBehind ? at - 1 : at, end: span.valueEnd, text: "", hasComma: false }];
}

const COMMA = 0x2c;

function isSpace(byte: number | undefined): boolean {
  return byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;
}

/**
 * The body with splices applied, in pieces. Pieces of the body are views of its bytes, so that a large body is not copied.
 *
 * @param splices - in any order; additions at one position keep the given order.
 */
export function splice(bytes: Uint8Array, splices: readonly Splice[]): readonly Uint8Array[] {
  const pieces: Uint8Array[] = [];
  let from = 0;
  let addedAt = -1;
  for (const { at, end, text, hasComma } of splices.toSorted((a, b) => a.at - b.at)) {
    if (at > from) pieces.push(bytes.subarray(from, at));
    pieces.push(Buffer.from(hasComma || addedAt === at ? `,${text}` : text));
    from = end;
    if (at === end) addedAt = at;
  }
  if (from < bytes.byteLength) pieces.push(bytes.subarray(from));
  return pieces;
}

export function invalidField(path: string, problem: string, remedy = "Correct the field."): GatewayError {
  return new GatewayError("CAL_GATEWAY_REQUEST_INVALID", { mistakes: [{ path, problem, remedy }] });
}

function textOf(bytes: Uint8Array, { valueStart, valueEnd }: MemberSpan): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset + valueStart, valueEnd - valueStart).toString();
}

function moved(spans: JsonSpans, by: number): JsonSpans {
  const members = new Map(
    Array.from(spans.members, ([key, { keyStart, valueStart, valueEnd }]): [string, MemberSpan] => [
      key,
      { keyStart: keyStart + by, valueStart: valueStart + by, valueEnd: valueEnd + by },
    ]),
  );
  return { ...spans, members, open: spans.open + by, insertAt: spans.insertAt + by };
}
