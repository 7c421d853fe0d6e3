/**
 * The attempts of a call whose reservation is open or held. Each holds its own money, in the period in which it was begun,
 * until its cost is known.
 * @module
 */
import { type ExactJson, exactInteger, type SnapshotMembers } from "@calybris/kernel";
import type { Pocket } from "./account.ts";

export interface Attempt {
  readonly reservedMicrocents: bigint;
  readonly pockets: readonly Pocket[];
  /** Of each of the pockets' accounts, the periods that had ended. */
  readonly endedCounts: readonly number[];
  hasEnded: boolean;
  /** `undefined` while it is not known. */
  costMicrocents: bigint | undefined;
}

/** A reservation, as far as its attempts are concerned. */
export interface Reserved {
  readonly pockets: readonly Pocket[];
  readonly amountMicrocents: bigint;
  readonly knownMicrocents: bigint;
  readonly attempts: readonly Attempt[] | undefined;
}

/** What is still reserved for one attempt. */
interface Rest {
  readonly pockets: readonly Pocket[];
  readonly reservedMicrocents: bigint;
}

/** What a reservation holds or has settled, in all. */
export function amountOf({ amountMicrocents, attempts }: Reserved): bigint {
  return attempts === undefined ? amountMicrocents : sum(attempts, (each) => within(each) ?? each.reservedMicrocents);
}

/** The part of it that is settled. */
export function knownOf({ knownMicrocents, attempts = [] }: Reserved): bigint {
  return knownMicrocents + sum(attempts, (each) => within(each) ?? 0n);
}

/** What it is settled at when it expires: also what is known to go beyond the reservations. */
export function fullCostOf(claim: Reserved): bigint {
  const beyond = sum(claim.attempts ?? [], (each) => (each.costMicrocents ?? 0n) - (within(each) ?? 0n));
  return amountOf(claim) + beyond;
}

/** What is still reserved, attempt by attempt: what a hold has settled is taken from the first ones. */
function restsOf({ amountMicrocents, knownMicrocents, pockets, attempts }: Reserved): readonly Rest[] {
  const rests: Rest[] = [];
  let known = knownMicrocents;
  for (const each of attempts ?? [{ reservedMicrocents: amountMicrocents, pockets, costMicrocents: undefined }]) {
    if (each.costMicrocents !== undefined) continue;
    const taken = known < each.reservedMicrocents ? known : each.reservedMicrocents;
    known -= taken;
    rests.push({ pockets: each.pockets, reservedMicrocents: each.reservedMicrocents - taken });
  }
  return rests;
}

/** Nothing is known but that the first attempt was begun. */
export function isFresh(attempts: readonly Attempt[]): boolean {
  return attempts.length === 1 && attempts[0]?.hasEnded === false;
}

/** `[reserved, cost]` of each attempt; a cost of −1 is not known, and −2 of one that has not ended. */
export function attemptRows(attempts: readonly Attempt[]): ExactJson[] {
  return attempts.map(({ reservedMicrocents, hasEnded, costMicrocents }) => [
    reservedMicrocents,
    costMicrocents ?? (hasEnded ? -1n : -2n),
  ]);
}

/** The attempts of a call in a snapshot. Throws RangeError for what are none. */
export function restoredAttempts(row: SnapshotMembers, { pockets }: Reserved): Attempt[] {
  const counts = row.integerLists("endedCounts");
  return row.list("attempts").map((given, index) => {
    const [reserved, cost] = Array.isArray(given) ? given.map(exactInteger) : [];
    const ended = counts[index];
    if (reserved === undefined || cost === undefined || ended?.length !== pockets.length)
      throw new RangeError("an attempt of a call cannot be");
    return {
      reservedMicrocents: reserved,
      // Any pocket but the present one stands for a period that is over.
      pockets: pockets.map(({ account }, level) =>
        ended[level] === account.endedCount ? account.pocket : { account, period: undefined },
      ),
      endedCounts: ended,
      hasEnded: cost !== -2n,
      costMicrocents: cost < 0n ? undefined : cost,
    };
  });
}

function within({
  costMicrocents,
  reservedMicrocents,
}: Pick<Attempt, "costMicrocents" | "reservedMicrocents">): bigint | undefined {
  return costMicrocents === undefined || costMicrocents < reservedMicrocents ? costMicrocents : reservedMicrocents;
}

function sum(attempts: readonly Attempt[], of: (attempt: Attempt) => bigint): bigint {
  return attempts.reduce((total, attempt) => total + of(attempt), 0n);
}

/** Ends a claim at what the call cost in total: what is still reserved pays first, attempt by attempt. */
export function billTotal(claim: Reserved, cost: bigint): void {
  const known = knownOf(claim);
  let left = cost > known ? cost - known : 0n;
  for (const { pockets, reservedMicrocents } of restsOf(claim)) {
    const own = left < reservedMicrocents ? left : reservedMicrocents;
    for (const pocket of pockets) pocket.account.bill(pocket, reservedMicrocents, own);
    left -= own;
  }
  for (const pocket of claim.pockets) {
    pocket.account.bill(pocket, 0n, left);
    if (cost < known) pocket.account.billAgain(pocket, known, cost);
  }
}
