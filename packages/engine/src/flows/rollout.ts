/**
 * How another policy comes into use, in stages:
 *
 *     stage → shadow on every live decision → compare → gates → canary → promote → roll back, each by a command
 *
 * One policy is staged at a time. Shadow changes no answer; a canary decides for a share of the tenants. Every change takes effect between two decisions, and names who made it.
 * @module
 */
import { BPS_MAX, CalybrisError, type PolicySnapshot, type TrustedSigner } from "@calybris/kernel";
import { EngineError } from "../engine-errors.ts";
import { refuseMistakes, wholeField } from "../intake/ledger-fields.ts";
import type { ChangeSignature, NextChange } from "../rollout/change-authorization.ts";
import { GATES, type Gates } from "../rollout/comparison.ts";
import type { ShadowCounts } from "../state/shadow-counts.ts";
import type { PolicyVersion } from "../state/state.ts";
import type { Caller } from "./keys.ts";
import type { EnginePolicies, PolicyActivation } from "./policies.ts";
import { type ComparedTo, type ComparisonPorts, RunningComparison } from "./running-comparison.ts";

/** What is active, what is staged, and how they compare. */
export interface RolloutStatus {
  readonly active: PolicyVersion;
  /** What a signature of the next change covers; left out where the first entry is archived out of reach. */
  readonly nextChange?: NextChange;
  /** The rest is left out where no policy is staged. */
  readonly staged?: PolicyVersion;
  /** The share of the tenants that the staged policy decides for. */
  readonly canaryBps?: number;
  /** Of every decision that was ordered. */
  readonly counts?: ShadowCounts;
  /** Of every entry that is durable; `sequence` says up to which. */
  readonly compared?: ComparedTo;
}

/** What a rollout needs of the engine. */
export interface RolloutPorts extends ComparisonPorts {
  readonly policies: EnginePolicies;
}

/** What is staged, without reading an entry. */
export interface RolloutNow {
  readonly staged: PolicyVersion | undefined;
  readonly canaryBps: number;
  readonly counts: ShadowCounts;
  /** Time that the shadow of a decision takes, in seconds: the mean of those that were measured; `undefined` before the first. */
  readonly shadowSeconds: number | undefined;
}

export class EngineRollout {
  readonly #ports: RolloutPorts;
  readonly #comparison: RunningComparison;

  constructor(ports: RolloutPorts) {
    this.#ports = ports;
    this.#comparison = new RunningComparison(ports);
  }

  /**
   * Stages a policy: from the next decision on, each entry holds what it would have decided. The policy that was staged before is
   * no longer. Staging the same policy again writes no entry.
   *
   * @param signature - needed where signers are configured (`changeSigners`), as for every change; refused elsewhere.
   * @throws CalybrisError `CAL_LEDGER_INVALID`, `CAL_ENGINE_ACTOR` for the caller, or `CAL_JOURNAL_OVERLOADED`;
   *   `CAL_ROLLOUT_SIGNATURE_MISSING`, `CAL_ROLLOUT_SIGNATURE_STALE`, `CAL_ROLLOUT_SIGNER_UNKNOWN`,
   *   `CAL_ROLLOUT_SIGNATURE_INVALID` or `CAL_ROLLOUT_SIGNERS_NONE`; nothing was changed.
   */
  stage(policy: PolicySnapshot, caller: Caller = {}, signature?: ChangeSignature): Promise<PolicyActivation> {
    return this.#ports.policies.stage(policy, caller, signature);
  }

  /** What the next change of policy follows, for those who sign it. A change that is ordered meanwhile makes it stale. */
  nextChange(): Promise<NextChange> {
    return this.#ports.policies.nextChange();
  }

  /**
   * Other signers of policy changes: a key was rotated or revoked. Where changes needed no signature, they need one then; nothing ends
   * that but opening the journal without signers.
   *
   * @returns puts them into effect for every change that comes after, and throws nothing.
   * @throws CalybrisError `CAL_JOURNAL_ARCHIVE_UNREACHABLE` when the first entry, which signatures cover, cannot be read.
   */
  prepareSigners(signers: readonly TrustedSigner[]): Promise<() => void> {
    return this.#ports.policies.prepareSigners(signers);
  }

  /** The policy that decides for a tenant: the active one, or the staged one where a canary decides for it. */
  policyFor(tenant: string | undefined): PolicyVersion {
    return this.#ports.state.policies.deciding(tenant);
  }

