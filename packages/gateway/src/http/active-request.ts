/**
 * One request in progress.
 * @module
 */
import { LOCAL, type Principal } from "../keys/keyring.ts";
import { ClientLeave, type LeaveSignal } from "../providers/leave-signal.ts";
import type { Span } from "../watch/traces.ts";
import type { EndListener, Exchange, RequestHeaders } from "./exchange.ts";
import type { Call, Reply, Responder, Route } from "./route-contract.ts";

/** Answers requests and ends them. */
export interface Answering {
  reply(request: ActiveRequest, reply: Reply): void;
  refuse(request: ActiveRequest, error: unknown): void;
  end(request: ActiveRequest, isAnswered: boolean): void;
  takeBody(request: ActiveRequest, bytes: number): void;
}

const NOTHING: { readonly [name: string]: string } = Object.freeze({});

/** One request in progress: the handler's `Call`, and the responder that takes its answer. */
export class ActiveRequest implements Call, Responder, EndListener {
  readonly exchange: Exchange;
  readonly route: Route | undefined;
  readonly startedMs: number = performance.now();
  readonly #pipeline: Answering;
  principal: Principal = LOCAL;
  parameters: Call["parameters"] = NOTHING;
  query: Call["query"] = NOTHING;
  body: unknown = undefined;
  idempotencyKey: string | undefined;
  chargedRequests = 1;
  span: Span | undefined;
  /** Bytes reserved for this request in the budget of bodies. */
  bodyBytes = 0;
  /** Status of the answer; 0 before it is sent. */
  status = 0;
  #signal: ClientLeave | undefined;

  constructor(exchange: Exchange, route: Route | undefined, pipeline: Answering) {
    this.exchange = exchange;
    this.route = route;
    this.#pipeline = pipeline;
  }

  get headers(): RequestHeaders {
    return this.exchange.headers;
  }

  get name(): string {
    return this.route?.contract.name ?? "unknown";
  }

  /** Created on first use, because most handlers do not use it. */
  get signal(): LeaveSignal {
    if (this.#signal === undefined) {
      const leave = new ClientLeave();
      this.#signal = leave;
      this.exchange.onLeave(() => leave.abort());
    }
    return this.#signal;
  }

  takeBytes(bytes: number): void {
    this.#pipeline.takeBody(this, bytes);
  }

  reply(reply: Reply): void {
    this.#pipeline.reply(this, reply);
  }

  refuse(error: unknown): void {
    this.#pipeline.refuse(this, error);
  }

  ended(isAnswered: boolean): void {
    this.#pipeline.end(this, isAnswered);
  }
}
