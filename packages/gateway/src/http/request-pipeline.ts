/**
 * The steps of every request, on either path:
 *
 *     open ─▶ admit: origin, stopping, key, scope, rate, query, media type ─▶ read: strict JSON, cost, schema ─▶ handle
 *                                                                                                    reply │ refuse ─▶ end
 *
 * Every failure is answered with a coded error, and no request can end the process. Metrics and spans end when the client
 * has taken the answer or has left.
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
  /** The dialect in which an unknown path is refused. */
  readonly unknownPath?: ((exchange: Exchange) => ErrorDialect | undefined) | undefined;
}

/** A body counts as one request for each of these units. */
const BYTES_PER_REQUEST = 32 * 1024;
/** Status in the span of a request whose client left before the answer. */
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

  /** Refuses new requests, except on routes with `always`; resolves when no request is open. */
  stop(): Promise<void> {
    this.#isStopping = true;
    if (this.#openCount === 0) return Promise.resolve();
    return new Promise((resolve) => {
      this.#drained = resolve;
    });
  }

  /** Opens and admits a request with a body of `bytes` bytes; `undefined` if it was refused. */
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

  /** Reads the body of an admitted request, and handles it. */
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
   * Checks that the caller may make this request. Returns `true` if it was a preflight; it is answered then.
   *
   * @throws CalybrisError if the caller may not.
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

  /** Reserves memory for a body until the end of the answer. @throws GatewayError `CAL_GATEWAY_OVERLOADED`. */
  takeBody(request: ActiveRequest, bytes: number): void {
    this.#parts.budget.takeBody(bytes);
    request.bodyBytes += bytes;
  }

  /**
   * Reads the body by the route's contract: at once, or in a worker thread if that takes long.
   *
   * @throws CalybrisError, or rejects with it, if the body does not conform to the contract.
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

  /** The error for an unknown path, or for a known path with another method. */
  static unknown(method: string, path: string, allowed: readonly string[]): CalybrisError {
    const shown = path.slice(0, PATH_SHOWN_MAX);
    if (allowed.length === 0) return new GatewayError("CAL_GATEWAY_ROUTE_UNKNOWN", { method, path: shown });
    return new GatewayError("CAL_GATEWAY_METHOD", { method, path: shown, allowed });
  }

  /** Ends a request: the client has taken the answer or has left. */
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

  /** Whether an answer may be sent: no other was, and the client is still connected. */
  #begins(request: ActiveRequest, status: number): boolean {
    if (request.status !== 0 || request.exchange.isOver) return false;
    request.status = status;
    if (this.#isStopping) request.exchange.closeAfter();
    return true;
  }
}

/** Closes the source of unsent pieces, because it may hold a connection or a reservation. */
function abandon(pieces: Iterable<Uint8Array> | AsyncIterable<Uint8Array>): void {
  if (Symbol.asyncIterator in pieces) void pieces[Symbol.asyncIterator]().return?.();
  else pieces[Symbol.iterator]().return?.();
}
