import {
  type BetaBelief,
  type DecisionEntry,
  type EntryBody,
  type OutcomeEntry,
  PROPENSITY_ONE,
  type PriorEntry,
  type Recommendation,
  type RegimesEntry,
} from "@calybris/kernel";
import { beforeAll, expect, test } from "vitest";
import { learningJournal } from "./learning-journal.ts";
import { auditOf, redecided, type Written, written } from "./rechain.ts";

// Goal: a writer of the journal, even one that chains correctly, cannot lie about learning.
// Method: a journal that has learned; one entry is altered, and all is chained anew.

let honest: readonly Written[];
beforeAll(async () => {
  honest = written(await learningJournal());
});

type Choose = (entry: Written, index: number) => boolean;
type Lie = (body: EntryBody) => EntryBody;

/** The first finding after one entry was altered, and where it was. */
function reported(which: Choose, lie: Lie): { readonly at: number; readonly found: number; readonly problem: string } {
  const at = honest.findLastIndex(which);
  expect(at).toBeGreaterThan(0);
  const entries = honest.map((entry, index) => (index === at ? { ...entry, body: lie(entry.body) } : entry));
  const report = auditOf(entries);
  expect(report.status).toBe("broken");
  const [first] = report.findings;
  return { at: at + 1, found: first?.sequence ?? 0, problem: first?.problem ?? "" };
}

const learned: Choose = ({ body }) => body.kind === "decision" && body.learning !== undefined;
const drawn: Choose = ({ body }) =>
  body.kind === "decision" && body.learning?.holdout === false && body.learning.belief > 0;
const kind =
  (name: EntryBody["kind"]): Choose =>
  ({ body }) =>
    body.kind === name;
const learning =
  (change: (found: Recommendation) => Partial<Recommendation>): Lie =>
  (body) => {
    const entry = body as DecisionEntry;
    const found = entry.learning as Recommendation;
    return { ...entry, learning: { ...found, ...change(found) } };
  };

test("the honest journal is intact; that its draws came from the seed is not established", () => {
  const report = auditOf(honest);
  expect(report.findings).toEqual([]);
  expect(report.status).toBe("intact");
  expect(report.notEstablished.at(-1)).toContain("secret seed");
  for (const name of ["belief", "regimes", "outcome"] as const) expect(honest.some(kind(name))).toBe(true);
});

