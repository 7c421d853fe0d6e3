import fc from "fast-check";
import { expect, test } from "vitest";
import { LANES_MESSAGE_BYTES_MAX, Sha256Lanes, sha256 } from "../src/index.ts";

// Goal: the lanes hash every message as the portable hash does, whatever was hashed in the same memory before.

const CAPACITY = 37;
const lanes = new Sha256Lanes({ capacity: CAPACITY, strideMax: 128 });

const messages = fc
  .record({
    count: fc.integer({ min: 1, max: CAPACITY }),
    tag: fc.oneof(fc.constant(undefined), fc.constantFrom(0, 1, 255)),
    bytes: fc.integer({ min: 0, max: LANES_MESSAGE_BYTES_MAX - 1 }),
    gap: fc.nat(9),
    seed: fc.nat(255),
  })
  .map((drawn) => ({ ...drawn, stride: drawn.bytes + drawn.gap }));

test("digests equal those of the portable hash, message by message", () => {
  fc.assert(
    fc.property(messages, ({ count, tag, bytes, stride, seed }) => {
      for (let at = 0; at < lanes.messages.length; at++) lanes.messages[at] = (at * 31 + (at >> 7) + seed) & 255;
      lanes.digest({ count, bytes, stride, ...(tag !== undefined && { tag }) });
      for (let index = 0; index < count; index++) {
        const message = lanes.messages.slice(index * stride, index * stride + bytes);
        const tagged = tag === undefined ? message : new Uint8Array([tag, ...message]);
        expect(lanes.digests.slice(index * 32, index * 32 + 32)).toEqual(sha256(tagged));
      }
    }),
  );
});

test("every length up to the limit, which fills two blocks", () => {
  for (let bytes = 0; bytes <= LANES_MESSAGE_BYTES_MAX; bytes++) {
    lanes.messages.fill(bytes + 1);
    lanes.digest({ count: 5, bytes, stride: bytes });
    const expected = sha256(lanes.messages.slice(0, bytes));
    for (let index = 0; index < 5; index++) expect(lanes.digests.slice(index * 32, index * 32 + 32)).toEqual(expected);
  }
});

test("what does not fit is refused", () => {
  const fits = { count: 1, bytes: 119, stride: 119 };
  expect(() => lanes.digest(fits)).not.toThrow();
  for (const wrong of [
    { ...fits, count: 0 },
    { ...fits, count: CAPACITY + 1 },
    { ...fits, bytes: 120, stride: 120 },
    { ...fits, tag: 0 },
    { ...fits, stride: 118 },
    { ...fits, stride: 129 },
    { ...fits, bytes: 1, tag: 256 },
  ])
    expect(() => lanes.digest(wrong)).toThrow();
});
