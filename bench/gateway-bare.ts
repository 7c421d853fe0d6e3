/**
 * The baseline of the gateway benchmark: a proxy of Node's HTTP server and undici that only forwards calls and answers.
 *
 *     node bench/gateway-bare.ts PROVIDER_URL
 * @module
 */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { pipeline } from "node:stream/promises";
import { Pool } from "undici";

const pool = new Pool(process.argv[2] ?? "");

async function pass(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const pieces: Buffer[] = [];
  for await (const piece of request as AsyncIterable<Buffer>) pieces.push(piece);
  const { statusCode, headers, body } = await pool.request({
    method: "POST",
    path: request.url ?? "/",
    headers: { "content-type": "application/json", authorization: "Bearer of-the-provider" },
    body: Buffer.concat(pieces),
  });
  const { "transfer-encoding": _encoding, connection: _connection, ...passed } = headers;
  response.writeHead(statusCode, passed);
  await pipeline(body, response);
}

const server = createServer((request, response) => {
  pass(request, response).catch(() => response.destroy());
});
server.listen(0, "127.0.0.1", () => process.send?.({ port: (server.address() as AddressInfo).port }));
process.on("disconnect", () => process.exit());
