/** A provider that answers every call as scripted, and keeps what it was sent. */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { bytesOf, type CaseUpstream } from "./played-cases.ts";

export interface SeenCall {
  readonly path: string;
  readonly headers: { readonly [name: string]: string | readonly string[] | undefined };
  readonly raw: Buffer;
  /** `undefined` where the body is no JSON. */
  readonly body: unknown;
  /** When the gateway left before the answer was whole, by the clock of the process. */
  abortedMs: number | undefined;
}

/** Before a reset, so that what was written arrives. */
const RESET_AFTER_MS = 50;

export class ScriptedProvider implements AsyncDisposable {
  readonly seen: SeenCall[] = [];
  script: { readonly upstream: CaseUpstream; readonly isSplit: boolean } | undefined;
  readonly #server = createServer((request, response) => void this.#serve(request, response));

  static async start(): Promise<ScriptedProvider> {
    const provider = new ScriptedProvider();
    await new Promise<void>((resolve) => provider.#server.listen(0, "127.0.0.1", resolve));
    return provider;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const pieces: Buffer[] = [];
    for await (const piece of request as AsyncIterable<Buffer>) pieces.push(piece);
    const raw = Buffer.concat(pieces);
    const call: SeenCall = {
      path: request.url ?? "",
      headers: request.headers,
      raw,
      body: jsonOf(raw),
      abortedMs: undefined,
    };
    this.seen.push(call);
    response.once("close", () => {
      if (!response.writableEnded) call.abortedMs = performance.now();
    });
    const { script } = this;
    if (script === undefined) {
      response.writeHead(500).end();
      return;
    }
    const { status, headers, chunks, end } = script.upstream;
    response.writeHead(status, headers);
    response.flushHeaders();
    for (const chunk of chunks) {
      if (chunk.delay_ms !== undefined) await sleep(chunk.delay_ms);
      const bytes = bytesOf(chunk);
      const writes = script.isSplit ? Array.from(bytes, (byte) => Buffer.from([byte])) : [bytes];
      for (const write of writes) {
        if (response.destroyed) return;
        await new Promise((resolve) => response.write(write, resolve));
        await new Promise((resolve) => setImmediate(resolve));
      }
    }
    if (end !== "reset") {
      response.end();
      return;
    }
    await sleep(RESET_AFTER_MS);
    response.socket?.resetAndDestroy();
  }
}

function jsonOf(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString());
  } catch {
    return undefined;
  }
}
