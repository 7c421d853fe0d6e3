import { EstimatorFold, type LoggedRow, slope } from "@calybris/estimate";
import fc from "fast-check";
import { expect, test } from "vitest";

const THRESHOLDS = [Number.POSITIVE_INFINITY, 1_000, 500, 200, 100, 50, 20, 10, 5, 2, 1, 0];
const SHRINKAGES = [Number.POSITIVE_INFINITY, 1e6, 1e5, 1e4, 1_000, 100, 10, 1, 0.1, 0];

const ROW: fc.Arbitrary<LoggedRow> = fc
  .record({
    logged: fc.constantFrom(0.001, 0.02, 0.1, 0.5, 0.9),
    target: fc.constantFrom(0, 0.3, 1),
    predicted: fc.tuple(fc.constantFrom(0, 0.5, 1), fc.constantFrom(0, 0.5, 1)),
    chosen: fc.nat(1),
    reward: fc.option(fc.constantFrom(0, 0.4, 1), { nil: undefined }),
  })
  .map(({ logged, target, ...row }) => ({ ...row, logged: [logged, 1 - logged], target: [target, 1 - target] }));

test("the constants that SLOPE chooses are those it would choose among estimators of their own", () => {
  fc.assert(
    fc.property(fc.array(ROW, { minLength: 2, maxLength: 60 }), (rows) => {
      const estimatesOf = (settings: ConstructorParameters<typeof EstimatorFold>[0]) => {
        const fold = new EstimatorFold(settings);
        for (const row of rows) fold.add(row);
        return fold.estimates();
      };
      const { tuned } = estimatesOf({ isTuned: true });
      const switched = THRESHOLDS.map((switchAbove) => estimatesOf({ switchAbove }).switchDr);
      const shrunk = SHRINKAGES.map((shrinkage) => estimatesOf({ shrinkage }).drShrunk);
      const [atSwitch, atShrunk] = [slope(switched), slope(shrunk)];
      expect(tuned?.switchDr).toEqual({ ...switched[atSwitch], constant: THRESHOLDS[atSwitch] });
      expect(tuned?.drShrunk).toEqual({ ...shrunk[atShrunk], constant: SHRINKAGES[atShrunk] });
    }),
  );
});

test("without being asked, SLOPE costs nothing and gives nothing", () => {
  expect(new EstimatorFold().estimates().tuned).toBeUndefined();
});
