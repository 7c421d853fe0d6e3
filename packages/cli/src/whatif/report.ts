/**
 * The report of `calybris whatif`.
 * @module
 */
import type { Refusal } from "@calybris/estimate";
import type { DiffList, ListedDecision } from "./diff-list.ts";
import type { Effect, TallySummary } from "./tally.ts";
import type { Transition } from "./transitions.ts";
import type { WhatIfResult } from "./what-if.ts";
import type { Winning } from "./winning.ts";

export interface WhatIfReport {
  readonly policy: string;
  readonly alpha: number;
  readonly by: string | null;
  readonly all: GroupReport;
  readonly groups: readonly ({ readonly name: string } & GroupReport)[];
  readonly transitions: readonly Transition[];
  readonly invalid: number;
  readonly observed: number;
  readonly outcomesUnbound: number;
  readonly winning: Winning | null;
  readonly diff: {
    readonly count: number;
    readonly file: string | null;
    readonly decisions: readonly ListedDecision[];
  } | null;
}

export interface GroupReport extends Omit<TallySummary, "success" | "reward"> {
  readonly success: EffectReport;
  readonly reward: EffectReport;
}

/** Values as shares of the maximum success or reward. Differences are the other policy's value minus the logged one's. */
export interface EffectReport {
  /** `null` if it cannot be estimated; `refusals` states why. */
  readonly difference: number | null;
  readonly standardError: number | null;
  /** Anytime-valid interval, also present if the difference cannot be estimated; `null` before its first row. */
  readonly interval: {
    readonly lower: number;
    readonly upper: number;
    readonly rows: number;
    readonly k: number;
  } | null;
  readonly value: number | null;
  readonly valueError: number | null;
  /**
   * The share of the other policy's choices that the journal cannot evaluate, because they were never logged in those cases.
   */
  readonly unanswered: number;
  readonly effectiveRows: number;
  readonly maxWeight: number;
  readonly refusals: readonly Refusal[];
}

export function whatIfReport(
  result: WhatIfResult,
  settings: {
    readonly policy: string;
    readonly alpha: number;
    readonly by?: string;
    readonly list: DiffList | undefined;
  },
): WhatIfReport {
  const { policy, alpha, by = null, list } = settings;
  return {
    policy,
    alpha,
    by,
    all: groupReport(result.all),
    groups: result.groups.map(({ name, summary }) => ({ name, ...groupReport(summary) })),
    transitions: result.transitions,
    invalid: result.invalid,
    observed: result.observed,
    outcomesUnbound: result.outcomesUnbound,
    winning: result.winning ?? null,
    diff: list === undefined ? null : { count: list.count, file: list.file ?? null, decisions: list.listed },
  };
}

function groupReport({ success, reward, ...counts }: TallySummary): GroupReport {
  return { ...counts, success: effectReport(success), reward: effectReport(reward) };
}

function effectReport(effect: Effect): EffectReport {
  const { support, refusals, lower, upper, intervalRows, k } = effect;
  const isUsable = refusals.length === 0;
  const usable = (value: number): number | null => (isUsable && Number.isFinite(value) ? value : null);
  return {
    difference: usable(effect.difference),
    standardError: usable(effect.standardError),
    interval: intervalRows === 0 ? null : { lower, upper, rows: intervalRows, k },
    value: usable(effect.value),
    valueError: usable(effect.valueError),
    unanswered: Number.isFinite(support.targetMassUnlogged) ? support.targetMassUnlogged : 0,
    effectiveRows: support.effectiveRows,
    maxWeight: support.maxWeight,
    refusals,
  };
}