  /** What is staged, and how often it differs: what costs nothing to know. */
  now(): RolloutNow {
    const { policies, shadows, shadowTime } = this.#ports.state;
    const { staged, canaryBps } = policies;
    return { staged, canaryBps, counts: shadows.counts, shadowSeconds: shadowTime.meanSeconds };
  }

  /** What is staged and how it compares. Reads the entries since the staging, each once however often it is asked. */
  async status(gates: Gates = GATES): Promise<RolloutStatus> {
    const { active, staged, canaryBps } = this.#ports.state.policies;
    const nextChange = await this.#knownNextChange();
    if (staged === undefined) {
      this.#comparison.forget();
      return { active, ...nextChange };
    }
    const { counts } = this.#ports.state.shadows;
    const compared = await this.#comparison.compare(active, staged, gates);
    return { active, ...nextChange, staged, canaryBps, counts, compared };
  }

  async #knownNextChange(): Promise<Pick<RolloutStatus, "nextChange">> {
    try {
      return { nextChange: await this.nextChange() };
    } catch (error) {
      if (error instanceof CalybrisError && error.code === "CAL_JOURNAL_ARCHIVE_UNREACHABLE") return {};
      throw error;
    }
  }

  /**
   * Activates the staged policy, once it passes a gate: at least 1,000 decisions in shadow and either (a) at most 5 % of actions
   * differ and its reward is shown to be no worse by more than a margin, or (b) its reward is shown to be better by more than the
   * margin. Both hold however often they are asked for: a policy that is worse passes with probability at most 5 %.
   *
   * @param callerOf - called once a gate is passed, so that no key is introduced in vain.
   * @throws CalybrisError `CAL_ROLLOUT_NOT_STAGED`, `CAL_ROLLOUT_POLICY_UNKNOWN`, `CAL_ROLLOUT_GATES` with what is missing;
   *   those of {@link EngineRollout.stage} for the signature; `CAL_LEDGER_INVALID`, `CAL_ENGINE_ACTOR`, `CAL_JOURNAL_OVERLOADED`. Nothing was changed.
   */
  async promote(
    policyId: number,
    callerOf: () => Caller = () => ({}),
    gates: Gates = GATES,
    signature?: ChangeSignature,
  ): Promise<PolicyActivation> {
    const { policies, state } = this.#ports;
    const { active, staged } = state.policies;
    if (staged?.id === policyId) await this.#requireGates(active, staged, gates);
    return policies.promote(policyId, callerOf(), signature);
  }

  /**
   * Lets the staged policy decide for a share of the tenants, from the next decision on. A keyed hash says which: a larger share keeps
   * those of a smaller one. A share that grows needs a gate, as a promotion does; 0 ends the canary, and the policy stays staged.
   * Its decisions are no longer in shadow, and not compared.
   *
   * @param shareBps - 0 to 10,000.
   * @throws CalybrisError as {@link EngineRollout.promote}; `CAL_LEDGER_INVALID` for the share; `CAL_ROLLOUT_CANARY` for a policy that
   *   learns otherwise than the active one. Nothing was changed.
   */
  async canary(
    policyId: number,
    shareBps: number,
    callerOf: () => Caller = () => ({}),
    gates: Gates = GATES,
    signature?: ChangeSignature,
  ): Promise<PolicyActivation> {
    const { policies, state } = this.#ports;
    refuseMistakes({ shareBps: wholeField("shareBps", shareBps, BPS_MAX) });
    const { active, staged, canaryBps } = state.policies;
    if (staged?.id === policyId && shareBps > canaryBps) await this.#requireGates(active, staged, gates);
    return policies.canary(policyId, shareBps, callerOf(), signature);
  }

  async #requireGates(active: PolicyVersion, staged: PolicyVersion, gates: Gates): Promise<void> {
    const { passes, missing } = await this.#comparison.compare(active, staged, gates);
    if (passes !== undefined) return;
    throw new EngineError("CAL_ROLLOUT_GATES", { policyId: staged.id, missing: missing.join("; ") });
  }

  /**
   * Activates an earlier policy of the journal, from the next decision on, and ends the staging. Rolling back to the active policy
   * ends the staging alone; with none staged it writes no entry.
   *
   * @throws CalybrisError `CAL_ROLLOUT_POLICY_UNKNOWN`; those of {@link EngineRollout.stage} for the signature;
   *   `CAL_LEDGER_INVALID`, `CAL_ENGINE_ACTOR`, `CAL_JOURNAL_OVERLOADED`. Nothing was changed.
   */
  rollBack(policyId: number, caller: Caller = {}, signature?: ChangeSignature): Promise<PolicyActivation> {
    return this.#ports.policies.rollBack(policyId, caller, signature);
  }
}
