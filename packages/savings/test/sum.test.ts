import fc from "fast-check";
import { expect, test } from "vitest";
import { AMOUNT_MAX_MICROCENTS } from "../src/cells.ts";
import { Sum } from "../src/sum.ts";

test("a sum is exact, however large its amounts and however many", () => {
  const amount = fc.oneof(
    fc.nat(),
    fc.integer({ min: 0, max: AMOUNT_MAX_MICROCENTS }),
    fc.constant(AMOUNT_MAX_MICROCENTS),
  );
  fc.assert(
    fc.property(fc.array(amount, { maxLength: 100 }), (amounts) => {
      const sum = new Sum();
      let expected = 0n;
      for (const each of amounts) {
        sum.add(each);
        expected += BigInt(each);
        expect(sum.total).toBe(expected);
      }
    }),
  );
});
