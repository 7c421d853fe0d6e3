/**
 * Answers that are written without Node's server: those of the fast path, and errors for input that is not a request.
 * @module
 */
import type { CalybrisError } from "@calybris/kernel";
import { calybrisDialect } from "./error-dialect.ts";
import { SAFE_HEADERS } from "./exchange.ts";
import { nodeHttp } from "./node-http.ts";

/** A complete error answer that closes the connection. */
export function rawAnswer(error: CalybrisError): { readonly text: string; readonly bytes: number } {
  const { status, text, contentType, headers } = calybrisDialect(error);
  const head = headText(status, contentType, Buffer.byteLength(text), headers) + CLOSE_LINES;
  return { text: `${head}\r\n${text}`, bytes: head.length + 2 + Buffer.byteLength(text) };
}

/** Status line and headers of an answer, without those that keep the connection alive. */
export function headText(status: number, contentType: string, bytes: number, headers: readonly string[]): string {
  return `${statusLine(status)}content-type: ${contentType}\r\ncontent-length: ${bytes}\r\n${SAFE_LINES}${headers.length === 0 ? "" : headerLines(headers)}${dateLine()}`;
}

/** The same for a chunked answer. */
export function chunkedHeadText(status: number, contentType: string, headers: readonly string[]): string {
  return `${statusLine(status)}content-type: ${contentType}\r\n${SAFE_LINES}${headerLines(headers)}${dateLine()}Transfer-Encoding: chunked\r\n`;
}

export const CLOSE_LINES = "Connection: close\r\n";

/** The header lines that keep a connection alive. */
export function keepAliveLines(idleMs: number): string {
  return `Connection: keep-alive\r\nKeep-Alive: timeout=${Math.trunc(idleMs / MS_PER_SECOND)}\r\n`;
}

const MS_PER_SECOND = 1_000;
const SAFE_LINES = headerLines(SAFE_HEADERS);

function statusLine(status: number): string {
  return status === 200 ? "HTTP/1.1 200 OK\r\n" : `HTTP/1.1 ${status} ${nodeHttp.STATUS_CODES[status]}\r\n`;
}

function headerLines(headers: readonly string[]): string {
  let lines = "";
  for (let index = 0; index < headers.length; index += 2) lines += `${headers[index]}: ${headers[index + 1]}\r\n`;
  return lines;
}

let dateSecond = 0;
let dateText = "";

/** The `date` header, formatted once a second. */
function dateLine(): string {
  const second = Math.trunc(Date.now() / MS_PER_SECOND);
  if (second !== dateSecond) {
    dateSecond = second;
    dateText = `Date: ${new Date(second * MS_PER_SECOND).toUTCString()}\r\n`;
  }
  return dateText;
}
