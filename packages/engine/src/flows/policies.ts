/**
 * The active policy: the start of a journal, and changes of policy and limits.
 *
 *     policy and limits → check → one step of the journal → answer
 *
 * @module
 */
import {
  type Caused,
  type GenesisEntry,
  JOURNAL_FORMAT,
  type KeyIdentity,
  type PolicyEntry,
  type PolicySnapshot,
  parseExact,
  policyDigest,
  snapshotDigest,
  snapshotToJson,
  type TrustedSigner,
  toHex,
  writeExact,
} from "@calybris/kernel";
import { EngineError } from "../engine-errors.ts";
import type { Budgets } from "../intake/budgets-file.ts";
import { nodeSha256, nodeSha256Into } from "../journal/chain-hash.ts";
import type { FailStop } from "../journal/fail-stop.ts";
import type { Ordered, Ordering } from "../journal/journal.ts";
import {
  type RequestedChange,
  ChangeAuthorization,
  type ChangeSignature,
  type NextChange,
} from "../rollout/change-authorization.ts";
import { Draws } from "../router/draws.ts";
import { learnerDifference } from "../state/router-policy-of.ts";
import type { EngineState } from "../state/state.ts";
import type { StoredEntries } from "../storage/storage.ts";
import { seedDigest } from "./draw-seed.ts";
import type { FirstResults } from "./first-results.ts";
import type { Caller, EngineKeys } from "./keys.ts";
import type { EngineLedger } from "./ledger.ts";
import { LIMIT_ENTRIES_MAX } from "./tenant-limits.ts";

/** Changes that are made together. */
export interface Reconfiguration {
  readonly policy?: PolicySnapshot | undefined;
  /** `"file"` for a policy from the service's configured file. */
  readonly policyFrom?: "file" | undefined;
  readonly budgets?: Budgets | undefined;
  /** The keys that may act from now on: all others are revoked. Omitted: none is revoked. */
  readonly keys?: readonly KeyIdentity[] | undefined;
}

/** The activation of a policy. */
export interface PolicyActivation {
  /** Sequence of the entry that activated it. */
  readonly sequence: number;
  readonly policyId: number;
  /** Whether it was active already. */
  readonly repeated: boolean;
}

/** The result of a reconfiguration. */
export interface Reconfigured {
  /** The activated policy; omitted if none was given, or if the given one was already active from the same source. */
  readonly policyId?: number;
  readonly sequence?: number;
  /** Tenants whose limits changed. */
  readonly tenantsChanged: readonly string[];
}

/** The parts of the engine that policies use. */
export interface PolicyPorts {
  readonly state: EngineState;
  readonly journal: Ordering;
  readonly failStop: FailStop;
  readonly firstResults: FirstResults;
  readonly ledger: EngineLedger;
  readonly keys: EngineKeys;
  readonly entries: Pick<StoredEntries, "find">;
  readonly nowUs: () => number;
  /** Omitted if changes need no signature. */
  readonly signers: readonly TrustedSigner[] | undefined;
  /** The seed of the draws, if a policy of the journal has learned. */
  readonly seed: Uint8Array | undefined;
  /** Generates the seed and makes it durable, before an entry commits to it. */
  readonly makeSeed: () => Uint8Array;
}

export class EnginePolicies {
  readonly #ports: PolicyPorts;
  readonly #authorization: ChangeAuthorization;
  #draws: Draws | undefined;

  constructor(ports: PolicyPorts) {
    this.#ports = ports;
    this.#authorization = new ChangeAuthorization(ports.signers, ports.nowUs);
    if (ports.seed !== undefined) this.#draws = new Draws(ports.seed, nodeSha256Into);
  }

  /** Defined once a policy learns. */
  get draws(): Draws | undefined {
    return this.#draws;
  }

