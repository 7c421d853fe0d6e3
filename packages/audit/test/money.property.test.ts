import { nodeSha256 } from "@calybris/engine";
import { type EntryBody, microcents } from "@calybris/kernel";
import fc from "fast-check";
import { expect, test } from "vitest";
import { createFold } from "../src/index.ts";
import { checkMoney, searchMoney } from "./money-search.ts";
import { NAMES, runWorkload, workload } from "./money-workload.ts";
import { auditOf, type Written, written } from "./rechain.ts";

const RUNS = 50;
const SEED = 1;
const TERMS = { unlimited: false, capMicrocents: undefined, onShortfall: "substitute", reservationSeconds: 2_678_400 };

// Goal: the audit's money is the engine's, though neither knows the other.
// Method: random operations through a real engine; then both folds over its journal, entry by entry, compared in full.
test("whatever the operations, the audit folds the same money as the engine after every entry", async () => {
  const seen = await searchMoney(RUNS, SEED);
  const kinds = ["limit", "grant", "period", "decision", "settlement", "release", "hold", "expiry", "reconciliation"];
  const missed = [...kinds, "correction", "state", "short", "debt"].filter((kind) => !seen.has(kind));
  expect(missed).toEqual([]);
});

test("what was reserved before the first period is given back in it, and withdrawn after it, by both folds", async () => {
  const terms = (period?: { every: string; timeZone: string; allotmentMicrocents: number }) => ({
    kind: "apply" as const,
    terms: NAMES.map((name) => (name === "solo" ? { ...TERMS, period } : null)),
  });
  const request = { inputTokens: 1_000_000, outputTokens: 500_000, requested: "better" };
  const decide = { kind: "decide", tenant: "solo", request } as const;
  const settle = (pick: number) => ({ kind: "move", move: "settle", pick, costBps: 100 }) as const;
  const grant = (id: number, amount: bigint) => ({ kind: "grant", tenant: "solo", amount, id }) as const;
  const first = [terms(), grant(1, 20_000n), decide, decide];
  const then = [terms({ every: "day", timeZone: "UTC", allotmentMicrocents: 9_000 }), settle(0)];
  const after = [{ kind: "wait", us: 2 * 86_400_000_000 } as const, grant(2, 1n), settle(1)];
  const ran = await runWorkload([...first, ...then, ...after]);
  checkMoney(ran);
  const granted = [...ran.live.values()].map(({ proof }) => proof.total.grantedMicrocents);
  const [cost = 0n] = ran.live.get(4)?.proof.reservations.map(({ amountMicrocents }) => amountMicrocents) ?? [];
  const settled = cost / 100n;
  expect(cost).toBeGreaterThan(100n);
  const left = cost + settled;
  expect(granted).toEqual([0n, 20_000n, 20_000n, 20_000n, 29_000n, 29_000n, left + 9_001n, 2n * settled + 9_001n]);
});

// Goal: whatever is altered about money, and chained anew, is found at the latest by the next state.
// Method: random journals with a state behind them; one number, tenant or reference in one entry becomes another.
test("an altered amount, tenant or reservation is found, unless no balance anywhere is another for it", async () => {
  let found = 0;
  let without = 0;
  await fc.assert(
    fc.asyncProperty(workload(40), fc.nat(), fc.bigInt(0n, 3_000n), fc.nat(), async (operations, at, amount, pick) => {
      const ran = await runWorkload(operations);
      const honest = written(ran.entries);
      const places = honest.flatMap((entry, index) => (lies(entry.body, amount, pick).length > 0 ? [index] : []));
      const place = places[at % Math.max(places.length, 1)];
      const sealed = honest.at(-1);
      if (place === undefined || sealed === undefined) return;
      const folded = foldOf(ran.entries);
      const sequence = honest.length + 1;
      const state: Written = {
        head: { ...sealed.head, sequence, kind: "state" },
        body: { kind: "state", stateDigest: folded.stateDigest(), snapshotDigest: folded.snapshotDigest() },
      };
      expect(auditOf([...honest, state]).findings).toEqual([]);
      const entry = honest[place] as Written;
      for (const body of lies(entry.body, amount, pick)) {
        const altered = honest.with(place, { ...entry, body });
        const report = auditOf([...altered, state]);
        if (report.status === "broken") found += 1;
        else {
          without += 1;
          expect(report.money).toEqual(auditOf([...honest, state]).money);
        }
      }
    }),
    { numRuns: RUNS, seed: SEED },
  );
  expect(found).toBeGreaterThan(without);
});

/** The body with something else about money in it. */
function lies(body: EntryBody, amount: bigint, pick: number): readonly EntryBody[] {
  const other = microcents(amount);
  const tenant = NAMES[pick % NAMES.length] as string;
  switch (body.kind) {
    case "limit": {
      const cap = body.metered ? [{ ...body, exposureCapMicrocents: other }] : [];
      const onShortfall = body.onShortfall === "reject" ? "substitute" : "reject";
      return [...cap, { ...body, onShortfall }, { ...body, reservationSeconds: 7 + (pick % 90) }];
    }
    case "grant":
      return [
        { ...body, amountMicrocents: other },
        { ...body, tenant },
      ];
    case "period":
      return [
        { ...body, withdrawnMicrocents: other },
        { ...body, allotmentMicrocents: other },
        { ...body, index: body.index + 1 + (pick % 3) },
        { ...body, tenant },
      ];
    case "decision":
      return body.tenant === undefined ? [] : [{ ...body, tenant }];
    case "settlement":
    case "reconciliation":
    case "correction":
      return [
        { ...body, actualMicrocents: other },
        { ...body, of: pick % 60 },
      ];
    case "release":
    case "expiry":
    case "hold":
      return [
        { ...body, of: pick % 60 },
        { kind: "settlement", of: body.of, actualMicrocents: other, actor: "system:anna" },
      ];
    default:
      return [];
  }
}

function foldOf(entries: readonly string[]): ReturnType<typeof createFold> {
  const fold = createFold({ sha256: nodeSha256 });
  for (const data of entries) fold.apply(data);
  return fold;
}
