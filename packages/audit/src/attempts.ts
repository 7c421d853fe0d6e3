/**
 * The attempts of a call whose reservation is open or held. Each holds its own money, in the period in which it began, until
 * its cost is known.
 * @module
 */
import { type ExactJson, exactInteger, type SnapshotMembers } from "@calybris/kernel";
import type { Pocket } from "./account.ts";

export interface Attempt {
  readonly reservedMicrocents: bigint;
  readonly pockets: readonly Pocket[];
  /** For the account of each pocket, the number of periods that had ended. */
  readonly endedCounts: readonly number[];
  hasEnded: boolean;
  /** `undefined` while the cost is unknown. */
  costMicrocents: bigint | undefined;
}

/** The part of a reservation that attempts use. */
export interface Reserved {
  readonly pockets: readonly Pocket[];
  readonly amountMicrocents: bigint;
  readonly knownMicrocents: bigint;
  readonly attempts: readonly Attempt[] | undefined;
}

/** The amount that is still reserved for one attempt. */
interface Rest {
  readonly pockets: readonly Pocket[];
  readonly reservedMicrocents: bigint;
}

/** The total that a reservation holds or has settled. */
export function amountOf({ amountMicrocents, attempts }: Reserved): bigint {
  return attempts === undefined ? amountMicrocents : sum(attempts, (each) => within(each) ?? each.reservedMicrocents);
}

/** The settled part of a reservation. */
export function knownOf({ knownMicrocents, attempts = [] }: Reserved): bigint {
  return knownMicrocents + sum(attempts, (each) => within(each) ?? 0n);
}

/** The cost at which a reservation is settled when it expires, including known cost beyond the reserved amounts. */
export function fullCostOf(claim: Reserved): bigint {
  const beyond = sum(claim.attempts ?? [], (each) => (each.costMicrocents ?? 0n) - (within(each) ?? 0n));
  return amountOf(claim) + beyond;
}

/** The amount still reserved for each attempt. The amount settled by a hold is deducted from the first attempts. */
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

/** Whether the only known fact is that the first attempt began. */
export function isFresh(attempts: readonly Attempt[]): boolean {
  return attempts.length === 1 && attempts[0]?.hasEnded === false;
}

/** `[reserved, cost]` of each attempt. The cost is −1 if it is unknown, and −2 if the attempt has not ended. */
export function attemptRows(attempts: readonly Attempt[]): ExactJson[] {
  return attempts.map(({ reservedMicrocents, hasEnded, costMicrocents }) => [
    reservedMicrocents,
    costMicrocents ?? (hasEnded ? -1n : -2n),
  ]);
}

/** The attempts of a call in a snapshot. Throws RangeError if they are invalid. */
export function restoredAttempts(row: SnapshotMembers, { pockets }: Reserved): Attempt[] {
  const counts = row.integerLists("endedCounts");
  return row.list("attempts").map((given, index) => {
    const [reserved, cost] = Array.isArray(given) ? given.map(exactInteger) : [];
    const ended = counts[index];
    if (reserved === undefined || cost === undefined || ended?.length !== pockets.length)
      throw new RangeError("an attempt of a call cannot be");
    return {
      reservedMicrocents: reserved,
      // Any pocket but the current one represents a period that has ended.
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

/** Settles a claim at the call's total cost. The amounts still reserved pay first, attempt by attempt. */
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
