/**
 * Refuses heads that Node's parser accepts, but that two programs may interpret differently.
 * @module
 */
import type { IncomingMessage } from "node:http";
import { GatewayError } from "../gateway-errors.ts";

/** Maximum number of headers in a request. */
export const HEADERS_MAX = 64;

/** Headers that may not be repeated: programs differ in which one they use. */
const SINGLE: ReadonlySet<string> = new Set([
  "authorization",
  "content-encoding",
  "content-length",
  "content-type",
  "expect",
  "host",
  "idempotency-key",
  "origin",
  "transfer-encoding",
]);

/** @throws GatewayError `CAL_GATEWAY_HTTP_MALFORMED`, `CAL_GATEWAY_HEADERS_TOO_LARGE`, `CAL_GATEWAY_EXPECTATION`. */
export function requireUnambiguousHead(request: IncomingMessage, bytesMax: number): void {
  const { httpVersion, headers, rawHeaders } = request;
  if (httpVersion !== "1.1" && httpVersion !== "1.0") throw malformed(`its version is ${httpVersion}`);
  if (rawHeaders.length > 2 * HEADERS_MAX)
    throw new GatewayError("CAL_GATEWAY_HEADERS_TOO_LARGE", { bytesMax, headersMax: HEADERS_MAX });
  if (httpVersion === "1.1" && headers.host === undefined) throw malformed("it has no host header");
  requireSingle(request);
  const { expect } = headers;
  if (expect !== undefined && expect.toLowerCase() !== "100-continue")
    throw new GatewayError("CAL_GATEWAY_EXPECTATION", { given: expect });
}

function requireSingle({ headers, rawHeaders }: IncomingMessage): void {
  // As many names as lines: no header is repeated.
  if (2 * Object.keys(headers).length === rawHeaders.length) return;
  const seen = new Set<string>();
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = (rawHeaders[index] as string).toLowerCase();
    if (!SINGLE.has(name)) continue;
    if (seen.has(name)) throw malformed(`its ${name} header is a duplicate`);
    seen.add(name);
  }
}

function malformed(problem: string): GatewayError {
  return new GatewayError("CAL_GATEWAY_HTTP_MALFORMED", { problem });
}
