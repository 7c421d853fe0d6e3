/**
 * Outcomes of decisions. An entry repeats the parts of its decision that learning and the estimators need, so that no fold
 * has to keep decisions. A reader that has the decision compares them.
 * @module
 */
import { type Caused, CAUSED_FIELDS } from "./actor.ts";
import { type EntryTable, formOf } from "./entry-table.ts";
import {
  AMOUNT,
  BPS,
  DIGEST,
  type EntryValue,
  FLAG,
  listOf,
  oneOf,
  someOf,
  TEXT,
  U32,
  WHOLE,
  wholeFrom,
} from "./entry-value.ts";
import type { ExactJson } from "./exact-json.ts";
import { EXPECTED, PROPENSITY, PROPENSITY_ONE, TIER_COUNT_MAX, WARM_UP_REGIME } from "./recommendation.ts";
import { BPS_MAX, type Microcents, U32_MAX } from "./units.ts";

export type Disposition = "applied" | "abandoned" | "in_flight";
export const DISPOSITIONS: readonly Disposition[] = Object.freeze(["applied", "abandoned", "in_flight"]);

/** Quality signals, for calls without a reported success. */
export type Signal = "slow" | "error" | "retried" | "aborted" | "truncated";
export const SIGNALS: readonly Signal[] = Object.freeze(["slow", "error", "retried", "aborted", "truncated"]);

/**
 * A candidate that the decision could have run: the probability that the learner would have run it, over 2^32, and its
 * predicted net reward.
 */
export interface Treated {
  /** 0 for a rejection, which is also a possible result of the learner. */
  readonly candidateId: number;
  readonly propensity: number;
  readonly predictedBps: number;
}

/** The outcome of a decision. It repeats every part of the decision that learning needs. */
export interface OutcomeEntry extends Caused {
  readonly kind: "outcome";
  /** Journal sequence of the decision. */
  readonly of: number;
  readonly disposition: Disposition;
  /** The reported cost; it moves no money. At most one of this and the next two is present. */
  readonly costMicrocents?: Microcents;
  /** The cost; this entry settles the reservation at it. */
  readonly settledMicrocents?: Microcents;
  /** A cost that exceeds the reservation by so much that this entry holds it for an operator. */
  readonly claimedMicrocents?: Microcents;
  readonly latencyMs?: number;
  readonly succeeded?: boolean;
  readonly signals?: readonly Signal[];
  /** 0 to 10,000: as reported, or derived from the signals. */
  readonly successBps: number;
  readonly rewardBps: number;
  readonly useCase: string;
  /** The use case's own floor when it was decided. */
  readonly warmStartBps: number;
  readonly regime?: number;
  readonly tier: number;
  /** The candidate that ran. */
  readonly candidate: number;
  /** The probability that it would run, over 2^32; left out if that is 1. */
  readonly propensity?: number;
  /** The decision was made without the learner, for comparison. */
  readonly holdout?: true;
  /** The candidate selected by the floor of the use case alone, 0 for none; left out if that candidate ran. */
  readonly base?: number;
  /**
   * The candidates that the learner could have run, the base, and the one that ran, ascending by candidate. Propensities sum
   * to 2^32. Left out if the decision has no recommendation.
   */
  readonly treated?: readonly Treated[];
  /** The success expected of each tier at the decision, in bps; left out if the decision has none. */
  readonly expected?: readonly number[];
  /**
   * Whether beliefs and floors learned from it. False if it came too late, or the decision was a holdout or had the client's
   * floor.
   */
  readonly learned: boolean;
  /** `calyout1`, hexadecimal. */
  readonly digest: string;
  /** Microseconds since the Unix epoch, as the caller reports; covered by the digest. */
  readonly observedAt: number;
}

/** The cost in an outcome's entry: settled, claimed or only reported; `undefined` if it has none. */
export function outcomeCost(
  entry: Pick<OutcomeEntry, "costMicrocents" | "settledMicrocents" | "claimedMicrocents">,
): Microcents | undefined {
  return entry.settledMicrocents ?? entry.costMicrocents ?? entry.claimedMicrocents;
}

