/**
 * Reconciles held calls from a bill by the hour or the day, which names no requests: the part of a bucket beyond the known
 * cost of its calls is spread over its held calls in proportion to their reservations, and never beyond those.
 *
 * A call belongs to the bucket that contains the time of its decision, and to the candidate that ran first.
 * @module
 */
import type { EngineReading } from "../reading.ts";
import type { EngineCalls } from "./calls.ts";
import type { OpenCall } from "./client-call.ts";

/** A provider's bill for a time range, and optionally for one candidate. */
export interface Bucket {
  /** Microseconds since the Unix epoch; `toUs` is exclusive. */
  readonly fromUs: number;
  readonly toUs: number;
  /** `undefined` for all candidates. */
  readonly candidateId: number | undefined;
  readonly billedMicrocents: bigint;
}

/** The result of a bucket. */
export interface SpreadBucket {
  /** Total cost by decision: the known part and its share of the rest. */
  readonly totals: ReadonlyMap<string, bigint>;
  /** The part of the bill that no call explains; negative if the known cost of the calls exceeds the bill. */
  readonly unexplainedMicrocents: bigint;
}

interface CallSeen {
  readonly at: number;
  readonly candidateId: number;
  costMicrocents: bigint;
}

/** Spreads the bill of each bucket. Overlapping buckets each count a call. */
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
 * Shares of an amount in proportion to the reservations, in whole microcents: the rounding remainder goes to the first calls
 * that have room for it.
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

/** Every decision of the journal that ran, with its known cost. */
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

/** The members read of an entry. Amounts are exact below 2^53: a call of 90 million dollars is not spread exactly. */
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
