import { zstdDecompressSync } from "node:zlib";
import fc from "fast-check";
import { expect, test } from "vitest";
import { PackedSegment, packed } from "../../src/journal/packed-segment.ts";

test("reading at any position of a packed file gives what the plain file has there", () => {
  fc.assert(
    fc.property(
      fc.array(fc.uint8Array({ maxLength: 600_000 }), { maxLength: 6 }),
      fc.array(fc.tuple(fc.nat(3_000_000), fc.integer({ min: 1, max: 100_000 })), { maxLength: 20 }),
      (pieces, reads) => {
        const plain = Buffer.concat(pieces);
        const file = Buffer.concat([...packed(pieces)]);
        expect(zstdDecompressSync(file).equals(plain)).toBe(true);
        const from = (bytes: Uint8Array, position: number): number =>
          file.copy(bytes, 0, position, position + bytes.byteLength);
        const segment = new PackedSegment("a packed file", file.byteLength, from);
        expect(segment.size).toBe(plain.byteLength);
        for (const [position, length] of reads) {
          const bytes = Buffer.alloc(length);
          const count = segment.read(bytes, position);
          expect(count > 0).toBe(position < plain.byteLength);
          expect(bytes.subarray(0, count).equals(plain.subarray(position, position + count))).toBe(true);
        }
      },
    ),
    { numRuns: 30 },
  );
});
