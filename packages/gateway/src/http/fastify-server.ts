/**
 * The service as a Fastify application: routes from the table, the pipeline's steps as hooks, and Node's HTTP server with
 * all limits set. The server does not listen; {@link RawConnection} passes connections to it.
 *
 *     onRequest: head, origin, key, scope, rate ─▶ parser: bytes ─▶ preHandler: JSON, cost, schema ─▶ handler
 *
 * @module
 */
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import { type FastifyInstance, type FastifyReply, type FastifyRequest, fastify } from "fastify";
import { FastifyExchange } from "./fastify-exchange.ts";
import { nodeHttp } from "./node-http.ts";
import { NodeSide } from "./node-side.ts";
import { collectBody } from "./request-body.ts";
import { HEADERS_MAX, requireUnambiguousHead } from "./request-head.ts";
import type { ActiveRequest } from "./active-request.ts";
import { RequestPipeline } from "./request-pipeline.ts";
import { parametersOf, type Route } from "./route-contract.ts";

export interface FastifyServerOptions {
  readonly routes: readonly Route[];
  readonly pipeline: RequestPipeline;
  readonly headerBytesMax: number;
  readonly bodyBytesMax: number;
  readonly idleMs: number;
}

declare module "fastify" {
  interface FastifyRequest {
    /** `undefined` until the pipeline has opened the request, and for an unknown path. */
    active: ActiveRequest | undefined;
  }
}

/** Maximum length of a percent-encoded tenant ID. */
const PARAMETER_CHARACTERS_MAX = 2_048;

export class FastifyServer {
  readonly #app: FastifyInstance;
  readonly #options: FastifyServerOptions;

  constructor(options: FastifyServerOptions) {
    this.#options = options;
    this.#app = fastify({
      serverFactory: (handle) => nodeServer(options, handle),
      clientErrorHandler: (error, socket) => {
        if ((socket as unknown) instanceof NodeSide) (socket as unknown as NodeSide).owner.failed(error);
      },
      // A target that is not a path, such as `http://host/path` or `*`, matches no route.
      rewriteUrl: ({ url = "" }) => (url.startsWith("/") ? url : `/${url}`),
      frameworkErrors: (_error, request, reply) => this.#unknown(request, reply),
      routerOptions: { maxParamLength: PARAMETER_CHARACTERS_MAX },
      forceCloseConnections: false,
      return503OnClosing: false,
    });
    this.#app.decorateRequest("active", undefined);
    this.#app.removeAllContentTypeParsers();
    this.#app.addContentTypeParser("*", (request, payload, done) => this.#collect(request, payload, done));
    this.#app.setErrorHandler((error, request, reply) => this.#failed(error, request, reply));
    this.#app.setNotFoundHandler((request, reply) => this.#unknown(request, reply));
    for (const route of options.routes) this.#add(route);
  }

  async ready(): Promise<void> {
    await this.#app.ready();
  }

  /** Passes a connection to Node's server. */
  readonly accept = (side: NodeSide): void => {
    this.#app.server.emit("connection", side);
  };

  async close(): Promise<void> {
    await this.#app.close();
  }

  #add(route: Route): void {
    const { pipeline } = this.#options;
    const { contract } = route;
    const names = parametersOf(contract);
    this.#app.route({
      method: contract.method,
      // Fastify reads a colon as the start of a parameter, unless it is doubled.
      url: contract.path.replaceAll(":", "::").replace(/\{([a-z]+)\}/gi, ":$1"),
      onRequest: (request, reply, done) => {
        const parameters = (request.params ?? {}) as { readonly [name: string]: string };
        if (names.some((name) => parameters[name] === "")) {
          this.#unknown(request, reply);
          return;
        }
        const active = this.#open(request, reply, route);
        try {
          this.#requireHead(active, request);
          if (!pipeline.admit(active, parameters)) done();
        } catch (error) {
          pipeline.refuse(active, error);
        }
      },
      preHandler: (request, _reply, done) => {
        const { active } = request;
        if (active === undefined || (contract.body === undefined && contract.rawBody === undefined)) {
          done();
          return;
        }
        const reading = pipeline.read(active, (request.body as Buffer | undefined) ?? Buffer.alloc(0));
        if (reading === undefined) done();
        else reading.then(() => done(), done);
      },
      handler: (request) => {
        if (request.active !== undefined) pipeline.handle(request.active);
      },
    });
  }

  #open(request: FastifyRequest, reply: FastifyReply, route: Route | undefined): ActiveRequest {
    const active = this.#options.pipeline.open(new FastifyExchange(request.raw, reply), route);
    request.active = active;
    return active;
  }

  #requireHead(active: ActiveRequest, request: FastifyRequest): void {
    try {
      requireUnambiguousHead(request.raw, this.#options.headerBytesMax);
    } catch (error) {
      active.exchange.closeAfter();
      throw error;
    }
  }

  #collect(
    request: FastifyRequest,
    payload: IncomingMessage,
    done: (error: Error | null, body?: Buffer) => void,
  ): void {
    const { active } = request;
    const { body, rawBody } = active?.route?.contract ?? {};
    if (active === undefined || (body === undefined && rawBody === undefined)) {
      done(null);
      return;
    }
    const { pipeline, bodyBytesMax } = this.#options;
    collectBody(
      payload,
      {
        bytesMax: rawBody?.bytesMax ?? bodyBytesMax,
        take: (bytes) => pipeline.takeBody(active, bytes),
        begin: () => (active.exchange as FastifyExchange).continue(),
      },
      (body) => done(null, body),
      (error) => done(error as Error),
    );
  }

  /** Answers an error of a hook, a parser, or a stream's first piece. No answer has begun. */
  #failed(error: unknown, request: FastifyRequest, reply: FastifyReply): void {
    const { active } = request;
    // Without a route, Fastify refuses a malformed request before the pipeline opens it.
    if (active === undefined) {
      this.#unknown(request, reply);
      return;
    }
    active.status = 0;
    active.refuse(error);
  }

  /** Answers a request that matches no route, by its path or its method. */
  #unknown(request: FastifyRequest, reply: FastifyReply): void {
    const { pipeline, routes } = this.#options;
    const active = this.#open(request, reply, undefined);
    try {
      this.#requireHead(active, request);
      if (pipeline.admit(active, {})) return;
      const url = request.raw.url ?? "";
      const [path = ""] = (request.originalUrl ?? url).split("?", 1);
      throw RequestPipeline.unknown(request.method, path, methodsOf(routes, path));
    } catch (error) {
      pipeline.refuse(active, error);
    }
  }
}

