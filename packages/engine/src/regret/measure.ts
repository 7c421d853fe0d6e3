/**
 * The fold over a journal's entries that measures regret, in total and by group.
 * @module
 */
import {
  type CalibrationCell,
  CalibrationFold,
  type CandidateShares,
  type Regret,
  RegretFold,
  type RegretSettings,
} from "@calybris/estimate";
import { invariant, type OutcomeEntry, parseEntryBody, type PolicySnapshot } from "@calybris/kernel";
import { malformed, PolicyTimeline, statedPolicy, type UnverifiedEntry } from "../state/policy-change.ts";
import { DecisionTimes } from "./decision-times.ts";
import type { MeasureBytes } from "./measure-bytes.ts";
import { MeasuredPolicies } from "./measured-policies.ts";
import { SequenceSet } from "./sequence-set.ts";

export const REGRET_GROUPINGS = ["tenant", "regime", "day", "useCase"] as const;
export type RegretGrouping = (typeof REGRET_GROUPINGS)[number];

/** The distributions of a target policy. It receives every entry that its choices depend on. */
export interface TargetRuns {
  readonly addPolicy: (snapshot: PolicySnapshot, id: number, isActivated: boolean) => void;
  readonly addBelief: (read: UnverifiedEntry) => void;
  readonly addDecision: (read: UnverifiedEntry) => void;
  /** The distribution for a decision. Can be taken once; `undefined` if it is unknown. */
  readonly take: (sequence: number) => CandidateShares | undefined;
}

export interface MeasureSettings extends RegretSettings {
  readonly by?: readonly RegretGrouping[];
  readonly target?: TargetRuns;
}

/** Maximum number of groups; the rest are counted as one. */
const GROUPS_MAX = 200;
const OTHER_GROUPS = "(others)";
const NO_TENANT = "(no tenant)";

/** The result for a journal, with groups if requested. */
export interface Measured {
  readonly all: Regret;
  readonly groups: readonly { readonly by: RegretGrouping; readonly name: string; readonly regret: Regret }[];
  readonly decisions: number;
  /** Decisions without an outcome that counts. */
  readonly missing: number;
  readonly calibration: readonly CalibrationCell[];
  readonly names: ReadonlyMap<number, string>;
}

/** Takes every entry of a journal, in order. */
export class Measure {
  readonly #settings: MeasureSettings;
  readonly #choices: TargetRuns | undefined;
  readonly #all: RegretFold;
  readonly #calibration: CalibrationFold;
  readonly #groups = new Map<RegretGrouping, Map<string, RegretFold>>();
  readonly #policies = new MeasuredPolicies();
  /** Only for a target policy, whose choices depend on complete policies. */
  readonly #timeline = new PolicyTimeline();
  /** Tenants of decisions without an outcome yet. */
  readonly #tenants = new Map<number, string>();
  /** Decisions by a canary without an outcome yet. */
  readonly #canary = new SequenceSet();
  #canaryDecisions = 0;
  readonly #decidedAt = new DecisionTimes();
  #decisions = 0;
  #counted = 0;

  constructor(settings: MeasureSettings) {
    this.#settings = settings;
    this.#choices = settings.target;
    this.#all = this.#fold();
    this.#calibration = new CalibrationFold(settings.alpha === undefined ? {} : { alpha: settings.alpha });
  }

