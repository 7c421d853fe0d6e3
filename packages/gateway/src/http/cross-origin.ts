/**
 * Pages of other origins. None may call the service unless it is named. A service without keys trusts whoever reaches it
 * on loopback, so there it also refuses a request whose `host` is some other name: a page could have bound that name to
 * this machine.
 * @module
 */
import { CalybrisError } from "@calybris/kernel";
import type { Exchange, RequestHeaders } from "./exchange.ts";

const EXPOSED: readonly string[] = ["access-control-expose-headers", "retry-after", "vary", "origin"];
const PREFLIGHT: readonly string[] = [
  "access-control-allow-methods",
  "GET, POST",
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

  /** Says to the browser what is allowed; true when the request was only the question, and is answered. */
  answer(exchange: Exchange): boolean {
    const { origin } = exchange.headers;
    if (typeof origin !== "string" || !this.#origins.has(origin)) return false;
    exchange.addHeaders(["access-control-allow-origin", origin, ...EXPOSED]);
    if (exchange.method !== "OPTIONS" || exchange.headers["access-control-request-method"] === undefined) return false;
    exchange.addHeaders(PREFLIGHT);
    exchange.send(200, "", "text/plain");
    return true;
  }

  /** @throws CalybrisError `CAL_GATEWAY_HOST_REFUSED`. */
  requireOwnHost(headers: RequestHeaders): void {
    const host = String(headers["host"] ?? "");
    if (OWN_HOST.test(host)) return;
    throw new CalybrisError("CAL_GATEWAY_HOST_REFUSED", { host });
  }
}

const OWN_HOST = /^(?:localhost|127(?:\.[0-9]{1,3}){3}|\[::1\])(?::[0-9]{1,5})?$/i;