  /** Begins a new journal. */
  async begin(policy: PolicySnapshot): Promise<void> {
    const embedded = embed(policy);
    await this.#promote(policy, (seed) => ({
      kind: "genesis",
      format: JOURNAL_FORMAT,
      policyId: 1,
      ...embedded,
      ...seed,
    })).durable;
  }

  /** Binds signatures to this journal, if changes need them; call once it has begun. */
  async bindSignatures(): Promise<void> {
    if (this.#authorization.isRequired) this.#authorization.bind(await this.#genesisHash());
  }

  /** As `EngineRollout.prepareSigners`. */
  async prepareSigners(signers: readonly TrustedSigner[]): Promise<() => void> {
    this.#authorization.bind(await this.#genesisHash());
    return () => this.#authorization.replaceSigners(signers);
  }

  /** As `EngineRollout.nextChange`. */
  async nextChange(): Promise<NextChange> {
    const genesisHash = await this.#genesisHash();
    const { policies, policyCount } = this.#ports.state;
    return { genesisHash, follows: policies.lastChange, nextPolicyId: policyCount + 1 };
  }

  async #genesisHash(): Promise<string> {
    return (await this.#ports.entries.find(1)).entryHash;
  }

  /** As `Engine.setPolicy`. */
  activate(policy: PolicySnapshot, caller: Caller, signature?: ChangeSignature): Promise<PolicyActivation> {
    return this.#ports.failStop.command(() => {
      const caused = this.#ports.keys.caused(caller);
      return this.#ports.firstResults.once<PolicyActivation>({
        first: () => this.#active(policy, undefined),
        order: () => {
          const policyId = this.#ports.state.policyCount + 1;
          const { sequence } = this.#change(policy, policyId, caused, { signature });
          return { sequence, policyId, repeated: false };
        },
      });
    });
  }

  /** As `Engine.reconfigure`. */
  reconfigure(change: Reconfiguration, callerOf: () => Caller): Promise<Reconfigured> {
    const { state, journal, failStop, firstResults, ledger, keys } = this.#ports;
    return failStop.command(async () => {
      const { policyFrom, budgets = [] } = change;
      const isActive = change.policy !== undefined && this.#active(change.policy, policyFrom) !== undefined;
      const policy = isActive ? undefined : change.policy;
      const limits = ledger.limitChanges(budgets);
      const caused = keys.caused(callerOf());
      const revoked = change.keys === undefined ? [] : keys.revocations(change.keys);
      const tenantsChanged = limits.map(({ tenant }) => tenant);
      if (policy === undefined && limits.length === 0 && revoked.length === 0) {
        // The state may already be as requested because of entries that are not durable yet.
        await firstResults.settled();
        return { tenantsChanged };
      }
      const policyId = state.policyCount + 1;
      const { promoted, last } = journal.step(() => {
        const policies = policy === undefined ? 0 : 1;
        journal.establishRoom(policies + limits.length * LIMIT_ENTRIES_MAX + revoked.length);
        const ordered =
          policy === undefined ? undefined : this.#change(policy, policyId, caused, { source: policyFrom });
        let latest = ordered;
        for (const limit of limits) latest = ledger.limits.order(limit, caused);
        // Last, because the caller may be one of them.
        for (const entry of revoked) latest = journal.order(entry);
        return { promoted: ordered, last: latest as Ordered };
      });
      await last.durable;
      return promoted === undefined ? { tenantsChanged } : { policyId, sequence: promoted.sequence, tenantsChanged };
    });
  }

  /** The activation of the policy, if it is active from the same source; otherwise `undefined`. */
  #active(policy: PolicySnapshot, source: "file" | undefined): PolicyActivation | undefined {
    const { policies } = this.#ports.state;
    const { id, isFromFile, snapshotDigest: active } = policies.active;
    const since = policies.activation.sequence;
    if (isFromFile !== (source === "file") || active !== toHex(snapshotDigest(policy, nodeSha256))) return undefined;
    return { sequence: since, policyId: id, repeated: true };
  }

  /** As `EngineRollout.stage`. */
  stage(policy: PolicySnapshot, caller: Caller, signature?: ChangeSignature): Promise<PolicyActivation> {
    const { state, failStop, firstResults, keys } = this.#ports;
    return failStop.command(() => {
      const caused = keys.caused(caller);
      return firstResults.once<PolicyActivation>({
        first: () => {
          const { staged } = state.policies;
          if (staged?.snapshotDigest !== toHex(snapshotDigest(policy, nodeSha256))) return undefined;
          return { sequence: staged.since, policyId: staged.id, repeated: true };
        },
        order: () => {
          const policyId = state.policyCount + 1;
          const embedded = embed(policy);
          const { policyDigest: digest } = embedded;
          const signed = this.#allow({ change: "staged", policyId, policyDigest: digest, shareBps: 0 }, signature);
          const { sequence } = this.#promote(policy, (seed) => ({
            kind: "policy",
            change: "staged",
            policyId,
            ...embedded,
            ...seed,
            ...signed,
            ...caused,
          }));
          return { sequence, policyId, repeated: false };
        },
      });
    });
  }

  /** As `EngineRollout.promote`, after its gates passed. */
  promote(policyId: number, caller: Caller, signature?: ChangeSignature): Promise<PolicyActivation> {
    return this.#activateKnown("promoted", policyId, caller, signature);
  }

  /** As `EngineRollout.canary`, after its gates passed. */
  canary(policyId: number, shareBps: number, caller: Caller, signature?: ChangeSignature): Promise<PolicyActivation> {
    const { state, failStop, firstResults, keys, journal } = this.#ports;
    return failStop.command(() => {
      const caused = keys.caused(caller);
      return firstResults.once<PolicyActivation>({
        first: () => {
          const { staged, canaryBps, canarySince } = state.policies;
          if (staged?.id !== policyId || canaryBps !== shareBps) return undefined;
          return { sequence: canarySince ?? staged.since, policyId, repeated: true };
        },
        order: () => {
          const { active, staged } = state.policies;
          if (state.policy(policyId) === undefined) throw new EngineError("CAL_ROLLOUT_POLICY_UNKNOWN", { policyId });
          if (staged?.id !== policyId) throw new EngineError("CAL_ROLLOUT_NOT_STAGED", { policyId });
          const different = shareBps === 0 ? undefined : learnerDifference(active, staged);
          if (different !== undefined) throw new EngineError("CAL_ROLLOUT_CANARY", { policyId, different });
          const named = { policyId, policyDigest: staged.policyDigest, shareBps };
          const signed = this.#allow({ change: "canary", ...named }, signature);
          const { sequence } = journal.step(() => {
            journal.establishRoom(1);
            return journal.order({ kind: "policy", change: "canary", ...named, ...signed, ...caused });
          });
          return { sequence, policyId, repeated: false };
        },
      });
    });
  }

  /** As `EngineRollout.rollBack`. */
  rollBack(policyId: number, caller: Caller, signature?: ChangeSignature): Promise<PolicyActivation> {
    return this.#activateKnown("rolled-back", policyId, caller, signature);
  }

  /** Activates a policy of the journal. Writes no entry if it is active already and none is staged. */
  #activateKnown(
    change: "promoted" | "rolled-back",
    policyId: number,
    caller: Caller,
    signature: ChangeSignature | undefined,
  ): Promise<PolicyActivation> {
    const { state, failStop, firstResults, keys, journal } = this.#ports;
    return failStop.command(() => {
      const known = state.policy(policyId);
      if (known === undefined) throw new EngineError("CAL_ROLLOUT_POLICY_UNKNOWN", { policyId });
      const caused = keys.caused(caller);
      return firstResults.once<PolicyActivation>({
        first: () => {
          const { activation, staged } = state.policies;
          if (activation.policy !== known || staged !== undefined) return undefined;
          return { sequence: activation.sequence, policyId, repeated: true };
        },
        order: () => {
          if (change === "promoted" && state.policies.staged?.id !== policyId)
            throw new EngineError("CAL_ROLLOUT_NOT_STAGED", { policyId });
          const { policyDigest: digest } = known;
          const signed = this.#allow({ change, policyId, policyDigest: digest, shareBps: 0 }, signature);
          const { sequence } = journal.step(() => {
            journal.establishRoom(1);
            return journal.order({ kind: "policy", change, policyId, policyDigest: digest, ...signed, ...caused });
          });
          return { sequence, policyId, repeated: false };
        },
      });
    });
  }

  #change(
    policy: PolicySnapshot,
    policyId: number,
    caused: Caused,
    { source, signature }: { readonly source?: "file" | undefined; readonly signature?: ChangeSignature | undefined },
  ): Ordered {
    const embedded = embed(policy);
    const from = source === undefined ? {} : { source };
    const { policyDigest: digest } = embedded;
    const signed = this.#allow({ change: "promoted", policyId, policyDigest: digest, shareBps: 0 }, signature);
    return this.#promote(policy, (seed) => ({
      kind: "policy",
      change: "promoted",
      policyId,
      ...embedded,
      ...seed,
      ...from,
      ...signed,
      ...caused,
    }));
  }

  /** The signature of the next change, as its entry holds it. Throws if the change is not authorized. */
  #allow(change: RequestedChange, signature: ChangeSignature | undefined): Pick<PolicyEntry, "signature"> {
    return this.#authorization.allow(change, this.#ports.state.policies.lastChange, signature);
  }

  /** Orders a policy. The first that learns commits to the seed of the draws, which is made durable before. */
  #promote(policy: PolicySnapshot, entryOf: (seed: { seedDigest?: string }) => PolicyEntry | GenesisEntry): Ordered {
    const { journal, makeSeed } = this.#ports;
    return journal.step(() => {
      journal.establishRoom(1);
      const isFirstToLearn = policy.learning !== undefined && this.#draws === undefined;
      const seed = isFirstToLearn ? makeSeed() : undefined;
      const ordered = journal.order(entryOf(seed === undefined ? {} : { seedDigest: seedDigest(seed) }));
      if (seed !== undefined) this.#draws = new Draws(seed, nodeSha256Into);
      return ordered;
    });
  }
}

/** A policy as an entry contains it. */
function embed(policy: PolicySnapshot): Pick<GenesisEntry, "snapshot" | "policyDigest"> {
  return {
    snapshot: parseExact(writeExact(snapshotToJson(policy))),
    policyDigest: toHex(policyDigest(policy.policy, nodeSha256)),
  };
}