  #fold(): RegretFold {
    return new RegretFold({ ...this.#settings, hasTarget: this.#choices !== undefined });
  }

  add(read: UnverifiedEntry): void {
    const { kind, sequence } = read.head;
    if (kind === "decision") {
      this.#decisions += 1;
      if (this.#policies.hasCanary && statedPolicy(read) !== undefined) {
        // A canary's candidates belong to another policy, which is not the one measured.
        this.#canary.add(sequence);
        this.#canaryDecisions += 1;
        return;
      }
      this.#decidedAt.add(sequence, read.head.at);
      this.#choices?.addDecision(read);
      if (this.#settings.by?.includes("tenant") === true) this.#tenants.set(sequence, tenantOf(read));
    } else if (kind === "genesis" || kind === "policy") this.#addPolicy(read);
    else if (kind === "outcome") this.#addOutcome(read);
    else if (kind === "belief") this.#choices?.addBelief(read);
  }

  #addPolicy(read: UnverifiedEntry): void {
    this.#policies.take(read);
    if (this.#choices === undefined) return;
    const policy = this.#timeline.take(read);
    if (policy !== undefined) this.#choices.addPolicy(policy.snapshot, policy.id, policy.isActivated);
  }

  #addOutcome(read: UnverifiedEntry): void {
    const outcome = parseEntryBody(read.head, read.data, () => {
      throw malformed(read.sequence, "it is an outcome, yet is read under a policy");
    });
    if (outcome?.kind !== "outcome") throw malformed(read.sequence, "it is not an outcome");
    if (this.#canary.delete(outcome.of)) return;
    const { holdoutBps, windowUs } = this.#policies.at(outcome.of);
    const isLate = outcome.observedAt - this.#decidedAt.of(outcome.of) > windowUs;
    const isUsable = outcome.disposition === "applied" && (outcome.treated === undefined || !isLate);
    const possible = this.#choices?.take(outcome.of);
    if (isUsable) {
      this.#counted += 1;
      this.#calibration.add(outcome);
    }
    const groups = (this.#settings.by ?? []).flatMap((by) => {
      const name = this.#groupOf(by, outcome, read.head.at);
      return name === undefined ? [] : [this.#group(by, name)];
    });
    for (const fold of [this.#all, ...groups])
      if (isUsable) fold.add(outcome, holdoutBps, possible);
      else fold.addUnusable();
  }

  #groupOf(by: RegretGrouping, outcome: OutcomeEntry, at: number): string | undefined {
    switch (by) {
      case "tenant": {
        const tenant = this.#tenants.get(outcome.of) ?? NO_TENANT;
        this.#tenants.delete(outcome.of);
        return tenant;
      }
      case "regime":
        return outcome.regime === undefined ? undefined : `regime ${outcome.regime}`;
      case "day":
        return new Date(at / 1_000).toISOString().slice(0, 10);
      case "useCase":
        return outcome.useCase;
      default:
        return undefined;
    }
  }

  #group(by: RegretGrouping, name: string): RegretFold {
    const folds = this.#groups.get(by) ?? new Map<string, RegretFold>();
    this.#groups.set(by, folds);
    const known = folds.get(name);
    if (known !== undefined) return known;
    if (folds.size >= GROUPS_MAX && name !== OTHER_GROUPS) return this.#group(by, OTHER_GROUPS);
    const fold = this.#fold();
    folds.set(name, fold);
    return fold;
  }

  /**
   * Writes or reads everything that is measured, so that a measure with the same settings can continue from there. Not for
   * measures with groups or a target policy.
   *
   * @throws RangeError if the bytes are not of a measure with these settings.
   */
  carry(bytes: MeasureBytes): void {
    const { alpha = Number.NaN, margin = Number.NaN, explorationMin = Number.NaN } = this.#settings;
    invariant((this.#settings.by ?? []).length === 0, "a measure by groups is not carried over");
    for (const setting of [alpha, margin, explorationMin])
      if (!Object.is(bytes.number(setting), setting)) throw new RangeError("it was measured with other settings");
    this.#all.carry(bytes);
    this.#calibration.carry(bytes);
    this.#policies.carry(bytes);
    this.#canary.carry(bytes);
    this.#decidedAt.carry(bytes);
    this.#canaryDecisions = bytes.whole(this.#canaryDecisions);
    this.#decisions = bytes.whole(this.#decisions);
    this.#counted = bytes.whole(this.#counted);
  }

  measured(): Measured {
    const groups = [...this.#groups].flatMap(([by, folds]) =>
      [...folds]
        .map(([name, fold]) => ({ by, name, regret: fold.regret() }))
        .sort((one, other) => one.name.localeCompare(other.name, "en", { numeric: true })),
    );
    return {
      all: this.#all.regret(),
      groups,
      decisions: this.#decisions,
      missing: this.#decisions - this.#canaryDecisions - this.#counted,
      calibration: this.#calibration.cells(),
      names: this.#policies.names,
    };
  }
}

/** Only the tenant of a decision is needed, and parsing it does not require the policy. */
function tenantOf({ data, sequence }: UnverifiedEntry): string {
  const { tenant } = JSON.parse(data) as { readonly tenant?: unknown };
  if (tenant !== undefined && typeof tenant !== "string") throw malformed(sequence, "its tenant is not a string");
  return tenant ?? NO_TENANT;
}
