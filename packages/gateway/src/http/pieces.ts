/**
 * Sends what is too long to be held in memory: piece by piece, no faster than it is taken, and no further once whoever
 * asked has gone.
 * @module
 */
import type { ServerResponse } from "node:http";
import { Readable } from "node:stream";

/** How much is gathered before it is written. */
const GATHERED_BYTES = 64 * 1024;

export function sendPieces(response: ServerResponse, pieces: Iterable<Uint8Array>): void {
  const stream = Readable.from(gathered(pieces), { objectMode: true, highWaterMark: 1 });
  // The status has gone out; breaking the connection off is the only way left to say that this is not all.
  stream.on("error", () => response.destroy());
  response.on("close", () => stream.destroy());
  stream.pipe(response);
}

function* gathered(pieces: Iterable<Uint8Array>): Generator<Buffer> {
  let held: Uint8Array[] = [];
  let bytes = 0;
  for (const piece of pieces) {
    held.push(piece);
    bytes += piece.byteLength;
    if (bytes < GATHERED_BYTES) continue;
    yield Buffer.concat(held, bytes);
    held = [];
    bytes = 0;
  }
  if (bytes > 0) yield Buffer.concat(held, bytes);
}
