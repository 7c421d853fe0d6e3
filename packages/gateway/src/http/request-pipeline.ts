/**
 * What happens to every request, whichever path it takes:
 *
 *     open ─▶ admit: origin, stopping, key, scope, rate, query, media type ─▶ read: strict JSON, cost, schema ─▶ handle
 *                                                                                                    reply │ refuse ─▶ end
 *
 * A failure on the way is an error of the table; a request never ends any other way, and nothing that a client sends ends
 * the process. Metrics and spans end when the client has taken the answer, or has left.
 * @module
 */
import type { CalybrisError } from "@calybris/kernel";
import { GatewayError } from "../gateway-errors.ts";
import type { FailureLog } from "../watch/failure-log.ts";
import type { Metrics } from "../watch/metrics.ts";
import type { Traces } from "../watch/traces.ts";
import { ActiveRequest } from "./active-request.ts";
import type { Admission } from "./admission.ts";
import type { BodyReader } from "./body-reader.ts";
import { checkBody, checkQuery } from "./checks.ts";
import type { CrossOrigin } from "./cross-origin.ts";
import { asCoded, type ErrorDialect, JSON_TYPE } from "./error-dialect.ts";
import type { Exchange } from "./exchange.ts";
import type { Rates } from "./rates.ts";
import { requireJson } from "./request-body.ts";
import { type Call, dialectOf, type Reply, type Route } from "./route-contract.ts";
import type { TrafficBudget } from "./traffic-budget.ts";

export interface PipelineParts {
  readonly admission: Admission;
  readonly rates: Rates;
  readonly bodies: BodyReader;
  readonly budget: TrafficBudget;
  readonly metrics: Metrics;
  readonly failures: FailureLog;
  readonly traces: Traces | undefined;
  readonly crossOrigin: CrossOrigin;
  /** The dialect in which a path that no route has is refused. */
  readonly unknownPath?: ((exchange: Exchange) => ErrorDialect | undefined) | undefined;
}

/** A body counts as one request for each so many bytes. */
const BYTES_PER_REQUEST = 32 * 1024;
/** The span of a request whose client left before it was answered. */
const STATUS_LEFT = 499;
const PATH_SHOWN_MAX = 200;

export class RequestPipeline {
  readonly #parts: PipelineParts;
  #isStopping = false;
  #openCount = 0;
  #drained: (() => void) | undefined;

  constructor(parts: PipelineParts) {
    this.#parts = parts;
  }

  /** Requests whose answer has not ended. */
  get openCount(): number {
    return this.#openCount;
  }

