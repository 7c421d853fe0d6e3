/**
 * The rollout of another policy, in stages:
 *
 *     stage → shadow on every live decision → compare → gates → canary → promote → roll back, each by a command
 *
 * One policy is staged at a time. A shadow does not change any answer; a canary decides for a share of the tenants. Every
 * change takes effect between two decisions, and names the actor that made it.
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

/** The active policy, the staged policy, and their comparison. */
export interface RolloutStatus {
  readonly active: PolicyVersion;
  /** The data that a signature of the next change covers; omitted if the first entry is archived and unreachable. */
  readonly nextChange?: NextChange;
  /** This and the following members are omitted if no policy is staged. */
  readonly staged?: PolicyVersion;
  /** The share of tenants for which the staged policy decides. */
  readonly canaryBps?: number;
  /** Counts over every ordered decision. */
  readonly counts?: ShadowCounts;
  /** The comparison over every durable entry, up to `sequence`. */
  readonly compared?: ComparedTo;
}

/** The parts of the engine that a rollout needs. */
export interface RolloutPorts extends ComparisonPorts {
  readonly policies: EnginePolicies;
}

/** The staged policy, without reading entries. */
export interface RolloutNow {
  readonly staged: PolicyVersion | undefined;
  readonly canaryBps: number;
  readonly counts: ShadowCounts;
  /** Mean time of a shadow decision in seconds, over those measured; `undefined` before the first. */
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
   * Stages a policy: from the next decision on, each entry holds the decision that it would have made. It replaces a
   * previously staged policy. Staging the same policy again writes no entry.
   *
   * @param signature - required for every change if signers are configured (`changeSigners`), and refused otherwise.
   * @throws CalybrisError `CAL_LEDGER_INVALID`, `CAL_ENGINE_ACTOR` for the caller, or `CAL_JOURNAL_OVERLOADED`;
   *   `CAL_ROLLOUT_SIGNATURE_MISSING`, `CAL_ROLLOUT_SIGNATURE_STALE`, `CAL_ROLLOUT_SIGNER_UNKNOWN`,
   *   `CAL_ROLLOUT_SIGNATURE_INVALID` or `CAL_ROLLOUT_SIGNERS_NONE`; nothing was changed.
   */
  stage(policy: PolicySnapshot, caller: Caller = {}, signature?: ChangeSignature): Promise<PolicyActivation> {
    return this.#ports.policies.stage(policy, caller, signature);
  }

  /**
   * The change that the next policy change must follow, for signing. A change ordered in the meantime makes the signature
   * stale.
   */
  nextChange(): Promise<NextChange> {
    return this.#ports.policies.nextChange();
  }

  /**
   * Prepares another set of signers of policy changes, after a key was rotated or revoked. If changes needed no signature so
   * far, they need one from then on; only opening the journal without signers ends that.
   *
   * @returns a function that puts the signers into effect for every later change. It does not throw.
   * @throws CalybrisError `CAL_JOURNAL_ARCHIVE_UNREACHABLE` if the first entry, which signatures cover, cannot be read.
   */
  prepareSigners(signers: readonly TrustedSigner[]): Promise<() => void> {
    return this.#ports.policies.prepareSigners(signers);
  }

  /** The policy that decides for a tenant: the active one, or the staged one if the tenant is in its canary. */
  policyFor(tenant: string | undefined): PolicyVersion {
    return this.#ports.state.policies.deciding(tenant);
  }

  /** The staged policy, and the number of differences. Reads no entries. */
  now(): RolloutNow {
    const { policies, shadows, shadowTime } = this.#ports.state;
    const { staged, canaryBps } = policies;
    return { staged, canaryBps, counts: shadows.counts, shadowSeconds: shadowTime.meanSeconds };
  }

  /** The staged policy and its comparison. Reads the entries since the staging, each only once over all calls. */
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
   * Activates the staged policy if it passes a gate. Both gates need at least 1,000 decisions in shadow. Gate (a): actions
   * differ in at most 5 % of decisions, and the reward is shown to be no worse by more than a margin. Gate (b): the reward
   * is shown to be better by more than the margin. The guarantee holds at any number of checks: a worse policy passes with a
   * probability of at most 5 %.
   *
   * @param callerOf - called only after a gate is passed, so that no key is introduced for a refused change.
   * @throws CalybrisError `CAL_ROLLOUT_NOT_STAGED`, `CAL_ROLLOUT_POLICY_UNKNOWN`, `CAL_ROLLOUT_GATES` with the conditions
   *   that are missing; those of {@link EngineRollout.stage} for the signature; `CAL_LEDGER_INVALID`, `CAL_ENGINE_ACTOR`,
   *   `CAL_JOURNAL_OVERLOADED`. Nothing was changed.
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
   * Lets the staged policy decide for a share of the tenants, from the next decision on. A keyed hash selects them; a larger
   * share includes the tenants of a smaller one. Increasing the share requires a gate, like a promotion. 0 ends the canary,
   * and the policy stays staged. Decisions of the canary are not in shadow, and not compared.
   *
   * @param shareBps - 0 to 10,000.
   * @throws CalybrisError as {@link EngineRollout.promote}; `CAL_LEDGER_INVALID` for the share; `CAL_ROLLOUT_CANARY` for a
   *   policy whose learning differs from the active one's. Nothing was changed.
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
   * Activates an earlier policy of the journal, from the next decision on, and ends the staging. Rolling back to the active
   * policy only ends the staging; without a staged policy it writes no entry.
   *
   * @throws CalybrisError `CAL_ROLLOUT_POLICY_UNKNOWN`; those of {@link EngineRollout.stage} for the signature;
   *   `CAL_LEDGER_INVALID`, `CAL_ENGINE_ACTOR`, `CAL_JOURNAL_OVERLOADED`. Nothing was changed.
   */
  rollBack(policyId: number, caller: Caller = {}, signature?: ChangeSignature): Promise<PolicyActivation> {
    return this.#ports.policies.rollBack(policyId, caller, signature);
  }
}
