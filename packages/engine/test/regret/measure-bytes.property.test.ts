import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type MeasureBytes, MeasureReader, MeasureWriter } from "../../src/regret/measure-bytes.ts";
import { SequenceSet } from "../../src/regret/sequence-set.ts";
import { DecisionTimes } from "../../src/regret/decision-times.ts";

interface CarriedBytes {
  carry(bytes: MeasureBytes): void;
}

function bytesOf(carried: CarriedBytes): Uint8Array {
  const writer = new MeasureWriter();
  carried.carry(writer);
  return writer.finish();
}

function readInto<Into extends CarriedBytes>(into: Into, bytes: Uint8Array): Into {
  const reader = new MeasureReader(bytes);
  into.carry(reader);
  reader.end();
  return into;
}

const WHOLES = fc.oneof(fc.maxSafeInteger(), fc.integer({ min: -200, max: 200 }));

describe("bytes of a measure", () => {
  test("hold floating-point numbers bit by bit, whole numbers up to 2^53, text and bytes, in their order", () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.double(), WHOLES, fc.string({ unit: "grapheme" }), fc.uint8Array()), { maxLength: 200 }),
        (all) => {
          const writer = new MeasureWriter();
          for (const [number, whole, text, raw] of all) {
            writer.number(number);
            writer.whole(whole);
            writer.text(text);
            writer.raw(raw);
          }
          const reader = new MeasureReader(writer.finish());
          for (const [number, whole, text, raw] of all) {
            expect(reader.number()).toBe(number);
            expect(reader.whole() + 0).toBe(whole + 0);
            expect(reader.text()).toBe(text);
            expect(reader.raw()).toEqual(raw);
          }
          reader.end();
        },
      ),
      { numRuns: 60 },
    );
  });

  test("a small whole number takes one byte", () => {
    const writer = new MeasureWriter();
    for (const value of [0, 1, -1, 63, -63]) writer.whole(value);
    expect(writer.finish()).toEqual(Uint8Array.of(0, 2, 3, 126, 127));
  });

  test("that are cut, that go on, or that say more than 2^53 are refused", () => {
    const writer = new MeasureWriter();
    writer.number(1.5);
    writer.text("regret");
    const bytes = writer.finish();
    for (let end = 0; end < bytes.byteLength; end += 1) {
      const reader = new MeasureReader(bytes.subarray(0, end));
      expect(() => [reader.number(), reader.text()]).toThrow(RangeError);
    }
    expect(() => new MeasureReader(bytes).end()).toThrow(RangeError);
    expect(() => new MeasureReader(new Uint8Array(9).fill(0xff)).whole()).toThrow(RangeError);
    expect(() => new MeasureReader(Uint8Array.of(3)).text()).toThrow(RangeError);
  });
});

test("a set of sequences is that of the language, and the same when it was carried over", () => {
  const sequence = fc.oneof(
    fc.nat(30),
    fc.integer({ min: 4_090, max: 4_100 }),
    fc.integer({ min: 2 ** 40, max: 2 ** 40 + 9 }),
  );
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.boolean(), sequence), { maxLength: 60 }), (steps) => {
      const [set, model] = [new SequenceSet(), new Set<number>()];
      for (const [isAdded, one] of steps)
        if (isAdded) {
          set.add(one);
          model.add(one);
        } else expect(set.delete(one)).toBe(model.delete(one));
      const carried = readInto(new SequenceSet(), bytesOf(set));
      for (const [, one] of steps) expect([set.has(one), carried.has(one)]).toEqual([model.has(one), model.has(one)]);
      for (const one of model) expect(carried.delete(one)).toBe(true);
      expect(bytesOf(carried)).toEqual(bytesOf(new SequenceSet()));
    }),
    { numRuns: 200 },
  );
});

test("times of decisions that were carried over are the same, and go on the same, also where older ones are in blocks", () => {
  const [whole, before] = [new DecisionTimes(), new DecisionTimes()];
  const add = (times: DecisionTimes, from: number, to: number): void => {
    for (let sequence = from; sequence <= to; sequence += 1)
      // A clock that was corrected goes back.
      times.add(sequence * 2, 1_700_000_000_000_000 + sequence * 997 - (sequence % 5_000 === 0 ? 10_000 : 0));
  };
  const [cut, end] = [300_123, 330_000];
  add(whole, 1, end);
  add(before, 1, cut);
  const bytes = bytesOf(before);
  expect(bytes.byteLength).toBeLessThan(1_200_000);
  const behind = readInto(new DecisionTimes(), bytes);
  add(behind, cut + 1, end);
  expect(Buffer.from(bytesOf(behind)).equals(bytesOf(whole))).toBe(true);
  for (const sequence of [2, 2_048, 60_000, 2 * cut, 2 * end, 2 * end + 1])
    expect(behind.of(sequence)).toBe(whole.of(sequence));
  expect(() => readInto(new DecisionTimes(), bytes.subarray(0, -1))).toThrow(RangeError);
});
