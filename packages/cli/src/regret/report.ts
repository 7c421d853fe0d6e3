/**
 * The report of `calybris regret`.
 * @module
 */
import type { PolicyValue, Refusal, Regret } from "@calybris/estimate";
import type { Measured } from "./measure.ts";

export interface RegretReport {
  readonly decisions: number;
  readonly outcomes: number;
  readonly by: string | null;
  readonly alpha: number;
  readonly margin: number;
  readonly all: GroupReport;
  readonly groups: readonly ({ readonly name: string } & GroupReport)[];
}

export interface GroupReport {
  /** Outcomes of the learner's own decisions, and of others. */
  readonly rows: number;
  readonly notLearned: number;
  readonly ran: { readonly value: number | null; readonly standardError: number | null };
  readonly policies: readonly PolicyReport[];
  readonly best: string | null;
  readonly regret: number | null;
  /** The outcome, from 1, with which each was shown; `null` while it is not. */
  readonly learnerIsBetterAt: number | null;
  readonly learnerIsNoWorseAt: number | null;
}

export interface PolicyReport {
  readonly name: string;
  readonly value: number | null;
  readonly standardError: number | null;
  readonly interval: {
    readonly lower: number;
    readonly upper: number;
    readonly rows: number;
    readonly k: number;
  } | null;
  readonly effectiveRows: number;
  readonly targetMassUnlogged: number;
  readonly maxWeight: number;
  readonly refusals: readonly Refusal[];
}

export function regretReport(
  { all, groups, decisions, names }: Measured,
  options: { readonly by?: string; readonly alpha: number; readonly margin: number },
): RegretReport {
  const { by = null, alpha, margin } = options;
  return {
    decisions,
    outcomes: all.rows + all.notLearned,
    by,
    alpha,
    margin,
    all: groupReport(all, names),
    groups: groups.map(({ name, regret }) => ({ name, ...groupReport(regret, names) })),
  };
}

function groupReport(regret: Regret, names: ReadonlyMap<number, string>): GroupReport {
  const { rows, notLearned, ran, policies, best } = regret;
  return {
    rows,
    notLearned,
    ran: { value: known(ran.value), standardError: known(ran.standardError) },
    policies: policies.map((one) => policyReport(one, names)),
    best: best === undefined ? null : nameOf(best, names),
    regret: known(regret.regret),
    learnerIsBetterAt: regret.learnerIsBetterAt ?? null,
    learnerIsNoWorseAt: regret.learnerIsNoWorseAt ?? null,
  };
}

function policyReport(one: PolicyValue, names: ReadonlyMap<number, string>): PolicyReport {
  const { estimates, interval, refusals } = one;
  const { support, dr } = estimates;
  return {
    name: nameOf(one, names),
    value: known(dr.value),
    standardError: known(dr.standardError),
    interval:
      interval === undefined
        ? null
        : { lower: interval.lower, upper: interval.upper, rows: interval.rows, k: interval.k },
    effectiveRows: support.effectiveRows,
    targetMassUnlogged: support.targetMassUnlogged,
    maxWeight: support.maxWeight,
    refusals,
  };
}

function nameOf({ policy, candidate }: PolicyValue, names: ReadonlyMap<number, string>): string {
  if (policy !== "always") return policy;
  return `always ${names.get(candidate ?? 0) ?? `candidate ${candidate}`}`;
}

/** JSON has no NaN. */
function known(value: number | undefined): number | null {
  return value !== undefined && Number.isFinite(value) ? value : null;
}
