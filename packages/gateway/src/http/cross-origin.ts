/**
 * Pages of other origins. None may call the service unless it is named. A service without keys trusts whoever reaches it
 * on loopback, so there it also refuses a request whose `host` is some other name: a page could have bound that name to
 * this machine.
 * @module
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import { CalybrisError } from "@calybris/kernel";

const ALLOWED_HEADERS = "authorization, content-type, idempotency-key, traceparent";
const EXPOSED_HEADERS = "retry-after";
const PREFLIGHT_SECONDS = "600";

export class CrossOrigin {
  readonly #origins: ReadonlySet<string>;

  constructor(origins: readonly string[]) {
    this.#origins = new Set(origins);
  }

  get isNamed(): boolean {
    return this.#origins.size > 0;
  }

  /** Says to the browser what is allowed; true when the request was only the question. */
  answer(request: IncomingMessage, response: ServerResponse): boolean {
    const { origin } = request.headers;
    if (origin === undefined || !this.#origins.has(origin)) return false;
    response.setHeader("access-control-allow-origin", origin);
    response.setHeader("access-control-expose-headers", EXPOSED_HEADERS);
    response.setHeader("vary", "origin");
    if (request.method !== "OPTIONS" || request.headers["access-control-request-method"] === undefined) return false;
    response.setHeader("access-control-allow-methods", "GET, POST");
    response.setHeader("access-control-allow-headers", ALLOWED_HEADERS);
    response.setHeader("access-control-max-age", PREFLIGHT_SECONDS);
    response.writeHead(204).end();
    return true;
  }

  /** @throws CalybrisError `CAL_GATEWAY_HOST_REFUSED`. */
  requireOwnHost(request: IncomingMessage): void {
    const host = request.headers.host ?? "";
    if (OWN_HOST.test(host)) return;
    throw new CalybrisError("CAL_GATEWAY_HOST_REFUSED", { host });
  }
}

const OWN_HOST = /^(?:localhost|127(?:\.[0-9]{1,3}){3}|\[::1\])(?::[0-9]{1,5})?$/i;
