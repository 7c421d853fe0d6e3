/**
 * A witness over HTTP: only `POST <prefix>/add-checkpoint`, on Node's own server.
 * @module
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { once } from "node:events";
import type { Answer, Witness } from "./witness-answers.ts";

/** Ample: a checkpoint with 16 signatures and 63 hashes has about 6 kB. */
const BODY_BYTES_MAX = 64 * 1024;
const REQUEST_MS = 10_000;
const CONNECTIONS_MAX = 256;
const PATH = "/add-checkpoint";

export interface WitnessListening {
  readonly url: string;
  readonly close: () => Promise<void>;
}

/** @param onFault - called with an internal error; the client is answered 500, and nothing was signed. */
export async function listen(
  witness: Witness,
  at: { readonly host: string; readonly port: number },
  onFault: (error: unknown) => void,
): Promise<WitnessListening> {
  const limits = { requestTimeout: REQUEST_MS, headersTimeout: REQUEST_MS, maxHeaderSize: 8_192 };
  const server = createServer(limits, (request, response) => {
    answer(witness, request).then(
      (answered) => reply(response, answered),
      (error: unknown) => {
        onFault(error);
        reply(response, plain(500, "the witness cannot answer; nothing was signed"));
      },
    );
  });
  server.maxConnections = CONNECTIONS_MAX;
  server.listen(at.port, at.host);
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const host = at.host.includes(":") ? `[${at.host}]` : at.host;
  return { url: `http://${host}:${port}`, close: () => closed(server) };
}

async function answer(witness: Witness, request: IncomingMessage): Promise<Answer> {
  if (!(request.url ?? "").endsWith(PATH)) return plain(404, `the only path is ${PATH}`);
  if (request.method !== "POST") return plain(405, "the only method is POST");
  const body = await bodyOf(request);
  return body === undefined ? plain(413, `the body exceeds ${BODY_BYTES_MAX} bytes`) : witness.addCheckpoint(body);
}

/** `undefined` for a body that is too large. */
async function bodyOf(request: IncomingMessage): Promise<Uint8Array | undefined> {
  const pieces: Buffer[] = [];
  let bytes = 0;
  for await (const piece of request as AsyncIterable<Buffer>) {
    bytes += piece.byteLength;
    if (bytes > BODY_BYTES_MAX) return undefined;
    pieces.push(piece);
  }
  return Buffer.concat(pieces);
}

function reply(response: ServerResponse, { status, mediaType, body }: Answer): void {
  const headers = { "content-type": mediaType, "content-length": Buffer.byteLength(body) };
  response.writeHead(status, status === 413 ? { ...headers, connection: "close" } : headers).end(body);
}

function plain(status: number, body: string): Answer {
  return { status, mediaType: "text/plain; charset=utf-8", body: `${body}\n` };
}

async function closed(server: Server): Promise<void> {
  const ended = once(server, "close");
  server.close();
  server.closeIdleConnections();
  await ended;
}
