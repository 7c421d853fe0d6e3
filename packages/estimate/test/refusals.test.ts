import { EstimatorFold, type LoggedRow, refusalsOf, ValueInterval } from "@calybris/estimate";
import { describe, expect, test } from "vitest";

const ROW: LoggedRow = { logged: [0.5, 0.5], target: [1, 0], predicted: [0.5, 0.5], chosen: 0, reward: 1 };

function reasonsOf(rows: readonly LoggedRow[], k?: number): readonly string[] {
  const fold = new EstimatorFold();
  const interval = k === undefined ? undefined : new ValueInterval({ k });
  for (const row of rows) {
    fold.add(row);
    interval?.add(row);
  }
  return refusalsOf(fold.estimates().support, interval?.now()).map(({ reason }) => reason);
}

const repeat = (count: number, row: (n: number) => LoggedRow): LoggedRow[] =>
  Array.from({ length: count }, (_, n) => row(n));

describe("a log that cannot answer is refused with its reason", () => {
  test.each<[string, readonly LoggedRow[], readonly string[]]>([
    ["no row", [], ["no_rows"]],
    ["no outcome", repeat(20, () => ({ ...ROW, reward: undefined })), ["no_outcomes"]],
    [
      "an arm that was never tried",
      repeat(40, (n) => ({
        ...ROW,
        logged: [0.5, 0.5, 0],
        target: [0.25, 0.25, 0.5],
        predicted: [0, 0, 0],
        chosen: n % 2,
      })),
      ["no_overlap"],
    ],
    [
      "a log that always chooses one arm, and a target that chooses the other",
      repeat(40, () => ({ ...ROW, logged: [1, 0], target: [0, 1] })),
      ["no_overlap", "few_effective_rows"],
    ],
    [
      "one weight of a million",
      repeat(60, (n) =>
        n === 7
          ? { ...ROW, logged: [1e-6, 1 - 1e-6], target: [1, 0], chosen: 0 }
          : { ...ROW, target: [0.5, 0.5], chosen: n % 2 },
      ),
      ["few_effective_rows"],
    ],
    [
      "propensities that cannot be right",
      repeat(400, () => ({ ...ROW, logged: [0.1, 0.9], target: [0.5, 0.5], chosen: 0 })),
      ["contradiction"],
    ],
  ])("%s", (_name, rows, reasons) => {
    expect(reasonsOf(rows)).toEqual(reasons);
  });

  test("propensities that the choices contradict empty the interval", () => {
    const rows = repeat(400, () => ({ ...ROW, logged: [0.1, 0.9], target: [0.5, 0.5], chosen: 0 }));
    expect(reasonsOf(rows, 3)).toEqual(["contradiction"]);
  });

  test("rewards that turn from always to never leave a betting interval no value, though weights are right", () => {
    const rows = repeat(6_000, (n) => ({ ...ROW, chosen: n % 2, reward: n < 1_500 ? 1 : 0 }));
    expect(reasonsOf(rows)).toEqual([]);
    expect(reasonsOf(rows, 1)).toEqual(["contradiction"]);
  });

  test("weights that average far from 1 are noticed without an interval", () => {
    const rows = repeat(400, (n) => ({ ...ROW, logged: [0.1, 0.9], target: [0.5, 0.5], chosen: n % 2 }));
    expect(reasonsOf(rows)).toEqual(["contradiction"]);
  });

  test("a sound log is not refused", () => {
    expect(
      reasonsOf(
        repeat(100, (n) => ({ ...ROW, chosen: n % 2 })),
        1,
      ),
    ).toEqual([]);
  });
});

describe("a row that is none is refused with its field", () => {
  test.each<[string, Partial<LoggedRow>, string]>([
    ["no arm", { logged: [], target: [], predicted: [] }, "logged"],
    ["too few targets", { target: [1] }, "target"],
    ["too few predictions", { predicted: [1] }, "predicted"],
    ["no such arm", { chosen: 2 }, "chosen"],
    ["half an arm", { chosen: 0.5 }, "chosen"],
    ["a share above 1", { target: [1.5, -0.5] }, "target[0]"],
    ["a NaN", { predicted: [Number.NaN, 0] }, "predicted[0]"],
    ["shares that do not sum to 1", { logged: [0.5, 0.4] }, "logged"],
    ["targets that do not sum to 1", { target: [0.5, 0.4] }, "target"],
    ["a choice that could not be", { logged: [0, 1] }, "logged[0]"],
    ["a choice without its probability", { logged: [undefined, 0.5] }, "logged[0]"],
    ["a reward above 1", { reward: 1.01 }, "reward"],
    ["an infinite reward", { reward: Number.POSITIVE_INFINITY }, "reward"],
  ])("%s", (_name, change, field) => {
    const fold = new EstimatorFold();
    fold.add(ROW);
    expect(() => fold.add({ ...ROW, ...change })).toThrow(
      expect.objectContaining({
        code: "CAL_ESTIMATE_ROW_INVALID",
        details: expect.objectContaining({ row: 2, field }),
      }),
    );
    expect(fold.estimates().rows).toBe(1);
  });

  test("an interval with k above 0 needs the probability of every arm; with 0 it does not", () => {
    const row = { ...ROW, logged: [0.5, undefined] };
    expect(() => new ValueInterval({ k: 1 }).add(row)).toThrow(
      expect.objectContaining({ code: "CAL_ESTIMATE_ROW_INVALID" }),
    );
    const interval = new ValueInterval({ k: 0 });
    interval.add(row);
    expect(interval.now()).toEqual({ lower: 0, upper: 1, isEmpty: false });
  });

  test.each([{ weightCap: 0 }, { switchAbove: -1 }, { shrinkage: Number.NaN }])(
    "a setting out of range: %o",
    (settings) => {
      expect(() => new EstimatorFold(settings)).toThrow(
        expect.objectContaining({ code: "CAL_ESTIMATE_SETTING_INVALID" }),
      );
    },
  );
});
