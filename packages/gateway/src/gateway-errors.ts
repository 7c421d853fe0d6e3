/**
 * The error table of the service: what can be wrong with a request as HTTP, with a key, with the configuration, or with
 * the service itself. Errors of decisions, money and the journal are in the kernel's table.
 * @module
 */
import { CalybrisError, type ErrorRow, inFile, listMistakes, type Mistake, quote, row } from "@calybris/kernel";

/** What each code tells beside its message. */
export interface GatewayErrorDetails {
  readonly CAL_CONFIG_INVALID: { mistakes: readonly Mistake[]; file?: string };
  readonly CAL_GATEWAY_BODY_MALFORMED: { problem: string; line?: number; column?: number };
  readonly CAL_GATEWAY_BODY_TOO_LARGE: { bytesMax: number };
  readonly CAL_GATEWAY_BODY_TOO_COSTLY: { problem: string };
  readonly CAL_GATEWAY_MEDIA_TYPE: { given: string };
  readonly CAL_GATEWAY_REQUEST_INVALID: { mistakes: readonly Mistake[] };
  readonly CAL_GATEWAY_BATCH_STOPPED: { mistakeCount: number };
  readonly CAL_GATEWAY_HTTP_MALFORMED: { problem: string };
  readonly CAL_GATEWAY_HEADERS_TOO_LARGE: { bytesMax: number; headersMax: number };
  readonly CAL_GATEWAY_EXPECTATION: { given: string };
  readonly CAL_GATEWAY_TIMEOUT: { milliseconds: number };
  readonly CAL_GATEWAY_ROUTE_UNKNOWN: { method: string; path: string };
  readonly CAL_GATEWAY_METHOD: { method: string; path: string; allowed: readonly string[] };
  readonly CAL_GATEWAY_DECISION_UNKNOWN: { decisionId: string };
  readonly CAL_GATEWAY_KEY_REQUIRED: Record<string, never>;
  readonly CAL_GATEWAY_KEY_REFUSED: Record<string, never>;
  readonly CAL_GATEWAY_SCOPE_REFUSED: { key: string; needed: string };
  readonly CAL_GATEWAY_TENANT_REFUSED: { key: string; tenant: string };
  readonly CAL_GATEWAY_HOST_REFUSED: { host: string };
  readonly CAL_GATEWAY_RATE_LIMITED: { key: string; perSecond: number; retryAfterSeconds: number };
  readonly CAL_GATEWAY_OVERLOADED: { problem: string };
  readonly CAL_GATEWAY_LISTEN: { host: string; port: number; problem: string };
  readonly CAL_GATEWAY_STOPPING: Record<string, never>;
  readonly CAL_GATEWAY_NOT_READY: { problem: string };
  readonly CAL_GATEWAY_BUG: { incident: string };
}

