/**
 * Pages of other origins (CORS). Only configured origins may call the service. A service without keys trusts every local
 * process, so it also refuses a request whose `host` is not a name of this machine: a page could have bound another name
 * to it (DNS rebinding).
 * @module
 */
import { GatewayError } from "../gateway-errors.ts";
import type { Exchange, RequestHeaders } from "./exchange.ts";

const EXPOSED: readonly string[] = ["access-control-expose-headers", "retry-after", "vary", "origin"];
const PREFLIGHT: readonly string[] = [
  "access-control-allow-methods",
  "GET, POST, DELETE",
  "access-control-allow-headers",
  "authorization, content-type, idempotency-key, traceparent",
  "access-control-max-age",
  "600",
];

export class CrossOrigin {
  readonly #origins: ReadonlySet<string>;

  constructor(origins: readonly string[]) {
    this.#origins = new Set(origins);
  }

  get isNamed(): boolean {
    return this.#origins.size > 0;
  }

  /** Adds the headers for a configured origin. Returns `true` if the request was a preflight; it is answered then. */
  answer(exchange: Exchange): boolean {
    const { origin } = exchange.headers;
    if (typeof origin !== "string" || !this.#origins.has(origin)) return false;
    exchange.addHeaders(["access-control-allow-origin", origin, ...EXPOSED]);
    if (exchange.method !== "OPTIONS" || exchange.headers["access-control-request-method"] === undefined) return false;
    exchange.addHeaders(PREFLIGHT);
    exchange.send(200, "", "text/plain");
    return true;
  }

  /** @throws GatewayError `CAL_GATEWAY_HOST_REFUSED`. */
  requireOwnHost(headers: RequestHeaders): void {
    const host = String(headers["host"] ?? "");
    if (OWN_HOST.test(host)) return;
    throw new GatewayError("CAL_GATEWAY_HOST_REFUSED", { host });
  }
}

const OWN_HOST = /^(?:localhost|127(?:\.[0-9]{1,3}){3}|\[::1\])(?::[0-9]{1,5})?$/i;
