/**
 * The server: Node's own, with every bound set. What is no HTTP, too long, or too slow is answered with an error of the
 * table where there is still somebody to answer, and the connection is closed.
 * @module
 */
import { readFileSync } from "node:fs";
import {
  createServer,
  type IncomingMessage,
  type RequestListener,
  type Server,
  type ServerOptions,
  type ServerResponse,
  STATUS_CODES,
} from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo } from "node:net";
import type { Duplex } from "node:stream";
import { CalybrisError } from "@calybris/kernel";
import { type Config, isLoopback } from "../config/config.ts";
import { errorJson } from "./answers.ts";

const HEADERS_MAX = 64;
/** How often slow connections are looked for; a fourth of the shortest time that they are given. */
const LOOKS_PER_LIMIT = 4;
const LOOK_MS_MIN = 25;
const LOOK_MS_MAX = 1_000;

export function httpServer(config: Config, handle: RequestListener, refused: (error: CalybrisError) => void): Server {
  const pending = new Pending();
  const receive: RequestListener = (request, response) => {
    pending.begin(request, response);
    handle(request, response);
  };
  const { limits, tls } = config;
  const shortestMs = Math.min(limits.headersMs, limits.requestMs, limits.idleMs);
  const options = {
    maxHeaderSize: limits.headerBytesMax,
    headersTimeout: Math.min(limits.headersMs, limits.requestMs),
    requestTimeout: limits.requestMs,
    keepAliveTimeout: limits.idleMs,
    connectionsCheckingInterval: Math.min(LOOK_MS_MAX, Math.max(LOOK_MS_MIN, shortestMs / LOOKS_PER_LIMIT)),
    insecureHTTPParser: false,
    requireHostHeader: true,
    noDelay: true,
  };
  const server = tls.certificateFile === undefined ? createServer(options, receive) : tlsServer(tls, options, receive);
  server.maxHeadersCount = HEADERS_MAX;
  server.maxConnections = limits.connectionsMax;
  server.on("checkContinue", (request: IncomingMessage, response: ServerResponse) => {
    // A body that is too long is refused before it is sent.
    if (Number(request.headers["content-length"] ?? 0) <= limits.bodyBytesMax) response.writeContinue();
    receive(request, response);
  });
  server.on("clientError", (error: NodeJS.ErrnoException, socket: Duplex) => {
    const coded = clientError(error, config);
    if (coded !== undefined) refused(coded);
    if (coded === undefined || !socket.writable || pending.isAnswerDue(socket)) socket.destroy();
    else answerRaw(socket, coded);
  });
  return server;
}

function tlsServer(tls: Config["tls"], options: ServerOptions, receive: RequestListener): Server {
  const [cert, key] = [readSecret(tls.certificateFile ?? ""), readSecret(tls.keyFile ?? "")];
  try {
    // It is one but for the socket below it.
    return createTlsServer({ ...options, cert, key, minVersion: "TLSv1.2" }, receive) as unknown as Server;
  } catch (cause) {
    const problem = `cannot be used: ${(cause as Error).message}`;
    const remedy = "Give a PEM certificate chain, and the private key that belongs to it.";
    throw new CalybrisError("CAL_CONFIG_INVALID", { mistakes: [{ path: "tls", problem, remedy }] }, { cause });
  }
}

/** @throws CalybrisError `CAL_GATEWAY_LISTEN`; `CAL_CONFIG_INVALID` when others could reach a service without keys. */
export async function listen(server: Server, config: Config): Promise<AddressInfo> {
  const { host, port } = config.listen;
  await new Promise<void>((resolve, reject) => {
    server.once("error", (cause: Error) =>
      reject(new CalybrisError("CAL_GATEWAY_LISTEN", { host, port, problem: cause.message }, { cause })),
    );
    server.listen(port, host, resolve);
  });
  const address = server.address() as AddressInfo;
  // A name may stand for another address than it seems to.
  if (config.keys.length > 0 || isLoopback(address.address)) return address;
  server.close();
  const problem = `is ${host}, which is ${address.address}, and there are no keys`;
  const remedy = "Others can reach that address: configure a key (`calybris key create`), or listen on 127.0.0.1.";
  throw new CalybrisError("CAL_CONFIG_INVALID", { mistakes: [{ path: "listen.host", problem, remedy }] });
}

function clientError(error: NodeJS.ErrnoException, { limits }: Config): CalybrisError | undefined {
  if (error.code === "ECONNRESET" || error.code === "EPIPE") return undefined;
  if (error.code === "HPE_HEADER_OVERFLOW")
    return new CalybrisError("CAL_GATEWAY_HEADERS_TOO_LARGE", { bytesMax: limits.headerBytesMax });
  if (error.code === "ERR_HTTP_REQUEST_TIMEOUT")
    return new CalybrisError("CAL_GATEWAY_TIMEOUT", { milliseconds: limits.requestMs });
  return new CalybrisError("CAL_GATEWAY_HTTP_MALFORMED", { problem: error.code ?? "it cannot be read" });
}

/**
 * What each connection waits for. When a request breaks off behind others that are whole, the next answer on the connection
 * is taken for theirs; an error that is not about them must not be it.
 */
class Pending {
  readonly #requests = new WeakMap<Duplex, Set<IncomingMessage>>();

  begin(request: IncomingMessage, response: ServerResponse): void {
    const { socket } = request;
    let requests = this.#requests.get(socket);
    if (requests === undefined) {
      requests = new Set();
      this.#requests.set(socket, requests);
    }
    const open = requests.add(request);
    response.once("close", () => open.delete(request));
  }

  /** Whether an answer to a request that has arrived is still to come, or has begun. */
  isAnswerDue(socket: Duplex): boolean {
    const requests = [...(this.#requests.get(socket) ?? [])];
    const begun = (socket as { readonly _httpMessage?: { readonly headersSent?: boolean } })._httpMessage?.headersSent;
    return begun === true || requests.some(({ complete }) => complete);
  }
}

function answerRaw(socket: Duplex, error: CalybrisError): void {
  const body = errorJson(error);
  socket.end(
    `HTTP/1.1 ${error.status} ${STATUS_CODES[error.status]}\r\ncontent-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`,
    () => socket.destroy(),
  );
}

function readSecret(file: string): Buffer {
  try {
    return readFileSync(file);
  } catch (cause) {
    throw new CalybrisError("CAL_INPUT_UNREADABLE", { file, problem: (cause as Error).message }, { cause });
  }
}