const LIES: readonly (readonly [string, Choose, Lie])[] = [
  ["a floor that is lower", learned, learning(({ floorBps }) => ({ floorBps: floorBps - 100 }))],
  ["another source of the floor", learned, learning(() => ({ source: "certified" }))],
  ["another score", learned, learning(({ score }) => ({ score: score + 1 }))],
  ["another regime", learned, learning(({ regime }) => ({ regime: (regime + 1) % 8 }))],
  ["an anomaly that was none", learned, learning(({ anomalous }) => ({ anomalous: !anomalous }))],
  ["a propensity that flatters", drawn, learning(({ propensity }) => ({ propensity: propensity + 1 }))],
  ["another table", drawn, learning(({ belief }) => ({ belief: belief - 1 }))],
  ["a draw that falls elsewhere", drawn, learning(({ tier }) => ({ draw: tier === 0 ? PROPENSITY_ONE - 1 : 0 }))],
  ["a holdout that was none", drawn, learning(() => ({ holdout: true }))],
  [
    "a recommendation that is missing",
    learned,
    (body) => {
      const { learning: _left, ...entry } = body as DecisionEntry;
      return entry;
    },
  ],
  [
    "a request that was not the drawn one",
    drawn,
    (body) => redecided(body as DecisionEntry, { qualityMinBps: 1 as never }),
  ],
  [
    "beliefs that were never held",
    kind("belief"),
    (body) => {
      const entry = body as BetaBelief;
      return { ...entry, alpha: entry.alpha.map((count) => count + 1) };
    },
  ],
  [
    "a table that its beliefs do not ask for",
    kind("belief"),
    (body) => {
      const entry = body as BetaBelief;
      const [first = 0, ...rest] = entry.table;
      const last = rest.length - 1;
      return { ...entry, table: [first - 100, ...rest.map((value, index) => (index === last ? value + 100 : value))] };
    },
  ],
  [
    "a boundary between regimes",
    kind("regimes"),
    (body) => {
      const entry = body as RegimesEntry;
      return {
        ...entry,
        boundaries: entry.boundaries.map((boundary, index) => (index === 3 ? boundary + 1 : boundary)),
      };
    },
  ],
  ["an outcome that pays more", kind("outcome"), (body) => ({ ...(body as OutcomeEntry), rewardBps: 1 })],
  [
    "an outcome of another tier",
    kind("outcome"),
    (body) => ({ ...(body as OutcomeEntry), tier: 1 - (body as OutcomeEntry).tier }),
  ],
  [
    "a failure reported as a success",
    kind("outcome"),
    (body) => ({ ...(body as OutcomeEntry), succeeded: !(body as OutcomeEntry).succeeded }),
  ],
  [
    "an outcome that taught nothing",
    kind("outcome"),
    (body) => ({ ...(body as OutcomeEntry), learned: !(body as OutcomeEntry).learned }),
  ],
  [
    "an outcome of another candidate",
    kind("outcome"),
    (body) => {
      const entry = body as OutcomeEntry;
      return { ...entry, candidate: entry.candidate + 1 };
    },
  ],
  [
    "an outcome with another propensity",
    kind("outcome"),
    (body) => {
      const { propensity = PROPENSITY_ONE } = body as OutcomeEntry;
      return { ...(body as OutcomeEntry), propensity: propensity - 1 };
    },
  ],
  [
    "an outcome of a holdout that was none",
    kind("outcome"),
    (body) => {
      const { holdout, ...entry } = body as OutcomeEntry;
      return holdout === true ? entry : { ...entry, holdout: true };
    },
  ],
  [
    "an outcome with another base",
    kind("outcome"),
    (body) => {
      const { base, ...entry } = body as OutcomeEntry;
      return base === undefined ? { ...entry, base: 0 } : entry;
    },
  ],
  [
    "an outcome of which less was predicted",
    kind("outcome"),
    (body) => {
      const entry = body as OutcomeEntry;
      const treated = entry.treated?.map((row, at) =>
        at === 0 ? { ...row, predictedBps: row.predictedBps - 1 } : row,
      );
      return { ...entry, treated: treated ?? [] };
    },
  ],
  [
    "an outcome of another distribution",
    kind("outcome"),
    (body) => {
      const entry = body as OutcomeEntry;
      const [first] = entry.treated ?? [];
      if (first === undefined) throw new Error("no distribution");
      const other = { ...first, candidateId: first.candidateId + 1, propensity: 1 };
      return { ...entry, treated: [{ ...first, propensity: PROPENSITY_ONE - 1 }, other] };
    },
  ],
  [
    "an outcome of another decision",
    kind("outcome"),
    (body) => ({ ...(body as OutcomeEntry), of: (body as OutcomeEntry).of - 2 }),
  ],
  ["an outcome of no decision", kind("outcome"), (body) => ({ ...(body as OutcomeEntry), of: 0 })],
  [
    "an outcome reported twice",
    kind("belief"),
    () => honest.find(kind("outcome") as (entry: Written) => boolean)?.body as EntryBody,
  ],
  [
    "a prior that is none",
    kind("belief"),
    (): PriorEntry => ({ kind: "prior", digest: "0".repeat(64), prior: {}, actor: "system:eve" }),
  ],
];

test.each(LIES)("%s is found at its entry, or where it first shows", (_name, which, lie) => {
  const { at, found } = reported(which, lie);
  expect(found).toBeGreaterThanOrEqual(at);
  expect(found - at).toBeLessThan(6);
});
