/**
 * Routes. A contract specifies the requirements, input and answer of an operation; a handler implements it. The table of
 * contracts is used for routing, validation, documentation and the client's types.
 * @module
 */
import type { z } from "zod";
import type { Principal } from "../keys/keyring.ts";
import type { Scope } from "../keys/scope.ts";
import type { LeaveSignal } from "../providers/leave-signal.ts";
import { calybrisDialect, type ErrorDialect } from "./error-dialect.ts";
import type { Span } from "../watch/traces.ts";
import type { RequestHeaders } from "./exchange.ts";

/** A handler's input. Path, query and body have been checked against the contract. */
export interface Call {
  readonly principal: Principal;
  readonly parameters: { readonly [name: string]: string };
  readonly query: { readonly [name: string]: string };
  readonly headers: RequestHeaders;
  /** The body as parsed by the contract's reader; for a `rawBody`, its bytes as received. */
  readonly body: unknown;
  /** The `idempotency-key` header. */
  readonly idempotencyKey: string | undefined;
  /** The number of requests charged to the key's rate for this one so far; a long body counts as several. */
  readonly chargedRequests: number;
  /**
   * Aborts when the client leaves: the connection broke, or the client closed its side before the answer. These cannot be
   * told apart at first, so a handler that stops early still answers; a client that only closed its side gets that answer.
   */
  readonly signal: LeaveSignal;
  /** Ends with the answer; `undefined` if this request is not traced. */
  readonly span: Span | undefined;
  /**
   * Reserves memory for data that the handler derives from the body, until the end of the answer.
   *
   * @throws GatewayError `CAL_GATEWAY_OVERLOADED`.
   */
  takeBytes(bytes: number): void;
}

/** A handler's answer. */
export interface Reply {
  readonly status?: number;
  /**
   * Text, bytes, or pieces. Pieces are sent as fast as the client takes them. If the client leaves, `return` of the iterator
   * is called. Only a contract with `streams` may answer in pieces.
   */
  readonly body: string | Uint8Array | Iterable<Uint8Array> | AsyncIterable<Uint8Array>;
  /** `application/json` by default. */
  readonly contentType?: string;
  /** Names and values alternating. */
  readonly headers?: readonly string[];
  /** Set if the text is known to be ASCII, so that its length is its length in bytes. */
  readonly isAscii?: true;
}

/** Takes the answer of a handler that answers later. The first call of either method counts; later ones are ignored. */
export interface Responder {
  reply(reply: Reply): void;
  refuse(error: unknown): void;
}

/** Returns the answer, or a promise of it, or nothing to answer later through the responder. */
export type Handler = (call: Call, responder: Responder) => Reply | Promise<Reply> | undefined;

export interface BodyRule {
  readonly schema: z.ZodType;
  /** Checked by the pipeline with the schema, or by the handler's own code; a test checks that both agree. */
  readonly checkedBy: "schema" | "handler";
  /** Strict JSON, or a policy, which a worker thread reads because it takes long. */
  readonly reader: "json" | "policy";
  /** Maximum number of keys and items at all depths; a body with more is refused before its schema is checked. */
  readonly membersMax: number;
}

export interface RouteContract {
  readonly method: "GET" | "POST" | "DELETE";
  /** `{name}` is a parameter for one segment of the path. */
  readonly path: string;
  /** Name of the operation in the documentation, and of the client's method. */
  readonly name: string;
  readonly summary: string;
  readonly description?: string;
  /** The key needs one of these scopes; an empty list makes the operation public. */
  readonly scopes: readonly Scope[];
  readonly query?: z.ZodType;
  /** Requires at least one query parameter. */
  readonly requiresQuery?: true;
  readonly body?: BodyRule;
  /** Set if the handler reads the body itself, compressed or not; only without `body`. */
  readonly rawBody?: { readonly bytesMax: number };
  /** Ignores the query. */
  readonly ignoresQuery?: true;
  /** Schema of the answer with status 200; its media type if it is not JSON. */
  readonly answer: z.ZodType | string;
  /** Answers also while the service is stopping. */
  readonly always?: true;
  /** Allows an answer in pieces, synchronous or asynchronous. */
  readonly streams?: true;
  /** Dialect of errors; the decision API's by default. */
  readonly dialect?: ErrorDialect;
}

/** An operation: its contract and its handler. */
export interface Route {
  readonly contract: RouteContract;
  readonly handle: Handler;
  /** Called after authentication, before the body is read. @throws CalybrisError if the operation is unavailable now. */
  readonly requireReady?: () => void;
}

export function dialectOf(route: Route | undefined): ErrorDialect {
  return route?.contract.dialect ?? calybrisDialect;
}

/** The parameters of a contract's path: `/v1/tenants/{id}/budget` has `id`. */
export function parametersOf({ path }: RouteContract): readonly string[] {
  return [...path.matchAll(/\{([a-z]+)\}/gi)].map(([, name = ""]) => name);
}
