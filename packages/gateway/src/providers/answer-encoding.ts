/**
 * Decompresses answers that a provider compressed although uncompressed ones were requested: their usage must be read, and
 * the client gets them uncompressed.
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

/** The decompressed body; the body itself if it is not compressed, or its encoding is unknown. */
export function decodedBody(body: Readable, encoding: string | undefined): Readable {
  const decoder = DECODERS.get((encoding ?? "").trim().toLowerCase())?.();
  if (decoder === undefined) return body;
  // An error of either stream reaches the reader of the result.
  return pipeline(body, decoder, () => undefined) as unknown as Readable;
}
