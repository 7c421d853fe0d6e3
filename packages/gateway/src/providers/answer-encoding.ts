/**
 * Answers that a provider compressed although it was asked not to: they are decompressed, because their usage is read, and
 * the client gets them plain.
 * @module
 */
import { type Readable, pipeline } from "node:stream";
import { createBrotliDecompress, createGunzip, createInflate, createZstdDecompress } from "node:zlib";

const DECODERS: ReadonlyMap<string, () => NodeJS.ReadWriteStream> = new Map<string, () => NodeJS.ReadWriteStream>([
  ["gzip", createGunzip],
  ["x-gzip", createGunzip],
  ["deflate", createInflate],
  ["br", createBrotliDecompress],
  ["zstd", createZstdDecompress],
]);

/** The body as it was before it was compressed; itself where it was not, or in a way that is not known. */
export function decodedBody(body: Readable, encoding: string | undefined): Readable {
  const decoder = DECODERS.get((encoding ?? "").trim().toLowerCase())?.();
  if (decoder === undefined) return body;
  // An error of either stream reaches the reader of the result.
  return pipeline(body, decoder, () => undefined) as unknown as Readable;
}