export const GATEWAY_ERRORS: { readonly [Code in keyof GatewayErrorDetails]: ErrorRow<GatewayErrorDetails[Code]> } = {
  CAL_CONFIG_INVALID: row(
    400,
    (d) => `the configuration${inFile(d.file)} has ${listMistakes(d.mistakes)}`,
    "Fix every option listed; `calybris serve --help` lists them all. The service did not start.",
  ),
  CAL_GATEWAY_BODY_MALFORMED: row(
    400,
    (d) => `the body${d.line === undefined ? "" : `, line ${d.line} column ${d.column},`} ${d.problem}`,
    "Send one JSON value in UTF-8, each key once, integers as integers; nothing was done.",
  ),
  CAL_GATEWAY_BODY_TOO_LARGE: row(
    413,
    (d) => `the body is longer than ${d.bytesMax} bytes`,
    "Send less in one request, or raise `limits.bodyBytesMax`; nothing was done.",
  ),
  CAL_GATEWAY_BODY_TOO_COSTLY: row(
    400,
    (d) => `the body costs too much to check: ${d.problem}`,
    "Send fewer or shorter members; nothing was done.",
  ),
  CAL_GATEWAY_MEDIA_TYPE: row(
    415,
    (d) => `the body is ${quote(d.given)}`,
    "Send `content-type: application/json`, not compressed.",
  ),
  CAL_GATEWAY_REQUEST_INVALID: row(
    400,
    (d) => `the request has ${listMistakes(d.mistakes)}`,
    "Fix every field listed and send the request again; nothing was done. `/docs` describes every field.",
  ),
  CAL_GATEWAY_BATCH_STOPPED: row(
    400,
    (d) => `the requests before this one have ${d.mistakeCount} mistakes, so the batch stopped here`,
    "Fix the requests before it and send this one again; it was not decided.",
  ),
  CAL_GATEWAY_HTTP_MALFORMED: row(
    400,
    (d) => `the request is not valid HTTP/1.1: ${d.problem}`,
    "Send a well-formed request; the connection was closed.",
  ),
  CAL_GATEWAY_HEADERS_TOO_LARGE: row(
    431,
    (d) => `the head of the request is longer than ${d.bytesMax} bytes or has more than ${d.headersMax} headers`,
    "Send fewer or shorter headers, or raise `limits.headerBytesMax`.",
  ),
  CAL_GATEWAY_EXPECTATION: row(
    417,
    (d) => `the expectation ${quote(d.given)} cannot be met`,
    "Leave `expect` out, or send `expect: 100-continue`.",
  ),
  CAL_GATEWAY_TIMEOUT: row(
    408,
    (d) => `the request was not complete after ${d.milliseconds} ms`,
    "Send it in one go, or raise `limits.requestMs`; nothing was done.",
  ),
  CAL_GATEWAY_ROUTE_UNKNOWN: row(
    404,
    (d) => `there is no ${d.method} ${d.path}`,
    "`/docs` lists every operation; every path of the API begins with `/v1`.",
  ),
  CAL_GATEWAY_METHOD: row(
    405,
    (d) => `${d.path} does not support ${d.method}`,
    "Use a method that the `allow` header names.",
  ),
  CAL_GATEWAY_DECISION_UNKNOWN: row(
    404,
    (d) => `there is no decision ${quote(d.decisionId)}`,
    "Send the decision id exactly as it was returned.",
  ),
  CAL_GATEWAY_KEY_REQUIRED: row(
    401,
    () => "the request has no API key",
    "Send `authorization: Bearer KEY`; `calybris key create` makes one.",
  ),
  CAL_GATEWAY_KEY_REFUSED: row(
    401,
    () => "the API key is unknown",
    "Check the key, and that its SHA-256 is in the configuration the service was started with.",
  ),
  CAL_GATEWAY_SCOPE_REFUSED: row(
    403,
    (d) => `key ${quote(d.key)} lacks the scope ${d.needed}`,
    "Use a key with that scope; scopes are decide, operate and audit.",
  ),
  CAL_GATEWAY_TENANT_REFUSED: row(
    403,
    (d) => `key ${quote(d.key)} may not act for tenant ${quote(d.tenant)}`,
    "Name a tenant that the key may act for; a request without a tenant is for `default`.",
  ),
  CAL_GATEWAY_HOST_REFUSED: row(
    403,
    (d) => `the request is for host ${quote(d.host)}, and a service without keys answers local requests only`,
    "Send it to `localhost` or `127.0.0.1`, or configure a key.",
  ),
  CAL_GATEWAY_RATE_LIMITED: row(
    429,
    (d) => `key ${quote(d.key)} exceeds its rate of ${d.perSecond} requests a second`,
    "Wait as long as `retry-after` says, or raise the key's `perSecond`; nothing was done.",
  ),
  CAL_GATEWAY_OVERLOADED: row(
    429,
    (d) => `the service is overloaded: ${d.problem}`,
    "Wait as long as `retry-after` says and send the request again; nothing was done.",
  ),
  CAL_GATEWAY_LISTEN: row(
    409,
    (d) => `cannot listen on ${d.host} port ${d.port}: ${d.problem}`,
    "Choose another `listen.port` or `listen.host`; `calybris doctor` tells whether a port is free.",
  ),
  CAL_GATEWAY_STOPPING: row(
    503,
    () => "the service is stopping",
    "Send the request again once the service is back; the same request id is never decided twice.",
  ),
  CAL_GATEWAY_NOT_READY: row(
    503,
    (d) => `the service is not ready: ${d.problem}`,
    "Wait, or fix the problem named; `/ready` answers 200 once the service is ready.",
  ),
  CAL_GATEWAY_BUG: row(
    500,
    (d) => `this is a bug in calybris (incident ${d.incident})`,
    "Please report it with the lines of the log that name the incident.",
  ),
};

export type GatewayErrorCode = keyof GatewayErrorDetails;

/** An operating error of the service; like every {@link CalybrisError}, switch on `code`. */
export class GatewayError<Code extends GatewayErrorCode = GatewayErrorCode> extends CalybrisError<
  Code,
  GatewayErrorDetails[Code]
> {
  constructor(code: Code, details: GatewayErrorDetails[Code], options?: ErrorOptions) {
    super(code, details, options, GATEWAY_ERRORS[code] as unknown as ErrorRow<GatewayErrorDetails[Code]>);
  }
}
