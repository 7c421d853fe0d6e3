/**
 * Parses the head of a plain request: one form of request line, known headers, and no repeated header. Nearly all requests
 * are plain. All others are left to Node's parser, so this one never interprets an unusual request.
 * @module
 */

/** A parsed plain head. A test checks that Node reads the same. */
export interface PlainHead {
  /** Path and query as sent. */
  readonly url: string;
  readonly path: string;
  readonly headers: { readonly [name: string]: string };
  /** Length of the body. */
  readonly length: number;
}

/** Headers that affect how a request is read. One without a value is not plain. */
const SIGNIFICANT: ReadonlySet<string> = new Set([
  "authorization",
  "content-encoding",
  "content-length",
  "content-type",
  "host",
  "idempotency-key",
  "origin",
  "traceparent",
]);
/** Common headers that do not affect how a request is read. */
const OTHERS: ReadonlySet<string> = new Set([
  "accept",
  "accept-encoding",
  "accept-language",
  "cache-control",
  "originator",
  "sec-fetch-mode",
  "session-id",
  "session_id",
  "thread-id",
  "user-agent",
]);
/** The same by prefix: headers of model calls, and custom headers. */
const PREFIXES = /^(?:x|anthropic|openai)-/;
const LINE = /^POST ((\/[A-Za-z0-9/_.:~-]*)(?:\?[A-Za-z0-9/_.:~=&,-]*)?) HTTP\/1\.1$/;
const LENGTH = /^(?:0|[1-9][0-9]{0,8})$/;
/** The limit that is also set for Node's parser. */
const HEADERS_MAX = 64;

/** @param head - request line and headers, to the end of the last one's line. `undefined`: not plain. */
export function readPlainHead(head: string): PlainHead | undefined {
  const lineEnd = head.indexOf("\r\n");
  const [, url, path] = LINE.exec(head.slice(0, lineEnd)) ?? [];
  if (url === undefined || path === undefined) return undefined;
  const headers: { [name: string]: string } = {};
  let count = 0;
  for (let at = lineEnd + 2; at < head.length; ) {
    const end = head.indexOf("\r\n", at);
    const colon = head.indexOf(":", at);
    if (end === -1 || colon === -1 || colon > end || ++count > HEADERS_MAX) return undefined;
    const name = lowerCase(head, at, colon);
    const value = plainValue(head, colon + 1, end);
    if (name === undefined || value === undefined) return undefined;
    // Node takes the first of two equal headers, or joins them.
    if (headers[name] !== undefined) return undefined;
    if (SIGNIFICANT.has(name)) {
      if (value === "") return undefined;
    } else if (name === "connection") {
      if (value.toLowerCase() !== "keep-alive") return undefined;
    } else if (!OTHERS.has(name) && !PREFIXES.test(name)) return undefined;
    headers[name] = value;
    at = end + 2;
  }
  const length = headers["content-length"];
  if (headers["host"] === undefined || length === undefined || !LENGTH.test(length)) return undefined;
  return { url, path, headers, length: Number(length) };
}

const TOKEN = /^[A-Za-z][A-Za-z0-9_-]*$/;
const PRINTABLE = /^[\x20-\x7e]*$/;

function lowerCase(head: string, from: number, to: number): string | undefined {
  const name = head.slice(from, to);
  return TOKEN.test(name) ? name.toLowerCase() : undefined;
}

/** A value after one space or none; one with white space at its ends is not plain. */
function plainValue(head: string, from: number, to: number): string | undefined {
  const value = head.slice(head.charCodeAt(from) === SPACE ? from + 1 : from, to);
  const isTrimmed = value.charCodeAt(0) !== SPACE && value.charCodeAt(value.length - 1) !== SPACE;
  return isTrimmed && PRINTABLE.test(value) ? value : undefined;
}

const SPACE = 0x20;
