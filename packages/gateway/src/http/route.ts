/**
 * Routes: what the service answers to, each with what a caller must be allowed, what it takes and what it gives. The
 * table of them routes, checks, documents and types the client.
 * @module
 */
import type { ExactJson } from "@calybris/kernel";
import type { z } from "zod";
import type { Plane, Principal } from "../keys/keyring.ts";

/** What a handler is given. Path, query and body have been checked against the route's schemas. */
export interface Call {
  readonly principal: Principal;
  readonly parameters: { readonly [name: string]: string };
  readonly query: { readonly [name: string]: string };
  readonly body: ExactJson;
  /** The `idempotency-key` header. */
  readonly idempotencyKey: string | undefined;
}

/** What a handler answers: JSON or other text, or pieces that are sent as fast as they are taken. */
export interface Reply {
  readonly status?: number;
  readonly text: string | Iterable<Uint8Array>;
  /** `application/json` when left out. */
  readonly contentType?: string;
  readonly headers?: readonly string[];
  /** The text is known to be plain ASCII. */
  readonly isAscii?: true;
}

/** How a body is checked: by its schema, or by code that a test holds equal to it. */
export interface BodyRule {
  readonly schema: z.ZodType;
  readonly byHand?: boolean;
}

export interface Route {
  readonly method: "GET" | "POST";
  /** `{name}` stands for one part of the path. */
  readonly path: string;
  /** The name of the operation: of the client's method, and in the documentation. */
  readonly name: string;
  readonly summary: string;
  readonly description?: string;
  /** One of these is needed; none: open to everybody. */
  readonly planes: readonly Plane[];
  readonly query?: z.ZodType;
  readonly body?: BodyRule;
  /** What it answers with 200; a media type where it is no JSON. */
  readonly answer: z.ZodType | string;
  /** Answered while the service is stopping, too. */
  readonly always?: boolean;
  readonly handle: (call: Call) => Reply | Promise<Reply>;
}

/** A route that a request goes to, with what stands in its path. */
export interface Matched {
  readonly route: Route;
  readonly parameters: { readonly [name: string]: string };
}

const NO_PARAMETERS: { readonly [name: string]: string } = Object.freeze({});

interface Pattern {
  readonly route: Route;
  readonly parts: readonly string[];
}

export class Router {
  readonly #exact = new Map<string, Matched>();
  readonly #patterns: readonly Pattern[];
  readonly #routes: readonly Route[];

  constructor(routes: readonly Route[]) {
    this.#routes = routes;
    for (const route of routes)
      if (!route.path.includes("{"))
        this.#exact.set(`${route.method} ${route.path}`, { route, parameters: NO_PARAMETERS });
    this.#patterns = routes
      .filter(({ path }) => path.includes("{"))
      .map((route) => ({ route, parts: route.path.split("/") }));
  }

  match(method: string, path: string): Matched | undefined {
    const exact = this.#exact.get(`${method} ${path}`);
    if (exact !== undefined) return exact;
    for (const { route, parts } of this.#patterns) {
      if (route.method !== method) continue;
      const parameters = parametersIn(parts, path);
      if (parameters !== undefined) return { route, parameters };
    }
    return undefined;
  }

  /** The methods that a path takes. */
  methodsOf(path: string): readonly string[] {
    const methods = this.#routes
      .filter((route) => route.path === path || parametersIn(route.path.split("/"), path) !== undefined)
      .map(({ method }) => method);
    return [...new Set(methods)];
  }
}

function parametersIn(parts: readonly string[], path: string): { readonly [name: string]: string } | undefined {
  const given = path.split("/");
  if (given.length !== parts.length) return undefined;
  const parameters: { [name: string]: string } = {};
  for (const [index, part] of parts.entries()) {
    const text = given[index] ?? "";
    if (!part.startsWith("{")) {
      if (part !== text) return undefined;
      continue;
    }
    const decoded = decodedPart(text);
    if (decoded === undefined || decoded === "") return undefined;
    parameters[part.slice(1, -1)] = decoded;
  }
  return parameters;
}

function decodedPart(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}
