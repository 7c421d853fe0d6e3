import { CalybrisError, type Mistake, type PolicySnapshot } from "@calybris/kernel";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { caseCount } from "../../../../test/share.ts";
import {
  type ClientRequest,
  MISTAKES_MAX,
  nearestName,
  parseBudgets,
  parsePolicyFile,
  parseRowMap,
  resolveRequest,
} from "../../src/intake/intake.ts";
import { loadPrior } from "../../src/router/prior-file.ts";
import { type ClientOutcome, readOutcome } from "../../src/flows/parsed-outcome.ts";
import { counted } from "../support/counted.ts";
import {
  BUDGETS,
  type Hostile,
  LANGUAGE_NAMES,
  OUTCOMES,
  POLICIES,
  PRIORS,
  REQUESTS,
  ROW_MAPS,
} from "./hostile-documents.ts";
import { DOCUMENTS } from "./documents.ts";
import { snapshotIndex } from "../../src/intake/snapshot-index.ts";

const SMALL = 1_000;
const GROWTH = 8;
/** Eight times the size costs eight times as much, and 64 times where something is quadratic. */
const GROWTH_MAX = 2.5 * GROWTH;
/** What a clock of the system may be off by. */
const CLOCK_MS = 30;
const SHOWN_CHARACTERS_MAX = 2_000;

const snapshot: PolicySnapshot = parsePolicyFile(DOCUMENTS.policy);
const READERS: Readonly<
  Record<string, { readonly read: (value: unknown) => unknown; readonly of: Readonly<Record<string, Hostile>> }>
> = {
  policy: { read: (value) => parsePolicyFile(value), of: POLICIES },
  budgets: { read: (value) => parseBudgets(value), of: BUDGETS },
  request: { read: (value) => resolveRequest(snapshotIndex(snapshot), value as ClientRequest, 1n), of: REQUESTS },
  prior: { read: (value) => loadPrior(value), of: PRIORS },
  outcome: { read: (value) => readOutcome(value as ClientOutcome, 0), of: OUTCOMES },
  map: { read: (value) => parseRowMap(value, "map.json"), of: ROW_MAPS },
};

const CASES = Object.entries(READERS).flatMap(([kind, { read, of }]) =>
  Object.entries(of).map(([name, document]) => ({ kind, name, read, document })),
);

function mistakesOf(run: () => unknown): readonly Mistake[] {
  try {
    run();
  } catch (error) {
    if (error instanceof CalybrisError && "mistakes" in error.details) {
      expect(error.message.length).toBeLessThan(SHOWN_CHARACTERS_MAX);
      return error.details.mistakes as readonly Mistake[];
    }
    throw error;
  }
  return [];
}

/** Of this thread alone: what else the machine does is not counted. */
function cpuMs(runs: number, run: () => unknown): number {
  const before = process.threadCpuUsage();
  for (let done = 0; done < runs; done += 1) mistakesOf(run);
  const { user, system } = process.threadCpuUsage(before);
  return (user + system) / 1_000;
}

describe.each(CASES)("$kind: $name", ({ name, read, document }) => {
  test("is refused with few mistakes, each of them short", () => {
    const mistakes = mistakesOf(() => read(document(SMALL)));
    expect(mistakes.length).toBeLessThanOrEqual(MISTAKES_MAX);
    if (name === "legal") expect(mistakes).toEqual([]);
    else expect(mistakes.length).toBeGreaterThan(0);
    for (const { path, problem, remedy } of mistakes) {
      expect(path.length + problem.length + remedy.length).toBeLessThan(SHOWN_CHARACTERS_MAX);
      expect(remedy).toMatch(/[.?]$/);
    }
  });

  test("is looked at no more than a few times, however large it is", () => {
    const looksAt = (size: number): number => {
      const counter = { looks: 0 };
      const value = counted(document(size), counter);
      mistakesOf(() => read(value));
      return counter.looks;
    };
    expect(looksAt(SMALL * GROWTH)).toBeLessThanOrEqual(GROWTH_MAX * looksAt(SMALL) + 1_000);
  });

  test("costs time in proportion to its size", () => {
    const [small, large] = [document(SMALL), document(SMALL * GROWTH)];
    const [runs, slack] = [3, GROWTH_MAX / GROWTH];
    // Warm, so that the small ones are not charged for the compiler.
    cpuMs(runs, () => read(small));
    // A collection, or another process on the same core, may fall into one of them: once in five is enough.
    let overMs = Number.POSITIVE_INFINITY;
    for (let attempt = 0; attempt < 5 && overMs > 0; attempt += 1) {
      const smallMs = cpuMs(runs * GROWTH, () => read(small));
      overMs = cpuMs(runs, () => read(large)) - slack * smallMs - CLOCK_MS;
    }
    expect(overMs).toBeLessThanOrEqual(0);
  });
});

