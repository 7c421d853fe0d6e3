import fc from "fast-check";
import { expect, test } from "vitest";
import { InFlight } from "../../src/state/in-flight.ts";

const step = fc.oneof(
  fc.record({ kind: fc.constant("add" as const), gap: fc.integer({ min: 1, max: 3 }) }),
  fc.record({ kind: fc.constant("answer" as const), position: fc.nat(3) }),
);

// Method: a Map is the model; the front is answered most often, as in the journal, and now and then one behind it.
test("decisions in flight are those that were added and not removed", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 120 }), (steps) => {
      const inFlight = new InFlight<string>();
      const model = new Map<number, string>();
      let sequence = 0;
      for (const each of steps) {
        if (each.kind === "add") {
          sequence += each.gap;
          inFlight.add(sequence, `decision ${sequence}`);
          model.set(sequence, `decision ${sequence}`);
        } else {
          const known = [...model.keys()];
          const of = known[Math.min(each.position, known.length - 1)] ?? sequence + 1;
          inFlight.remove(of);
          model.delete(of);
        }
        for (let of = 0; of <= sequence + 1; of++) expect(inFlight.get(of)).toBe(model.get(of));
      }
    }),
  );
});

test("a sequence that does not ascend is refused", () => {
  const inFlight = new InFlight<string>();
  inFlight.add(7, "first");
  expect(() => inFlight.add(7, "second")).toThrow("one behind the other");
});
