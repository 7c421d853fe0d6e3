import { Readable } from "node:stream";
import { brotliCompressSync, deflateSync, gzipSync, zstdCompressSync } from "node:zlib";
import { expect, test } from "vitest";
import { decodedBody } from "../../src/providers/answer-encoding.ts";

async function textOf(body: Readable): Promise<string> {
  const pieces: Buffer[] = [];
  for await (const piece of body as AsyncIterable<Buffer>) pieces.push(piece);
  return Buffer.concat(pieces).toString();
}

const PLAIN = '{"answer":"é"}'.repeat(500);

test.each([
  ["gzip", gzipSync],
  ["GZIP", gzipSync],
  ["deflate", deflateSync],
  ["br", brotliCompressSync],
  ["zstd", zstdCompressSync],
])("an answer in %s is read as what was compressed, however it is cut", async (encoding, compress) => {
  const bytes = compress(Buffer.from(PLAIN));
  const pieces = Array.from(bytes, (byte) => Buffer.from([byte]));
  expect(await textOf(decodedBody(Readable.from(pieces, { objectMode: false }), encoding))).toBe(PLAIN);
});

test("an answer that ends within its compression is an error, and not a shorter answer", async () => {
  const cut = gzipSync(Buffer.from(PLAIN)).subarray(0, -9);
  const body = decodedBody(Readable.from([cut], { objectMode: false }), "gzip");
  await expect(textOf(body)).rejects.toThrow();
});

test("an answer that is not compressed is the body itself", () => {
  const body = Readable.from([]);
  expect(decodedBody(body, undefined)).toBe(body);
  expect(decodedBody(body, "identity")).toBe(body);
});
