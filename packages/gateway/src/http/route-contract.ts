/**
 * Routes. A contract states what an operation requires, takes and answers; a handler does it. The table of contracts
 * routes, checks, documents and types the client.
 * @module
 */
import type { z } from "zod";
import type { Principal } from "../keys/keyring.ts";
import type { Scope } from "../keys/scope.ts";
import type { LeaveSignal } from "../providers/leave-signal.ts";
import { calybrisDialect, type ErrorDialect } from "./error-dialect.ts";
import type { Span } from "../watch/traces.ts";
import type { RequestHeaders } from "./exchange.ts";

/** What a handler is given. Path, query and body have been checked against the contract. */
export interface Call {
  readonly principal: Principal;
  readonly parameters: { readonly [name: string]: string };
  readonly query: { readonly [name: string]: string };
  readonly headers: RequestHeaders;
  /** What the contract's reader made of the body; for a `rawBody` its bytes, as they came. */
  readonly body: unknown;
  /** The `idempotency-key` header. */
  readonly idempotencyKey: string | undefined;
  /** Requests that the key's rate was charged for this one so far; a long body counts as several. */
  readonly chargedRequests: number;
  /**
   * Aborts when the client leaves: its connection broke, or it closed its side before the answer. The two look alike at
   * first, so a handler that gives up still answers; a client that has only closed its side gets that answer.
   */
  readonly signal: LeaveSignal;
  /** Ends with the answer; `undefined` when this request is not traced. */
  readonly span: Span | undefined;
  /**
   * Reserves memory for what the handler makes of the body, until the answer ended.
   *
   * @throws GatewayError `CAL_GATEWAY_OVERLOADED`.
   */
  takeBytes(bytes: number): void;
}

/** What a handler answers. */
export interface Reply {
  readonly status?: number;
  /**
   * Text, bytes, or pieces. Pieces are sent as fast as the client takes them, and no further once it has left: the
   * iterator is then returned. Only a contract that `streams` may answer in pieces.
   */
  readonly body: string | Uint8Array | Iterable<Uint8Array> | AsyncIterable<Uint8Array>;
  /** `application/json` by default. */
  readonly contentType?: string;
  /** Name and value in turns. */
  readonly headers?: readonly string[];
  /** The text is known to be plain ASCII, so its length is its length in bytes. */
  readonly isAscii?: true;
}

/** Takes the answer of a handler that answers later. One of the two is called, once; later calls are ignored. */
export interface Responder {
  reply(reply: Reply): void;
  refuse(error: unknown): void;
}

/** Answers at once, by a promise, or, when it returns nothing, later through the responder. */
export type Handler = (call: Call, responder: Responder) => Reply | Promise<Reply> | undefined;

export interface BodyRule {
  readonly schema: z.ZodType;
  /** Held to the schema by the pipeline, or by the handler's own code, which a test holds equal to the schema. */
  readonly checkedBy: "schema" | "handler";
  /** Reads strict JSON, or a policy: that takes long, so a worker thread does it. */
  readonly reader: "json" | "policy";
  /** Most keys and items, over all depths; a body with more is refused before anything is looked up. */
  readonly membersMax: number;
}

export interface RouteContract {
  readonly method: "GET" | "POST" | "DELETE";
  /** `{name}` stands for one part of the path. */
  readonly path: string;
  /** The name of the operation, in the documentation and of the client's method. */
  readonly name: string;
  readonly summary: string;
  readonly description?: string;
  /** The key needs one of these scopes; none: open to everybody. */
  readonly scopes: readonly Scope[];
  readonly query?: z.ZodType;
  /** Some parameter of the query must be there. */
  readonly requiresQuery?: true;
  readonly body?: BodyRule;
  /** The handler reads the body itself, compressed or not; for an operation without `body`. */
  readonly rawBody?: { readonly bytesMax: number };
  /** The query does not count, whatever it is. */
  readonly ignoresQuery?: true;
  /** What it answers with 200; a media type where that is not JSON. */
  readonly answer: z.ZodType | string;
  /** Answered while the service is stopping, too. */
  readonly always?: true;
  /** The answer may come in pieces, also asynchronously. */
  readonly streams?: true;
  /** How errors are rendered; the dialect of the decision API by default. */
  readonly dialect?: ErrorDialect;
}

/** An operation: its contract, and what carries it out. */
export interface Route {
  readonly contract: RouteContract;
  readonly handle: Handler;
  /** Called once the caller is known, before the body is read. @throws CalybrisError when the operation cannot be done now. */
  readonly requireReady?: () => void;
}

export function dialectOf(route: Route | undefined): ErrorDialect {
  return route?.contract.dialect ?? calybrisDialect;
}

/** The parts of a contract's path that are parameters: `/v1/tenants/{id}/budget` has `id`. */
export function parametersOf({ path }: RouteContract): readonly string[] {
  return [...path.matchAll(/\{([a-z]+)\}/gi)].map(([, name = ""]) => name);
}