  /** From now on only routes that are always answered are; resolves when nothing is open. */
  stop(): Promise<void> {
    this.#isStopping = true;
    if (this.#openCount === 0) return Promise.resolve();
    return new Promise((resolve) => {
      this.#drained = resolve;
    });
  }

  /** Opens and admits a request whose body will have `bytes`; `undefined` when it was refused. */
  begin(exchange: Exchange, route: Route, parameters: Call["parameters"], bytes: number): ActiveRequest | undefined {
    const request = this.open(exchange, route);
    try {
      if (this.admit(request, parameters)) return undefined;
      this.takeBody(request, bytes);
      return request;
    } catch (error) {
      this.refuse(request, error);
      return undefined;
    }
  }

  /** Reads the body of a request that was admitted, and handles it. */
  finish(request: ActiveRequest, bytes: Buffer): void {
    try {
      const reading = this.read(request, bytes);
      if (reading === undefined) this.handle(request);
      else
        reading.then(
          () => this.handle(request),
          (error: unknown) => this.refuse(request, error),
        );
    } catch (error) {
      this.refuse(request, error);
    }
  }

  open(exchange: Exchange, route: Route | undefined): ActiveRequest {
    const request = new ActiveRequest(exchange, route, this);
    this.#openCount += 1;
    exchange.onEnd(request);
    if (route !== undefined && this.#parts.traces !== undefined)
      request.span = this.#parts.traces.begin(route.contract.name, exchange.headers);
    return request;
  }

  /**
   * Whether the caller may ask this. True: the request was a preflight, and is answered.
   *
   * @throws CalybrisError when it may not.
   */
  admit(request: ActiveRequest, parameters: Call["parameters"]): boolean {
    const { exchange, route } = request;
    const { crossOrigin, rates, admission } = this.#parts;
    if (crossOrigin.isNamed && crossOrigin.answer(exchange)) return true;
    if (route === undefined) return false;
    const { contract } = route;
    if (this.#isStopping && contract.always !== true) throw new GatewayError("CAL_GATEWAY_STOPPING", {});
    request.principal = admission.principalOf(exchange, contract.scopes);
    if (contract.scopes.length > 0) rates.take(request.principal);
    request.parameters = parameters;
    route.requireReady?.();
    const mark = exchange.url.indexOf("?");
    if ((mark !== -1 || contract.requiresQuery === true) && contract.ignoresQuery !== true)
      request.query = checkQuery(contract.query, mark === -1 ? "" : exchange.url.slice(mark + 1));
    request.idempotencyKey = exchange.headers["idempotency-key"] as string | undefined;
    if (contract.body !== undefined) requireJson(exchange.headers);
    return false;
  }

  /** Reserves memory for a body, until the answer ended. @throws GatewayError `CAL_GATEWAY_OVERLOADED`. */
  takeBody(request: ActiveRequest, bytes: number): void {
    this.#parts.budget.takeBody(bytes);
    request.bodyBytes += bytes;
  }

  /**
   * Reads the body by the route's contract: at once, or, when that takes long, in a worker thread.
   *
   * @throws CalybrisError when the body is not what the contract says; so does the promise.
   */
  read(request: ActiveRequest, bytes: Buffer): Promise<void> | undefined {
    const { route, principal } = request;
    const rule = route?.contract.body;
    if (route?.contract.rawBody !== undefined) request.body = bytes;
    if (rule === undefined) return undefined;
    const more = Math.floor(bytes.byteLength / BYTES_PER_REQUEST);
    if (more > 0) {
      request.chargedRequests += more;
      this.#parts.rates.charge(principal, more);
    }
    const take = (body: unknown): void => {
      if (rule.checkedBy === "schema") checkBody(rule.schema, body);
      request.body = body;
    };
    const body = this.#parts.bodies.read(rule, bytes, principal);
    if (body instanceof Promise) return body.then(take);
    take(body);
    return undefined;
  }

  handle(request: ActiveRequest): void {
    try {
      const reply = request.route?.handle(request, request);
      if (reply instanceof Promise)
        reply.then(
          (answered) => this.reply(request, answered),
          (error: unknown) => this.refuse(request, error),
        );
      else if (reply !== undefined) this.reply(request, reply);
    } catch (error) {
      this.refuse(request, error);
    }
  }

  reply(request: ActiveRequest, { status = 200, body, contentType, headers, isAscii }: Reply): void {
    const { exchange, route } = request;
    const isWhole = typeof body === "string" || body instanceof Uint8Array;
    if (!isWhole && route?.contract.streams !== true) {
      this.refuse(request, new TypeError(`the contract of ${request.name} does not stream`));
      return;
    }
    if (!this.#begins(request, status)) {
      if (!isWhole) abandon(body);
      return;
    }
    if (isWhole) {
      exchange.send(status, body, contentType ?? JSON_TYPE, headers, isAscii);
      return;
    }
    const failed = (error: unknown): void => this.#parts.failures.report(request.name, asCoded(error));
    const refused = (error: unknown): void => {
      request.status = 0;
      this.refuse(request, error);
    };
    const type = contentType ?? "application/octet-stream";
    exchange.sendPieces(body, { status, contentType: type, headers: headers ?? [], refused, failed });
  }

  refuse(request: ActiveRequest, error: unknown): void {
    const coded = asCoded(error);
    this.#parts.metrics.error(coded.code);
    this.#parts.failures.report(request.name, coded);
    if (!this.#begins(request, coded.status)) return;
    const dialect = request.route === undefined ? this.#parts.unknownPath?.(request.exchange) : undefined;
    const { status, text, contentType, headers } = (dialect ?? dialectOf(request.route))(coded);
    if (!request.exchange.hasArrived) request.exchange.closeAfter();
    request.exchange.send(status, text, contentType, headers);
  }

  /** The error of a path that no route has, or that has it under another method. */
  static unknown(method: string, path: string, allowed: readonly string[]): CalybrisError {
    const shown = path.slice(0, PATH_SHOWN_MAX);
    if (allowed.length === 0) return new GatewayError("CAL_GATEWAY_ROUTE_UNKNOWN", { method, path: shown });
    return new GatewayError("CAL_GATEWAY_METHOD", { method, path: shown, allowed });
  }

  /** The client has taken the answer, or has left. */
  end(request: ActiveRequest, isAnswered: boolean): void {
    const { metrics, failures, budget } = this.#parts;
    const milliseconds = performance.now() - request.startedMs;
    if (request.bodyBytes > 0) budget.releaseBody(request.bodyBytes);
    request.bodyBytes = 0;
    if (request.status !== 0) metrics.request(request.name, request.status, milliseconds);
    if (!isAnswered) metrics.error("client_gone");
    request.span?.end(request.status === 0 ? STATUS_LEFT : request.status);
    failures.answered(request.name, request.status, milliseconds);
    this.#openCount -= 1;
    if (this.#openCount === 0) this.#drained?.();
  }

  /** Whether an answer may be sent: it is the first, and there is a client to take it. */
  #begins(request: ActiveRequest, status: number): boolean {
    if (request.status !== 0 || request.exchange.isOver) return false;
    request.status = status;
    if (this.#isStopping) request.exchange.closeAfter();
    return true;
  }
}

/** Pieces that nobody will take: their source may hold a connection, or money. */
function abandon(pieces: Iterable<Uint8Array> | AsyncIterable<Uint8Array>): void {
  if (Symbol.asyncIterator in pieces) void pieces[Symbol.asyncIterator]().return?.();
  else pieces[Symbol.iterator]().return?.();
}
