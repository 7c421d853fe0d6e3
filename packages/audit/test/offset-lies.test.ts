import {
  type DecisionEntry,
  type EntryBody,
  type OffsetBelief,
  type OutcomeEntry,
  PROPENSITY_ONE,
  type Recommendation,
} from "@calybris/kernel";
import { beforeAll, expect, test } from "vitest";
import { governedJournal, learningJournal } from "./learning-journal.ts";
import { auditOf, type Written, written } from "./rechain.ts";

// Goal: a writer of the journal that chains correctly cannot lie about what was learned by offsets.
// Method: honest journals pass; in one of them an entry is altered, and all is chained anew.

let honest: readonly Written[];
beforeAll(async () => {
  honest = written(await learningJournal({ method: "offsets" }));
});

type Choose = (entry: Written) => boolean;
type Lie = (body: EntryBody) => EntryBody;

const belief: Choose = ({ body }) => body.kind === "belief";
const drawn: Choose = ({ body }) =>
  body.kind === "decision" && body.learning?.holdout === false && body.learning.belief > 0;
const taught: Choose = ({ body }) => body.kind === "outcome" && body.learned && body.expected !== undefined;
const believing =
  (change: (found: OffsetBelief) => Partial<OffsetBelief>): Lie =>
  (body) => ({ ...(body as OffsetBelief), ...change(body as OffsetBelief) });
const learning =
  (change: (found: Recommendation) => Partial<Recommendation>): Lie =>
  (body) => {
    const entry = body as DecisionEntry;
    const found = entry.learning as Recommendation;
    return { ...entry, learning: { ...found, ...change(found) } };
  };
const shifted = (values: readonly number[] = [], by = 1): readonly number[] =>
  values.map((value, at) => (at === 0 ? value + by : value));

test("honest journals that learned by offsets are intact, with priors and certificates too", async () => {
  for (const entries of [honest, written(await governedJournal({ method: "offsets" }))]) {
    const report = auditOf(entries);
    expect(report.findings).toEqual([]);
    expect(report.status).toBe("intact");
    expect(entries.filter(belief).length).toBeGreaterThan(5);
    expect(entries.some(taught) && entries.some(drawn)).toBe(true);
  }
});

const LIES: readonly (readonly [string, Choose, Lie])[] = [
  ["an offset that was never learned", belief, believing(({ means }) => ({ means: shifted(means) }))],
  [
    "a belief that is surer than it is",
    belief,
    believing(({ deviations }) => ({ deviations: shifted(deviations, -1) })),
  ],
  ["more exploration than was asked for", belief, believing((found) => ({ explorationBps: found.explorationBps + 1 }))],
  ["a regime that is called flat", belief, believing(() => ({ flat: true }))],
  [
    "a belief by the other method",
    belief,
    (body) => {
      const { regime, tiers } = body as OffsetBelief;
      const [counts, last] = [tiers.map(() => 10_000), tiers.length - 1];
      const table = tiers.map((_, at) => (at === last ? PROPENSITY_ONE : 0));
      return { kind: "belief", regime, tiers, alpha: counts, beta: counts, table };
    },
  ],
  ["more expected of a tier", drawn, learning(({ expected }) => ({ expected: shifted(expected) }))],
  ["a propensity that flatters", drawn, learning(({ propensity }) => ({ propensity: propensity - 1 }))],
  [
    "a choice that was less uncertain",
    drawn,
    (body) => {
      const { boundary, ...rest } = (body as DecisionEntry).learning as Recommendation;
      return { ...(body as DecisionEntry), learning: boundary === true ? rest : { ...rest, boundary: true } };
    },
  ],
  ["a draw that falls elsewhere", drawn, learning(({ tier }) => ({ draw: tier === 0 ? PROPENSITY_ONE - 1 : 0 }))],
  [
    "an outcome of which more was expected",
    taught,
    (body) => ({ ...(body as OutcomeEntry), expected: shifted((body as OutcomeEntry).expected) }),
  ],
  [
    "an outcome of which nothing was expected",
    taught,
    (body) => {
      const { expected: _expected, ...entry } = body as OutcomeEntry;
      return entry;
    },
  ],
];

test.each(LIES)("%s is found at its entry, or where it first shows", (_name, which, lie) => {
  const at = honest.findLastIndex(which);
  expect(at).toBeGreaterThan(0);
  const report = auditOf(honest.map((entry, index) => (index === at ? { ...entry, body: lie(entry.body) } : entry)));
  expect(report.status).toBe("broken");
  const found = report.findings[0]?.sequence ?? 0;
  expect(found).toBeGreaterThanOrEqual(at + 1);
  expect(found - at - 1).toBeLessThan(6);
});