test("what stopped the service for 14.5 s and 2.9 s is refused at once", () => {
  const names = (letter: string): string[] =>
    Array.from({ length: 20 }, (_, index) => `${index}`.padEnd(2_000, letter));
  const many = Array.from({ length: 60_000 }, (_, index) => index.toString(16));
  const candidates = names("a").map((name) => ({ name }));
  for (const policy of [
    { catalog: { candidates }, disabled: names("b") },
    { catalog: { providers: many } },
    { learning: { features: many } },
  ])
    expect(cpuMs(1, () => parsePolicyFile(policy))).toBeLessThan(1_000);
});

test("a feature that is called as every object is has no value unless the client gives one", () => {
  const features = LANGUAGE_NAMES.slice();
  const learns = parsePolicyFile({ ...(DOCUMENTS.policy as object), learning: { features } });
  const missing = resolveRequest(snapshotIndex(learns), { inputTokens: 1 }, 1n).features;
  expect(new Set(missing).size).toBe(1);
  const given = Object.fromEntries(features.map((name, index) => [name, index]));
  expect(resolveRequest(snapshotIndex(learns), { inputTokens: 1, features: given }, 1n).features).toEqual([
    0, 1, 2, 3, 4, 5,
  ]);
});

describe("the nearest name", () => {
  const name = fc.string({ unit: fc.constantFrom("a", "b", "c", "A"), maxLength: 12 });

  test("is one that the simplest edit distance finds", () => {
    fc.assert(
      fc.property(name, fc.array(name, { maxLength: 6 }), (written, known) => {
        const limit = Math.min(4, Math.max(2, Math.floor(written.length / 3)));
        const distances = known.map((each) => distance(written.toLowerCase(), each.toLowerCase()));
        const least = Math.min(...distances);
        expect(nearestName(written, known)).toBe(least <= limit ? known[distances.indexOf(least)] : undefined);
      }),
      { numRuns: caseCount(2_000) },
    );
  });

  test("is looked for among 256 names, and among short ones", () => {
    let taken = 0;
    const known = function* (): Generator<string> {
      for (;;) {
        taken += 1;
        yield `name ${taken}`;
      }
    };
    nearestName("nothing like it", known());
    expect(taken).toBeLessThanOrEqual(257);
    expect(nearestName("x".repeat(64), ["x".repeat(63)])).toBe("x".repeat(63));
    expect(nearestName("x".repeat(65), ["x".repeat(64)])).toBeUndefined();
    expect(nearestName("x".repeat(64), ["x".repeat(65)])).toBeUndefined();
  });
});

/** By the definition: what the first letters cost, and the rest. */
function distance(a: string, b: string, known: Map<string, number> = new Map()): number {
  if (a === "" || b === "") return a.length + b.length;
  const key = `${a}|${b}`;
  const before = known.get(key);
  if (before !== undefined) return before;
  const found = Math.min(
    distance(a.slice(1), b.slice(1), known) + (a[0] === b[0] ? 0 : 1),
    distance(a.slice(1), b, known) + 1,
    distance(a, b.slice(1), known) + 1,
  );
  known.set(key, found);
  return found;
}