/** Written as `[candidate, propensity, predicted reward]`. */
const TREATED: EntryValue<Treated> = {
  schema: {
    type: "array",
    prefixItems: [U32.schema, PROPENSITY.schema, BPS.schema],
    minItems: 3,
    maxItems: 3,
  },
  read: (json, key) => {
    if (!Array.isArray(json) || json.length !== 3) throw new RangeError(`${key} is not a list of three`);
    const [candidate, propensity, predicted] = json as readonly ExactJson[];
    return {
      candidateId: U32.read(candidate, `${key}[0]`),
      propensity: PROPENSITY.read(propensity, `${key}[1]`),
      predictedBps: BPS.read(predicted, `${key}[2]`),
    };
  },
  write: ({ candidateId, propensity, predictedBps }) => `[${candidateId},${propensity},${predictedBps}]`,
  scan: (cursor) => {
    cursor.expect("[");
    const candidateId = cursor.whole(0, U32_MAX);
    cursor.expect(",");
    const propensity = cursor.whole(0, PROPENSITY_ONE);
    cursor.expect(",");
    const predictedBps = cursor.whole(0, BPS_MAX);
    cursor.expect("]");
    return { candidateId, propensity, predictedBps };
  },
};

function areTreated(rows: readonly Treated[]): boolean {
  return (
    rows.every(({ candidateId }, at) => candidateId > (rows[at - 1]?.candidateId ?? -1)) &&
    rows.reduce((sum, { propensity }) => sum + propensity, 0) === PROPENSITY_ONE
  );
}

export const OUTCOME_TABLE: EntryTable = {
  says: "The outcome of a decision. At most one of the three costs is present.",
  forms: [
    formOf<OutcomeEntry>(
      {
        of: { type: WHOLE, holds: "sequence of the decision" },
        disposition: { type: oneOf(DISPOSITIONS), holds: "use of the answer" },
        costMicrocents: {
          type: AMOUNT,
          holds: "reported cost, which moves no money",
          leftOut: "not reported, or it moves money",
        },
        settledMicrocents: {
          type: AMOUNT,
          holds: "reported cost, with which this entry settles the reservation",
          leftOut: "the entry settles nothing",
        },
        claimedMicrocents: {
          type: AMOUNT,
          holds: "reported cost that exceeds the reservation so far that this entry holds it",
          leftOut: "the entry holds nothing",
        },
        latencyMs: { type: WHOLE, holds: "reported latency", leftOut: "not reported" },
        succeeded: { type: FLAG, holds: "reported success", leftOut: "not reported" },
        signals: { type: someOf(SIGNALS), holds: "reported signals", leftOut: "none were reported" },
        successBps: { type: BPS, holds: "reported success, or success derived from the signals" },
        rewardBps: { type: BPS, holds: "net reward" },
        useCase: { type: TEXT, holds: "use case of the decision" },
        warmStartBps: { type: BPS, holds: "floor of the use case at the time of the decision" },
        regime: {
          type: wholeFrom(0, WARM_UP_REGIME),
          holds: "regime of the decision",
          leftOut: "the decision has no `learning`",
        },
        tier: { type: wholeFrom(0, TIER_COUNT_MAX - 1), holds: "tier of the candidate that ran" },
        candidate: { type: wholeFrom(1, U32_MAX), holds: "id of the candidate that ran" },
        propensity: {
          type: PROPENSITY,
          holds: "probability with which the candidate was chosen to run, times 2^32",
          leftOut: "it is 2^32",
          standard: PROPENSITY_ONE,
        },
        holdout: { type: oneOf([true]), holds: "the decision was a holdout", leftOut: "it was no holdout" },
        base: {
          type: U32,
          holds: "id of the candidate that the floor of the use case selects; 0 for none",
          leftOut: "that candidate ran",
        },
        treated: {
          type: listOf(TREATED, {
            wanted: "a distribution over ascending candidates",
            holds: areTreated,
            schema: { minItems: 1 },
          }),
          holds:
            "`[candidate, propensity, predicted reward]` of each candidate that the learner could have chosen, of the base and of the candidate that ran",
          leftOut: "the decision has no `learning`",
        },
        expected: {
          type: EXPECTED,
          holds: "expected success of each tier at the decision, in bps",
          leftOut: "the decision has none",
        },
        learned: { type: FLAG, holds: "whether beliefs and floors were updated with the outcome" },
        digest: { type: DIGEST, holds: "`calyout1`, hexadecimal" },
        observedAt: { type: WHOLE, holds: "microseconds since the Unix epoch, as reported by the caller" },
        ...CAUSED_FIELDS,
      },
      fault,
    ),
  ],
};

function fault(entry: OutcomeEntry): string | undefined {
  const { costMicrocents, settledMicrocents, claimedMicrocents, candidate, base, regime, treated } = entry;
  const costs = [costMicrocents, settledMicrocents, claimedMicrocents].filter((cost) => cost !== undefined);
  if (costs.length > 1) return "more than one cost is in one outcome";
  if (base === candidate) return "base is what ran, and then left out";
  if ((regime === undefined) !== (treated === undefined)) return "regime and treated are not of one recommendation";
  return undefined;
}
