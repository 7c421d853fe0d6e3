/**
 * Held calls reconciled from a bill by the hour or the day, which names no request: what a bucket bills beyond what its calls are
 * known to have cost is spread over its held calls in proportion to what is reserved for them, and never beyond that.
 *
 * A call belongs to the bucket in which its decision was made, and to the candidate that ran first.
 * @module
 */
import type { EngineReading } from "../reading.ts";
import type { EngineCalls } from "./calls.ts";
import type { OpenCall } from "./client-call.ts";

/** What a provider billed for a time, and perhaps for one candidate. */
export interface Bucket {
  /** Microseconds since the Unix epoch; `toUs` is not part of it. */
  readonly fromUs: number;
  readonly toUs: number;
  /** `undefined` for every candidate. */
  readonly candidateId: number | undefined;
  readonly billedMicrocents: bigint;
}

/** What a bucket came to. */
export interface SpreadBucket {
  /** In total, by decision: what was known and its share of the rest. */
  readonly totals: ReadonlyMap<string, bigint>;
  /** Of the bill, what no call explains; negative where calls are known to have cost more than was billed. */
  readonly unexplainedMicrocents: bigint;
}

interface CallSeen {
  readonly at: number;
  readonly candidateId: number;
  costMicrocents: bigint;
}

/** Spreads the bill of each bucket. Buckets that overlap count a call in each of them. */
export async function spreadBuckets(
  buckets: readonly Bucket[],
  { calls, reading }: { readonly calls: EngineCalls; readonly reading: EngineReading },
): Promise<readonly SpreadBucket[]> {
  const seen = await callsSeen(reading, calls);
  const held = [...calls.open()].filter(({ state }) => state === "held");
  return buckets.map((bucket) => {
    const isIn = (of: number): boolean => {
      const call = seen.get(of);
      if (call === undefined || call.at < bucket.fromUs || call.at >= bucket.toUs) return false;
      return bucket.candidateId === undefined || call.candidateId === bucket.candidateId;
    };
    const own = held.filter(({ decisionId }) => isIn(sequenceOf(decisionId)));
    const heldKnown = own.reduce((sum, { costMicrocents }) => sum + costMicrocents, 0n);
    const heldOf = new Set(held.map(({ decisionId }) => sequenceOf(decisionId)));
    let settled = 0n;
    for (const [of, { costMicrocents }] of seen) if (!heldOf.has(of) && isIn(of)) settled += costMicrocents;
    return spread(own, bucket.billedMicrocents - settled - heldKnown);
  });
}

/**
 * Shares of an amount in proportion to what is reserved, whole microcents: what rounding leaves goes to the first calls that
 * have room for it.
 */
function spread(held: readonly OpenCall[], restMicrocents: bigint): SpreadBucket {
  const totals = new Map<string, bigint>();
  const reserved = held.reduce((sum, each) => sum + each.reservedMicrocents, 0n);
  if (restMicrocents < 0n) return { totals, unexplainedMicrocents: restMicrocents };
  const given = restMicrocents < reserved ? restMicrocents : reserved;
  const shares = held.map((each) => (reserved === 0n ? 0n : (given * each.reservedMicrocents) / reserved));
  let left = given - shares.reduce((sum, share) => sum + share, 0n);
  for (const [index, { decisionId, reservedMicrocents, costMicrocents }] of held.entries()) {
    let share = shares[index] ?? 0n;
    if (left > 0n && share < reservedMicrocents) {
      share += 1n;
      left -= 1n;
    }
    totals.set(decisionId, costMicrocents + share);
  }
  return { totals, unexplainedMicrocents: restMicrocents - given };
}

/** Every decision of the journal that ran, with what it is known to have cost. */
async function callsSeen(reading: EngineReading, calls: EngineCalls): Promise<ReadonlyMap<number, CallSeen>> {
  const seen = new Map<number, CallSeen>();
  for await (const piece of reading.lines(1, reading.head.sequence))
    for (const line of piece.toString("utf8").trimEnd().split("\n")) take(JSON.parse(line) as LineJson, seen, calls);
  return seen;
}

function take({ data }: LineJson, seen: Map<number, CallSeen>, calls: EngineCalls): void {
  if (data.kind === "decision") {
    const candidateId = data.acted ?? data.decision?.selected ?? 0;
    if (candidateId !== 0) seen.set(data.sequence, { at: data.at, candidateId, costMicrocents: 0n });
    return;
  }
  const call = data.of === undefined ? undefined : seen.get(data.of);
  if (call === undefined) return;
  const stated = data.actualMicrocents ?? data.settledMicrocents ?? data.costMicrocents;
  if (data.kind === "expiry") call.costMicrocents = calls.standing(`${data.of}-00000000`).costMicrocents;
  else if (data.kind !== "attempt" && stated !== undefined) call.costMicrocents = BigInt(stated);
}

interface LineJson {
  readonly data: EntryJson;
}

/** What is read of an entry. Amounts are below 2^53: a call that costs 90 million dollars is not spread exactly. */
interface EntryJson {
  readonly sequence: number;
  readonly at: number;
  readonly kind: string;
  readonly of?: number;
  readonly acted?: number;
  readonly decision?: { readonly selected?: number };
  readonly actualMicrocents?: number;
  readonly settledMicrocents?: number;
  readonly costMicrocents?: number;
}

function sequenceOf(decisionId: string): number {
  return Number(decisionId.split("-")[0]);
}
