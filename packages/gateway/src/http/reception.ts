/**
 * What happens to every request before a handler sees it and after it answered, in this order:
 *
 *     route → stopping? → key → plane → rate → body → schema → handler → answer
 *
 * A failure on the way is an error of the table; a request never ends any other way, and nothing a client sends ends the
 * process.
 * @module
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import { CalybrisError, type ExactJson, InvariantViolation } from "@calybris/kernel";
import { bearerKey, type Keyring, LOCAL, type Plane, type Principal } from "../keys/keyring.ts";
import type { Logger } from "../watch/log.ts";
import type { Metrics } from "../watch/metrics.ts";
import type { Span, Traces } from "../watch/traces.ts";
import { asCoded, errorHeaders, errorJson, send } from "./answers.ts";
import { collectBody, requireJson } from "./body.ts";
import { checkBody, checkQuery } from "./checks.ts";
import type { CrossOrigin } from "./cross-origin.ts";
import type { Rates } from "./rates.ts";
import type { Call, Matched, Reply, Router } from "./route.ts";
import { readBody } from "./strict-json.ts";
import { sendPieces } from "./pieces.ts";

export interface ReceptionParts {
  readonly router: Router;
  readonly keyring: Keyring;
  readonly rates: Rates;
  readonly metrics: Metrics;
  readonly log: Logger;
  readonly traces: Traces | undefined;
  readonly crossOrigin: CrossOrigin;
  readonly bodyBytesMax: number;
  readonly depthMax: number;
  /** Called when a promise of our own is broken: nothing may be decided after that. */
  readonly onBroken: (incident: string) => void;
}

const NOTHING: { readonly [name: string]: string } = Object.freeze({});
const UNKNOWN = "unknown";

/** One request on its way. */
interface Visit {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly startedMs: number;
  name: string;
  span: Span | undefined;
}

export class Reception {
  readonly #parts: ReceptionParts;
  #isStopping = false;
  #open = 0;
  #drained: (() => void) | undefined;

  constructor(parts: ReceptionParts) {
    this.#parts = parts;
  }

  /** Requests that have not been answered. */
  get openCount(): number {
    return this.#open;
  }

  /** From now on only what is always answered is; resolves when nothing is open. */
  stop(): Promise<void> {
    this.#isStopping = true;
    if (this.#open === 0) return Promise.resolve();
    return new Promise((resolve) => {
      this.#drained = resolve;
    });
  }

  readonly receive = (request: IncomingMessage, response: ServerResponse): void => {
    const visit: Visit = { request, response, startedMs: performance.now(), name: UNKNOWN, span: undefined };
    this.#open += 1;
    response.on("close", () => this.#left(visit));
    try {
      this.#admit(visit);
    } catch (error) {
      this.#refuse(visit, error);
    }
  };

  #admit(visit: Visit): void {
    const { request, response } = visit;
    const { crossOrigin, router, rates, traces } = this.#parts;
    const method = request.method ?? "";
    const url = request.url ?? "";
    const mark = url.indexOf("?");
    const path = mark === -1 ? url : url.slice(0, mark);
    if (crossOrigin.isNamed && crossOrigin.answer(request, response)) return;
    const matched = router.match(method === "HEAD" ? "GET" : method, path);
    if (matched === undefined) throw this.#unknown(method, path);
    const { route } = matched;
    visit.name = route.name;
    if (traces !== undefined) visit.span = traces.begin(route.name, request);
    if (this.#isStopping && route.always !== true) throw new CalybrisError("CAL_GATEWAY_STOPPING", {});
    const principal = route.planes.length === 0 ? LOCAL : this.#principal(request, route.planes);
    if (route.planes.length > 0) rates.take(principal, 1);
    const query = mark === -1 ? NOTHING : checkQuery(route.query, url.slice(mark + 1));
    if (route.body === undefined) {
      this.#handle(visit, matched, principal, query, {});
      return;
    }
    requireJson(request);
    collectBody(
      request,
      this.#parts.bodyBytesMax,
      (bytes) => {
        try {
          this.#handle(visit, matched, principal, query, readBody(bytes, this.#parts.depthMax));
        } catch (error) {
          this.#refuse(visit, error);
        }
      },
      (error) => this.#refuse(visit, error),
    );
  }

  #handle(
    visit: Visit,
    { route, parameters }: Matched,
    principal: Principal,
    query: { readonly [name: string]: string },
    body: ExactJson,
  ): void {
    if (route.body !== undefined && route.body.byHand !== true) checkBody(route.body.schema, body);
    const idempotencyKey = visit.request.headers["idempotency-key"] as string | undefined;
    const call: Call = { principal, parameters, query, body, idempotencyKey };
    const reply = route.handle(call);
    if (reply instanceof Promise)
      reply.then(
        (answered) => this.#answer(visit, answered),
        (error: unknown) => this.#refuse(visit, error),
      );
    else this.#answer(visit, reply);
  }

  /** @throws CalybrisError when nobody may do this with the key that was presented. */
  #principal(request: IncomingMessage, planes: readonly Plane[]): Principal {
    const { keyring, crossOrigin } = this.#parts;
    if (keyring.isEmpty) {
      crossOrigin.requireOwnHost(request);
      return LOCAL;
    }
    const key = bearerKey(request.headers.authorization);
    if (key === undefined) throw new CalybrisError("CAL_GATEWAY_KEY_REQUIRED", {});
    const principal = keyring.principalOf(key);
    if (principal === undefined) throw new CalybrisError("CAL_GATEWAY_KEY_REFUSED", {});
    if (!planes.some((plane) => principal.planes.has(plane)))
      throw new CalybrisError("CAL_GATEWAY_PLANE_REFUSED", { key: principal.name, needed: planes.join(" or ") });
    return principal;
  }

