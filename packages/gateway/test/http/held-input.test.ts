import fc from "fast-check";
import { expect, test } from "vitest";
import { HeldInput } from "../../src/http/held-input.ts";

// Goal: nothing that arrives is lost, read twice or read in another order. Method: the same steps on one plain text.

type Step =
  | { readonly does: "add"; readonly text: string }
  | { readonly does: "take" | "move" | "drop"; readonly size: number };

const size = fc.nat(9);
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ does: fc.constant("add" as const), text: fc.string({ minLength: 1, maxLength: 9 }) }),
  fc.record({ does: fc.constant("add" as const), text: fc.constantFrom("\r\n", "\r", "\n", "\r\n\r\na") }),
  fc.record({ does: fc.constantFrom("take" as const, "move" as const, "drop" as const), size }),
);

test("whatever arrives and is taken, the next request begins behind what was dropped and behind empty lines", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
      const held = new HeldInput();
      let [rest, dropped] = ["", 0];
      for (const one of steps) {
        if (one.does === "add") {
          held.add(Buffer.from(one.text, "latin1"));
          rest += Buffer.from(one.text, "latin1").toString("latin1");
        } else if (one.does === "drop") {
          held.drop(one.size);
          dropped = one.size;
        } else {
          const taken = Math.min(one.size, rest.length);
          const target = Buffer.alloc(one.size);
          if (one.does === "take") held.take(taken);
          else
            expect([held.moveInto(target, 0), target.toString("latin1", 0, taken)]).toEqual([
              taken,
              rest.slice(0, taken),
            ]);
          rest = rest.slice(taken);
        }
        expect(held.bytes?.toString("latin1") ?? "").toBe(rest);
        expect(held.isDropping).toBe(dropped > 0);
        if (one.does !== "add" || rest.length % 2 === 0) continue;
        const skipped = Math.min(dropped, rest.length);
        dropped -= skipped;
        rest = rest.slice(skipped).replace(/^(?:\r\n)+/, "");
        expect(held.nextRequest()?.toString("latin1") ?? "").toBe(rest);
      }
    }),
  );
});
