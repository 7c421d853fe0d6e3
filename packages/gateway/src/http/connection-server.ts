/**
 * Accepts connections over TCP or TLS, and enforces their deadlines with one timer for all.
 * @module
 */
import { readFileSync } from "node:fs";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { createSecureContext, createServer as createTlsServer, Server as TlsServer } from "node:tls";
import { CalybrisError } from "@calybris/kernel";
import { type Config, isLoopback } from "../config/config.ts";
import { GatewayError } from "../gateway-errors.ts";
import { type ConnectionParts, RawConnection } from "./connection.ts";

/** Deadlines are checked this many times within the shortest of them. */
const LOOKS_PER_LIMIT = 4;
const LOOK_MS_MIN = 25;
const LOOK_MS_MAX = 1_000;

export class ConnectionServer {
  readonly #server: Server;
  readonly #config: Config;
  readonly #connections = new Set<RawConnection>();
  /** All sockets, including those in a handshake. */
  readonly #sockets = new Set<Socket>();
  readonly #timer: NodeJS.Timeout;

  /** @param tls - from {@link readTls}; plain TCP without it. */
  constructor(config: Config, tls: TlsOptions | undefined, parts: Omit<ConnectionParts, "limits">) {
    this.#config = config;
    const { limits } = config;
    this.#server =
      tls === undefined
        ? createServer(OPTIONS)
        : createTlsServer({ ...OPTIONS, ...tls, handshakeTimeout: limits.headersMs });
    this.#server.maxConnections = limits.connectionsMax;
    this.#server.on("connection", (socket: Socket) => {
      this.#sockets.add(socket);
      socket.once("close", () => this.#sockets.delete(socket));
    });
    this.#server.on(tls === undefined ? "connection" : "secureConnection", (socket: Socket) => {
      const connection = new RawConnection(socket, { ...parts, limits });
      this.#connections.add(connection);
      socket.once("close", () => this.#connections.delete(connection));
    });
    // A failed handshake is the client's fault, not the service's.
    this.#server.on("tlsClientError", () => undefined);
    const { headersMs, requestMs, idleMs, answerMs } = limits;
    const shortestMs = Math.min(headersMs, requestMs, idleMs, answerMs);
    this.#timer = setInterval(
      () => this.#look(),
      Math.min(LOOK_MS_MAX, Math.max(LOOK_MS_MIN, shortestMs / LOOKS_PER_LIMIT)),
    );
    this.#timer.unref();
  }

  get connectionCount(): number {
    return this.#connections.size;
  }

  /**
   * @throws CalybrisError `CAL_GATEWAY_LISTEN`; `CAL_CONFIG_INVALID` if other machines could reach a service without keys.
   */
  async listen(): Promise<AddressInfo> {
    const { host, port } = this.#config.listen;
    const server = this.#server;
    await new Promise<void>((resolve, reject) => {
      server.once("error", (cause: Error) =>
        reject(new GatewayError("CAL_GATEWAY_LISTEN", { host, port, problem: cause.message }, { cause })),
      );
      server.listen(port, host, resolve);
    });
    const address = server.address() as AddressInfo;
    try {
      this.#requireKeys(this.#config, address);
      return address;
    } catch (error) {
      void this.close();
      throw error;
    }
  }

  /**
   * Checks the parts of a changed configuration that concern connections: TLS files, and that other machines cannot reach a
   * service without keys.
   *
   * @returns a function that applies the TLS files to new connections. It does not turn TLS on or off.
   * @throws CalybrisError `CAL_CONFIG_INVALID`, `CAL_INPUT_UNREADABLE`.
   */
  prepare(config: Config): () => void {
    const address = this.#server.address();
    if (typeof address === "object" && address !== null) this.#requireKeys(config, address);
    const tls = readTls(config.tls);
    const server = this.#server;
    return () => {
      if (tls !== undefined && server instanceof TlsServer) server.setSecureContext(tls);
    };
  }

  /** Checks the bound address: a name such as `localhost` may resolve to a public one. */
  #requireKeys({ keys, listen }: Config, { address }: AddressInfo): void {
    if (keys.length > 0 || isLoopback(address)) return;
    const problem = `is ${listen.host}, which is ${address}, and there are no keys`;
    const remedy = "Others can reach that address: configure a key (`calybris key create`), or listen on 127.0.0.1.";
    throw new GatewayError("CAL_CONFIG_INVALID", { mistakes: [{ path: "listen.host", problem, remedy }] });
  }

  /** Stops accepting connections; resolves when the last one is closed. */
  close(): Promise<void> {
    return new Promise((resolve) => {
      this.#server.close(() => {
        clearInterval(this.#timer);
        resolve();
      });
    });
  }

  /** Closes all idle connections. */
  closeIdle(): void {
    for (const connection of this.#connections) connection.closeIfIdle();
  }

  closeAll(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  #look(): void {
    const nowMs = performance.now();
    for (const connection of this.#connections) connection.look(nowMs);
  }
}

/** With `allowHalfOpen`, a client that closes its side still gets its answers. */
const OPTIONS = { allowHalfOpen: true, noDelay: true } as const;

interface TlsOptions {
  readonly cert: Buffer;
  readonly key: Buffer;
  readonly minVersion: "TLSv1.2";
}

/**
 * Certificate and key; `undefined` if HTTPS is not configured.
 *
 * @throws CalybrisError `CAL_CONFIG_INVALID`, `CAL_INPUT_UNREADABLE` if they cannot be used.
 */
export function readTls({ certificateFile, keyFile }: Config["tls"]): TlsOptions | undefined {
  if (certificateFile === undefined) return undefined;
  const options: TlsOptions = {
    cert: readSecret(certificateFile),
    key: readSecret(keyFile ?? ""),
    minVersion: "TLSv1.2",
  };
  try {
    createSecureContext({ ...options });
    return options;
  } catch (cause) {
    const problem = `cannot be used: ${(cause as Error).message}`;
    const remedy = "Give a PEM certificate chain and the private key that belongs to it.";
    throw new GatewayError("CAL_CONFIG_INVALID", { mistakes: [{ path: "tls", problem, remedy }] }, { cause });
  }
}

function readSecret(file: string): Buffer {
  try {
    return readFileSync(file);
  } catch (cause) {
    throw new CalybrisError("CAL_INPUT_UNREADABLE", { file, problem: (cause as Error).message }, { cause });
  }
}