  #answer(visit: Visit, { status = 200, text, contentType, headers }: Reply): void {
    const { request, response } = visit;
    // Whoever asked has gone.
    if (response.destroyed) return;
    if (this.#isStopping) response.shouldKeepAlive = false;
    if (typeof text === "string") send(response, status, text, contentType, headers);
    else sendPieces(response, text, contentType ?? "application/octet-stream", request.method === "HEAD");
    this.#note(visit, status);
  }

  #refuse(visit: Visit, error: unknown): void {
    const { request, response } = visit;
    const { metrics, log } = this.#parts;
    const coded = asCoded(error);
    metrics.error(coded.code);
    if (coded.code === "CAL_GATEWAY_BUG") this.#report(coded as CalybrisError<"CAL_GATEWAY_BUG">);
    else if (coded.status >= 500) log.error({ code: coded.code, operation: visit.name }, coded.message);
    // What a client sent wrong may hold anything, so only the code is kept.
    else log.debug({ code: coded.code, operation: visit.name }, "refused");
    if (response.destroyed || response.headersSent) return;
    // What is left of a body that was not read would be taken for the next request.
    if (this.#isStopping || !request.complete) response.shouldKeepAlive = false;
    send(response, coded.status, errorJson(coded), undefined, errorHeaders(coded));
    this.#note(visit, coded.status);
  }

  #report(bug: CalybrisError<"CAL_GATEWAY_BUG">): void {
    const { incident } = bug.details;
    this.#parts.log.fatal({ incident, err: bug.cause }, "a bug in calybris");
    if (bug.cause instanceof InvariantViolation) this.#parts.onBroken(incident);
  }

  #note(visit: Visit, status: number): void {
    const { metrics, log } = this.#parts;
    const milliseconds = performance.now() - visit.startedMs;
    metrics.request(visit.name, status, milliseconds);
    visit.span?.end(status);
    if (log.isLevelEnabled("debug")) log.debug({ operation: visit.name, status, milliseconds }, "answered");
  }

  #left(visit: Visit): void {
    this.#open -= 1;
    if (!visit.response.writableFinished) this.#parts.metrics.error("client_gone");
    if (this.#open === 0) this.#drained?.();
  }

  #unknown(method: string, path: string): CalybrisError {
    const methods = this.#parts.router.methodsOf(path);
    const shown = path.slice(0, PATH_SHOWN_MAX);
    if (methods.length === 0) return new CalybrisError("CAL_GATEWAY_ROUTE_UNKNOWN", { method, path: shown });
    return new CalybrisError("CAL_GATEWAY_METHOD", { method, path: shown, allowed: methods });
  }
}

const PATH_SHOWN_MAX = 200;