/** The methods that a path allows. */
function methodsOf(routes: readonly Route[], path: string): readonly string[] {
  const given = path.split("/");
  const isParameter = (part: string): boolean => part.startsWith("{");
  const methods = routes
    .filter(({ contract }) => {
      const parts = contract.path.split("/");
      return (
        parts.length === given.length &&
        parts.every((part, index) => (isParameter(part) ? isDecodable(given[index]) : part === given[index]))
      );
    })
    .map(({ contract }) => contract.method);
  return [...new Set(methods)];
}

function isDecodable(part: string | undefined): boolean {
  try {
    return part !== undefined && decodeURIComponent(part) !== "";
  } catch {
    return false;
  }
}

/** Node's HTTP server, without its own deadlines: the connection enforces them. */
function nodeServer(
  { headerBytesMax, idleMs }: FastifyServerOptions,
  handle: (request: IncomingMessage, response: ServerResponse) => void,
): Server {
  const receive = (request: IncomingMessage, response: ServerResponse): void => {
    (request.socket as unknown as NodeSide).begin(request, response);
    handle(request, response);
  };
  const server = nodeHttp.createServer(
    {
      maxHeaderSize: headerBytesMax,
      headersTimeout: 0,
      requestTimeout: 0,
      keepAliveTimeout: idleMs,
      insecureHTTPParser: false,
      // `requireUnambiguousHead` checks it and answers with a coded error.
      requireHostHeader: false,
    },
    receive,
  );
  // One more than allowed, so that an excess is detected.
  server.maxHeadersCount = HEADERS_MAX + 1;
  server.on("checkContinue", receive);
  server.on("checkExpectation", receive);
  return server;
}
