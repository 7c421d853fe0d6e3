/**
 * The error table of the service: HTTP, keys, configuration and the service itself. Errors of decisions, money and the
 * journal are in the kernel's table.
 * @module
 */
import { CalybrisError, type ErrorRow, inFile, listMistakes, type Mistake, quote, row } from "@calybris/kernel";

/** The details of each code. */
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
  readonly CAL_GATEWAY_KEY_EXPIRED: { key: string };
  readonly CAL_GATEWAY_KEY_UNKNOWN: { id: string };
  readonly CAL_GATEWAY_KEY_TOO_WIDE: { key: string; scope: string };
  readonly CAL_GATEWAY_MODEL_REFUSED: { key: string; model: string };
  readonly CAL_GATEWAY_SCOPE_REFUSED: { key: string; needed: string };
  readonly CAL_GATEWAY_TENANT_REFUSED: { key: string; tenant: string };
  readonly CAL_GATEWAY_HOST_REFUSED: { host: string };
  readonly CAL_GATEWAY_RATE_LIMITED: { key: string; perSecond: number; retryAfterSeconds: number };
  readonly CAL_GATEWAY_OVERLOADED: { problem: string };
  readonly CAL_GATEWAY_STREAM_BROKEN: { problem: string };
  readonly CAL_GATEWAY_UNTRANSLATABLE: { mistakes: readonly Mistake[] };
  readonly CAL_GATEWAY_MODEL_UNPRICED: { provider: string; model: string; nearest?: string };
  readonly CAL_GATEWAY_MODEL_UNKNOWN: { model: string };
  readonly CAL_GATEWAY_PROVIDER_FAILED: { problem: string; decisionId?: string };
  readonly CAL_GATEWAY_PROVIDER_TIMEOUT: { problem: string; decisionId?: string };
  readonly CAL_GATEWAY_PROVIDER_UNAVAILABLE: { model: string; decisionId?: string };
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
    "Send one JSON value in UTF-8 without duplicate keys; nothing was done.",
  ),
  CAL_GATEWAY_BODY_TOO_LARGE: row(
    413,
    (d) => `the body exceeds ${d.bytesMax} bytes`,
    "Send less in one request, or raise `limits.bodyBytesMax`; nothing was done.",
  ),
  CAL_GATEWAY_BODY_TOO_COSTLY: row(
    400,
    (d) => `the body takes too long to check: ${d.problem}`,
    "Send fewer or shorter members; nothing was done.",
  ),
  CAL_GATEWAY_MEDIA_TYPE: row(
    415,
    (d) => `the content type ${quote(d.given)} is not supported`,
    "Send `content-type: application/json`, uncompressed.",
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
    (d) => `the request head exceeds ${d.bytesMax} bytes or ${d.headersMax} headers`,
    "Send fewer or shorter headers, or raise `limits.headerBytesMax`.",
  ),
  CAL_GATEWAY_EXPECTATION: row(
    417,
    (d) => `the expectation ${quote(d.given)} cannot be met`,
    "Omit the `expect` header, or send `expect: 100-continue`.",
  ),
  CAL_GATEWAY_TIMEOUT: row(
    408,
    (d) => `the request was not complete after ${d.milliseconds} ms`,
    "Send the whole request at once, or raise `limits.requestMs`; nothing was done.",
  ),
  CAL_GATEWAY_ROUTE_UNKNOWN: row(
    404,
    (d) => `no operation matches ${d.method} ${d.path}`,
    "`/docs` lists every operation; API paths begin with `/v1`.",
  ),
  CAL_GATEWAY_METHOD: row(
    405,
    (d) => `${d.path} does not support ${d.method}`,
    "Use a method from the `allow` header.",
  ),
  CAL_GATEWAY_DECISION_UNKNOWN: row(
    404,
    (d) => `no decision has ID ${quote(d.decisionId)}`,
    "Send the decision ID exactly as it was returned.",
  ),
  CAL_GATEWAY_KEY_REQUIRED: row(
    401,
    () => "the request has no API key",
    "Send `authorization: Bearer KEY`; `calybris key create` creates a key.",
  ),
  CAL_GATEWAY_KEY_REFUSED: row(
    401,
    () => "the API key is unknown",
    "Check the key, and that its SHA-256 is in the configuration that the service loaded.",
  ),
  CAL_GATEWAY_KEY_EXPIRED: row(
    401,
    (d) => `key ${quote(d.key)} has expired`,
    "Rotate the key with a later expiry, or create another.",
  ),
  CAL_GATEWAY_KEY_UNKNOWN: row(
    404,
    (d) => `no key created over the API has ID ${quote(d.id)}`,
    "`GET /v1/keys` lists the keys with their IDs. Change a key of the configuration in its file.",
  ),
  CAL_GATEWAY_KEY_TOO_WIDE: row(
    403,
    (d) => `key ${quote(d.key)} lacks the scope ${d.scope}, so it cannot create a key with that scope`,
    "Use a key that has every scope of the new one.",
  ),
  CAL_GATEWAY_MODEL_REFUSED: row(
    403,
    (d) => `key ${quote(d.key)} is not allowed to use model ${quote(d.model)}`,
    "Use a model that the key allows, or create a key that allows this one.",
  ),
  CAL_GATEWAY_SCOPE_REFUSED: row(
    403,
    (d) => `key ${quote(d.key)} lacks the scope ${d.needed}`,
    "Use a key with that scope; the scopes are decide, operate and audit.",
  ),
  CAL_GATEWAY_TENANT_REFUSED: row(
    403,
    (d) => `key ${quote(d.key)} may not act for tenant ${quote(d.tenant)}`,
    "Name a tenant that the key may act for; a request without a tenant belongs to `default`.",
  ),
  CAL_GATEWAY_HOST_REFUSED: row(
    403,
    (d) => `the request is for host ${quote(d.host)}, but a service without keys answers local requests only`,
    "Use `localhost` or `127.0.0.1`, or configure a key.",
  ),
  CAL_GATEWAY_RATE_LIMITED: row(
    429,
    (d) => `key ${quote(d.key)} exceeds its rate limit of ${d.perSecond} requests per second`,
    "Retry after the seconds in `retry-after`, or raise the key's `perSecond`; nothing was done.",
  ),
  CAL_GATEWAY_OVERLOADED: row(
    429,
    (d) => `the service is overloaded: ${d.problem}`,
    "Retry after the seconds in `retry-after`; nothing was done.",
  ),
  CAL_GATEWAY_STREAM_BROKEN: row(
    502,
    (d) => `the provider's stream cannot be read: ${d.problem}`,
    "Send the call again; what the provider bills for this one stays reserved until its usage is known.",
  ),
  CAL_GATEWAY_UNTRANSLATABLE: row(
    400,
    (d) => `the call cannot be translated to the model's dialect: ${listMistakes(d.mistakes)}`,
    "Remove every field listed, or allow only models of the request's own dialect; nothing was sent.",
  ),
  CAL_GATEWAY_MODEL_UNPRICED: row(
    403,
    (d) => `model ${quote(d.model)} of ${quote(d.provider)} has no price${nearestText(d.nearest)}`,
    "Use the exact ID of a model with a price in the catalog, or add the price to the catalog; nothing was sent.",
  ),
  CAL_GATEWAY_MODEL_UNKNOWN: row(
    404,
    (d) => `unknown model ${quote(d.model)}`,
    "Name a model that `GET /v1/models` lists, or add it to `deployments`; nothing was sent.",
  ),
  CAL_GATEWAY_PROVIDER_FAILED: row(
    502,
    (d) => `the call to the provider failed: ${d.problem}`,
    "Send the call again; what the provider may bill for this one stays reserved until its usage is known.",
  ),
  CAL_GATEWAY_PROVIDER_TIMEOUT: row(
    504,
    (d) => `the provider did not answer in time: ${d.problem}`,
    "Send the call again, or raise the limit in `calls`; what the provider may bill for this one stays reserved.",
  ),
  CAL_GATEWAY_PROVIDER_UNAVAILABLE: row(
    503,
    (d) => `no deployment of ${quote(d.model)} is available`,
    "Retry after the seconds in `retry-after`; nothing was sent.",
  ),
  CAL_GATEWAY_LISTEN: row(
    409,
    (d) => `cannot listen on ${d.host} port ${d.port}: ${d.problem}`,
    "Choose another `listen.port` or `listen.host`; `calybris doctor` checks whether a port is free.",
  ),
  CAL_GATEWAY_STOPPING: row(
    503,
    () => "the service is stopping",
    "Retry with the same request ID once the service is back; a request is never decided twice.",
  ),
  CAL_GATEWAY_NOT_READY: row(
    503,
    (d) => `the service is not ready: ${d.problem}`,
    "Wait, or fix the problem; `/ready` answers 200 once the service is ready.",
  ),
  CAL_GATEWAY_BUG: row(
    500,
    (d) => `internal error: a bug in Calybris (incident ${d.incident})`,
    "Please report it with the log lines of this incident.",
  ),
};

/** A match by prefix may be wrong, so it is suggested and not used. */
function nearestText(nearest: string | undefined): string {
  return nearest === undefined ? "" : `; the nearest ID with a price is ${quote(nearest)}, which may be another model`;
}

export type GatewayErrorCode = keyof GatewayErrorDetails;

/** An operating error of the service. Switch on `code`, as for every {@link CalybrisError}. */
export class GatewayError<Code extends GatewayErrorCode = GatewayErrorCode> extends CalybrisError<
  Code,
  GatewayErrorDetails[Code]
> {
  constructor(code: Code, details: GatewayErrorDetails[Code], options?: ErrorOptions) {
    super(code, details, options, GATEWAY_ERRORS[code] as unknown as ErrorRow<GatewayErrorDetails[Code]>);
  }
}
