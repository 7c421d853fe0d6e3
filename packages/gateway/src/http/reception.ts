/**
 * What happens to every request before a handler sees it and after it answered, in this order:
 *
 *     route → stopping? → key → plane → rate → body → schema → handler → answer
 *
 * A failure on the way is an error of the table; a request never ends any other way, and nothing a client sends ends the
 * process.
 * @module
 */
import { CalybrisError, type ExactJson, InvariantViolation } from "@calybris/kernel";
import type { Logger } from "../watch/log.ts";
import type { Metrics } from "../watch/metrics.ts";
import type { Span, Traces } from "../watch/traces.ts";
import type { Admission } from "./admission.ts";
import { asCoded, errorHeaders, errorJson, JSON_TYPE } from "./answers.ts";
import { requireJson } from "./body.ts";
import { checkBody, checkQuery } from "./checks.ts";
import type { CrossOrigin } from "./cross-origin.ts";
import type { Exchange } from "./exchange.ts";
import type { Rates } from "./rates.ts";
import type { Call, Matched, Reply, Router } from "./route.ts";
import { readBody } from "./strict-json.ts";

export interface ReceptionParts {
  readonly router: Router;
  readonly admission: Admission;
  readonly rates: Rates;
  readonly metrics: Metrics;
  readonly log: Logger;
  readonly traces: Traces | undefined;
  readonly crossOrigin: CrossOrigin;
  readonly bodyBytesMax: number;
  readonly depthMax: number;
  /** Called when a handler finds a claim of our own broken: the engine takes no more commands after that. */
  readonly onBroken: (cause: InvariantViolation) => void;
}

const NOTHING: { readonly [name: string]: string } = Object.freeze({});
const UNKNOWN = "unknown";
/** A failure that lasts is told once in so long, not for every request. */
const TOLD_EVERY_MS = 1_000;

/** One request on its way. */
interface Visit {
  readonly exchange: Exchange;
  readonly startedMs: number;
  name: string;
  span: Span | undefined;
}

export class Reception {
  readonly #parts: ReceptionParts;
  readonly #toldAtMs = new Map<string, number>();
  #reportedStop: string | undefined;
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

  get isStopping(): boolean {
    return this.#isStopping;
  }

