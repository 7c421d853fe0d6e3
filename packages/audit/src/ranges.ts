/**
 * Joins ranges of a log that were audited in parallel into the report that one audit of the whole log makes.
 *
 *     range 1, from genesis           ── carriedAtEnd ──┐ equal
 *     range 2, behind a snapshot   carriedAtStart ◀─────┘     ── carriedAtEnd ──▶ …
 *
 * A range that begins after a snapshot assumes the snapshot's state. The range before it derives that state from its
 * entries, and both state its digest. If the digests differ, or if a range has findings, there is no report here: one audit
 * of the whole log makes it. So ranges establish exactly what that audit does.
 * @module
 */
import type { ConservationProof, OpenReservation } from "@calybris/kernel";
import type { AuditOptions } from "./audit-options.ts";
import type { AwaitedOutcome, ComparedOutcomes } from "./learning/awaited.ts";
import { type ChangeCounts, changeClaims, NO_CHANGES } from "./change-check.ts";
import type { AuditedRange } from "./range.ts";
import type { AuditedCheckpoints, AuditReport } from "./report.ts";
import { checkpointClaims, contentClaims, givenOf, unestablished } from "./unestablished.ts";

/** Outcomes for the range that holds their decisions (`RangeAudit.compareAwaited`). */
export interface AwaitedPart {
  /** Index of that range. */
  readonly range: number;
  readonly awaited: readonly AwaitedOutcome[];
  readonly more: number;
}

/**
 * The outcomes to compare once all ranges are read, in the required order.
 *
 * @example
 * ```ts
 * import { awaitedOf } from "@calybris/audit";
 * awaitedOf([]); // []
 * ```
 */
export function awaitedOf(ranges: readonly AuditedRange[]): readonly AwaitedPart[] {
  const parts: AwaitedPart[] = [];
  for (const [at, { awaited }] of ranges.entries()) {
    let more = 0;
    for (let range = at - 1; range >= 0; range--) {
      const { fromSequence, last, keptCount } = ranges[range] as AuditedRange;
      const own = awaited.filter(({ outcome: { of } }) => of > fromSequence && of <= last.sequence);
      if (own.length > 0) parts.push({ range, awaited: own, more });
      more += keptCount;
    }
  }
  return parts;
}

/** The ranges to join, after their outcomes were compared. */
export interface ReadRanges {
  /** In the order of their entries. */
  readonly ranges: readonly AuditedRange[];
  /** The results of {@link awaitedOf}. */
  readonly compared: readonly ComparedOutcomes[];
  /** Whether a request id was dropped that might still have been compared. */
  readonly hasForgotten: boolean;
}

/**
 * `undefined` if one audit of the whole log must report a fault or an omission.
 *
 * @param options - those of that audit.
 */
export function joinRanges(
  { ranges, compared, hasForgotten }: ReadRanges,
  options: AuditOptions,
): AuditReport | undefined {
  const last = ranges.at(-1);
  if (last === undefined || !areContinued(ranges) || !compared.every(({ isGood }) => isGood)) return undefined;
  const policies = ranges.flatMap((range) => range.policies);
  const { heads = [], trees = [], pinnedPolicyDigests = [], headMac } = options;
  const anchored = [...heads.map(({ sequence }) => sequence), ...trees.map(({ treeSize }) => treeSize)];
  if (anchored.some((sequence) => sequence > last.last.sequence)) return undefined;
  if (!pinnedPolicyDigests.every((digest) => policies.some((policy) => policy.digest === digest))) return undefined;
  const macOf = ranges.find((range) => range.headMac !== undefined)?.headMac;
  if (options.headMissing !== undefined || (headMac !== undefined && macOf === undefined)) return undefined;
  const checkpoints = ranges.reduce<AuditedCheckpoints | undefined>(
    (sum, range) => together(sum, range.checkpoints),
    undefined,
  );
  const changes = ranges.reduce((sum, range) => changesTogether(sum, range.changes), NO_CHANGES);
  const unbound = [...ranges, ...compared].reduce((sum, each) => sum + each.unbound, 0);
  const hasDraws = ranges.some((range) => range.hasDraws);
  const given = { ...givenOf(options), headMac: headMac && { sequence: macOf } };
  return {
    status: "intact",
    entries: sumOf(ranges.map(({ entries }) => entries)),
    decisions: sumOf(ranges.map(({ decisions }) => decisions)),
    actions: countsOf(ranges.map(({ actions }) => actions)) as AuditReport["actions"],
    reasons: countsOf(ranges.map(({ reasons }) => reasons)),
    policies,
    money: last.money,
    checkpoints,
    head: last.last,
    tornTail: undefined,
    findings: [],
    findingCount: 0,
    notEstablished: [
      ...unestablished(given, last.last.sequence),
      ...contentClaims({ hasDraws, unbound, hasForgotten, isSeedGiven: options.drawSeed !== undefined }),
      ...checkpointClaims(checkpoints, options.logKeys !== undefined),
      ...changeClaims(changes, options.changeKeys !== undefined),
    ],
    reasonsIncomplete: [],
  };
}

/** The conservation proof after the last range, equal to that of an audit of the whole log. */
export function proofOfRanges(ranges: readonly AuditedRange[], at?: number): ConservationProof | undefined {
  const last = ranges.at(-1);
  if (last?.proof === undefined) return undefined;
  const now = at ?? last.state.at;
  const reservations = last.proof.reservations.map(
    (each): OpenReservation => (each.expiresAt <= now ? { ...each, state: "overdue" } : each),
  );
  return { ...last.proof, reservations };
}

/** Whether each range begins at the sequence and state at which the previous one ends. */
function areContinued(ranges: readonly AuditedRange[]): boolean {
  return ranges.every((range, at) => {
    const before = ranges[at - 1];
    if (before === undefined) return range.fromSequence === 0;
    return (
      range.fromSequence === before.last.sequence &&
      range.previousHash === before.last.hash &&
      range.firstDurable >= before.durable &&
      range.carriedAtStart === before.carriedAtEnd
    );
  });
}

function together(one: AuditedCheckpoints | undefined, other: AuditedCheckpoints | undefined): typeof one {
  if (one === undefined || other === undefined) return other ?? one;
  return {
    count: one.count + other.count,
    rootsVerified: one.rootsVerified + other.rootsVerified,
    signaturesVerified: one.signaturesVerified + other.signaturesVerified,
    latest: other.latest,
  };
}

function changesTogether(one: ChangeCounts, other: ChangeCounts): ChangeCounts {
  return {
    signed: one.signed + other.signed,
    verified: one.verified + other.verified,
    unsigned: one.unsigned + other.unsigned,
  };
}

function countsOf(all: readonly Readonly<Record<string, number>>[]): Readonly<Record<string, number>> {
  const sum: Record<string, number> = {};
  for (const counts of all) for (const [name, count] of Object.entries(counts)) sum[name] = (sum[name] ?? 0) + count;
  return sum;
}

function sumOf(numbers: readonly number[]): number {
  return numbers.reduce((sum, each) => sum + each, 0);
}
