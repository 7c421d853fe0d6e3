/**
 * Decompresses a request's body in bounded pieces. An oversized body is refused while it is read, so that a few kilobytes
 * that expand to gigabytes cost no more than the longest allowed body.
 * @module
 */
import type { Transform } from "node:stream";
import { createBrotliDecompress, createGunzip, createInflate, createZstdDecompress } from "node:zlib";
import { GatewayError } from "../gateway-errors.ts";

const PIECE_BYTES = 64 * 1024;

const DECODERS: { readonly [Encoding in CallEncoding]: () => Transform } = {
  gzip: () => createGunzip({ chunkSize: PIECE_BYTES }),
  deflate: () => createInflate({ chunkSize: PIECE_BYTES }),
  br: () => createBrotliDecompress({ chunkSize: PIECE_BYTES }),
  zstd: () => createZstdDecompress({ chunkSize: PIECE_BYTES }),
};

export type CallEncoding = "gzip" | "deflate" | "br" | "zstd";

/**
 * The encoding in a `content-encoding` header; `undefined` for none.
 *
 * @throws GatewayError `CAL_GATEWAY_MEDIA_TYPE` for an unknown encoding, or several.
 */
export function encodingOf(header: string | undefined): CallEncoding | undefined {
  const name = header?.trim().toLowerCase() ?? "identity";
  if (name === "identity" || name === "") return undefined;
  const plain = name === "x-gzip" ? "gzip" : name;
  if (!Object.hasOwn(DECODERS, plain))
    throw new GatewayError("CAL_GATEWAY_MEDIA_TYPE", { given: `compressed (${name})` });
  return plain as CallEncoding;
}

/**
 * Passes every piece of the decompressed body to `take`, in order. An error of `take` ends the decompression.
 *
 * @throws GatewayError `CAL_GATEWAY_BODY_MALFORMED` for bytes that are invalid in the encoding or end too early.
 */
export async function decompress(
  bytes: Uint8Array,
  encoding: CallEncoding,
  take: (piece: Buffer) => void,
): Promise<void> {
  const decoder = DECODERS[encoding]();
  decoder.end(bytes);
  try {
    for await (const piece of decoder) take(piece as Buffer);
  } catch (cause) {
    if (cause instanceof GatewayError) throw cause;
    const problem = `is not ${encoding}, or ends too early`;
    throw new GatewayError("CAL_GATEWAY_BODY_MALFORMED", { problem }, { cause });
  } finally {
    decoder.destroy();
  }
}