  /** From now on only what is always answered is; resolves when nothing is open. */
  stop(): Promise<void> {
    this.#isStopping = true;
    if (this.#open === 0) return Promise.resolve();
    return new Promise((resolve) => {
      this.#drained = resolve;
    });
  }

  receive(exchange: Exchange): void {
    const visit: Visit = { exchange, startedMs: performance.now(), name: UNKNOWN, span: undefined };
    this.#open += 1;
    exchange.onLeft(this.#left);
    try {
      this.#admit(visit);
    } catch (error) {
      this.#refuse(visit, error);
    }
  }

  #admit(visit: Visit): void {
    const { exchange } = visit;
    const { crossOrigin, router, rates, traces, admission } = this.#parts;
    const { method, url } = exchange;
    const mark = url.indexOf("?");
    const path = mark === -1 ? url : url.slice(0, mark);
    if (crossOrigin.isNamed && crossOrigin.answer(exchange)) return;
    const matched = router.match(method === "HEAD" ? "GET" : method, path);
    if (matched === undefined) throw this.#unknown(method, path);
    const { route } = matched;
    visit.name = route.name;
    if (traces !== undefined) visit.span = traces.begin(route.name, exchange.headers);
    if (this.#isStopping && route.always !== true) throw new CalybrisError("CAL_GATEWAY_STOPPING", {});
    const principal = admission.principalOf(exchange, route.planes);
    if (route.planes.length > 0) rates.take(principal);
    const query = mark === -1 ? NOTHING : checkQuery(route.query, url.slice(mark + 1));
    const { parameters } = matched;
    const idempotencyKey = exchange.headers["idempotency-key"] as string | undefined;
    if (route.body === undefined) {
      this.#handle(visit, matched, { principal, parameters, query, body: {}, idempotencyKey });
      return;
    }
    requireJson(exchange.headers);
    exchange.collect(
      this.#parts.bodyBytesMax,
      (bytes) => {
        try {
          const body = readBody(bytes, this.#parts.depthMax);
          this.#handle(visit, matched, { principal, parameters, query, body, idempotencyKey });
        } catch (error) {
          this.#refuse(visit, error);
        }
      },
      (error) => this.#refuse(visit, error),
    );
  }

  #handle(visit: Visit, { route }: Matched, call: Call): void {
    if (route.body !== undefined && route.body.byHand !== true) checkBody(route.body.schema, call.body as ExactJson);
    const reply = route.handle(call);
    if (reply instanceof Promise)
      reply.then(
        (answered) => this.#answer(visit, answered),
        (error: unknown) => this.#refuse(visit, error),
      );
    else this.#answer(visit, reply);
  }

  #answer(visit: Visit, { status = 200, text, contentType, headers, isAscii }: Reply): void {
    const { exchange } = visit;
    if (exchange.isOver) return;
    if (this.#isStopping) exchange.closeAfter();
    if (typeof text === "string") exchange.send(status, text, contentType ?? JSON_TYPE, headers, isAscii);
    else exchange.sendPieces(text, contentType ?? "application/octet-stream");
    this.#note(visit, status);
  }

  #refuse(visit: Visit, error: unknown): void {
    const { exchange } = visit;
    const coded = asCoded(error);
    this.#parts.metrics.error(coded.code);
    this.#tell(visit, coded);
    if (exchange.isOver) return;
    if (this.#isStopping || !exchange.hasArrived) exchange.closeAfter();
    exchange.send(coded.status, errorJson(coded), JSON_TYPE, errorHeaders(coded));
    this.#note(visit, coded.status);
  }

  #tell({ name }: Visit, coded: CalybrisError): void {
    const { log } = this.#parts;
    if (coded.code === "CAL_GATEWAY_BUG") {
      this.#report(coded as CalybrisError<"CAL_GATEWAY_BUG">);
      return;
    }
    if (coded.code === "CAL_ENGINE_STOPPED") this.#reportStop(coded as CalybrisError<"CAL_ENGINE_STOPPED">);
    const { code } = coded;
    // What a client sent wrong may hold anything, so only the code is kept.
    if (coded.status < 500) log.debug({ code, operation: name }, "refused");
    const now = performance.now();
    if (coded.status < 500 || now - (this.#toldAtMs.get(code) ?? Number.NEGATIVE_INFINITY) < TOLD_EVERY_MS) return;
    this.#toldAtMs.set(code, now);
    log.error({ code, operation: name }, coded.message);
  }

  #report(bug: CalybrisError<"CAL_GATEWAY_BUG">): void {
    const { incident } = bug.details;
    this.#parts.log.fatal({ incident, err: bug.cause }, "a bug in calybris");
    if (bug.cause instanceof InvariantViolation) this.#parts.onBroken(bug.cause);
  }

  /** Once, with what was thrown: later refusals follow from it. */
  #reportStop({ details, message, cause }: CalybrisError<"CAL_ENGINE_STOPPED">): void {
    const { incident } = details;
    if (this.#reportedStop === incident) return;
    this.#reportedStop = incident;
    this.#parts.log.fatal({ incident, err: cause }, message);
  }

  #note(visit: Visit, status: number): void {
    const { metrics, log } = this.#parts;
    const milliseconds = performance.now() - visit.startedMs;
    metrics.request(visit.name, status, milliseconds);
    visit.span?.end(status);
    if (log.isLevelEnabled("debug")) log.debug({ operation: visit.name, status, milliseconds }, "answered");
  }

  readonly #left = (isAnswered: boolean): void => {
    this.#open -= 1;
    if (!isAnswered) this.#parts.metrics.error("client_gone");
    if (this.#open === 0) this.#drained?.();
  };

  #unknown(method: string, path: string): CalybrisError {
    const methods = this.#parts.router.methodsOf(path);
    const shown = path.slice(0, PATH_SHOWN_MAX);
    if (methods.length === 0) return new CalybrisError("CAL_GATEWAY_ROUTE_UNKNOWN", { method, path: shown });
    return new CalybrisError("CAL_GATEWAY_METHOD", { method, path: shown, allowed: methods });
  }
}

const PATH_SHOWN_MAX = 200;
