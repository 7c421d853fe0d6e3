/**
 * The policy data needed for measuring: which policy was active at each sequence, its holdout, its attribution window and
 * its names.
 * @module
 */
import type { PolicySnapshot } from "@calybris/kernel";
import { malformed, policyChangeIn, type UnverifiedEntry } from "../state/policy-change.ts";
import { carryCount, type MeasureBytes } from "./measure-bytes.ts";

const MICROSECONDS = 1_000_000;

interface MeasuredPolicy {
  readonly holdoutBps: number;
  readonly windowUs: number;
  /** Names of candidates, by id. */
  readonly names: readonly (readonly [id: number, name: string])[];
}

const NO_POLICY: MeasuredPolicy = { holdoutBps: 0, windowUs: 0, names: [] };

export class MeasuredPolicies {
  readonly #byId = new Map<number, MeasuredPolicy>();
  /** In the order of their entries. */
  readonly #activations: { readonly sequence: number; readonly id: number }[] = [];
  readonly #names = new Map<number, string>();
  /** Whether a policy is staged, and may decide as a canary. */
  hasCanary = false;

  /**
   * Takes the entry of a policy.
   *
   * @throws CalybrisError `CAL_JOURNAL_ENTRY_MALFORMED` if it names a policy that no earlier entry introduced.
   */
  take(read: UnverifiedEntry): void {
    const changed = policyChangeIn(read);
    if (changed === undefined) return;
    const { id, isActivated, sequence, snapshot } = changed;
    const policy = snapshot === undefined ? this.#byId.get(id) : measuredPolicy(snapshot);
    if (policy === undefined) throw malformed(sequence, `no earlier entry brought policy ${id}`);
    this.#byId.set(id, policy);
    this.hasCanary = !isActivated;
    if (isActivated) this.#activate(sequence, id, policy);
  }

  #activate(sequence: number, id: number, { names }: MeasuredPolicy): void {
    this.#activations.push({ sequence, id });
    for (const [candidate, name] of names) this.#names.set(candidate, name);
  }

  /** The active policy at a sequence. A canary's decisions are not covered. */
  at(sequence: number): MeasuredPolicy {
    const id = this.#activations.findLast((activation) => activation.sequence < sequence)?.id;
    return this.#byId.get(id ?? 0) ?? NO_POLICY;
  }

  get names(): ReadonlyMap<number, string> {
    return this.#names;
  }

  carry(bytes: MeasureBytes): void {
    this.#carryPolicies(bytes);
    const known = [...this.#activations];
    this.#activations.length = 0;
    const count = carryCount(bytes, known.length);
    for (let at = 0; at < count; at += 1) {
      const sequence = bytes.whole(known[at]?.sequence ?? 0);
      const id = bytes.whole(known[at]?.id ?? 0);
      this.#activate(sequence, id, this.#byId.get(id) ?? NO_POLICY);
    }
    this.hasCanary = bytes.whole(this.hasCanary ? 1 : 0) === 1;
  }

  #carryPolicies(bytes: MeasureBytes): void {
    const known = [...this.#byId];
    const count = carryCount(bytes, known.length);
    for (let at = 0; at < count; at += 1) {
      const [id = 0, policy = NO_POLICY] = known[at] ?? [];
      const carriedId = bytes.whole(id);
      const holdoutBps = bytes.whole(policy.holdoutBps);
      const windowUs = bytes.whole(policy.windowUs);
      const names = carryNames(bytes, policy.names);
      this.#byId.set(carriedId, { holdoutBps, windowUs, names });
    }
  }
}

function carryNames(bytes: MeasureBytes, known: MeasuredPolicy["names"]): MeasuredPolicy["names"] {
  const count = carryCount(bytes, known.length);
  const names: (readonly [number, string])[] = [];
  for (let at = 0; at < count; at += 1) {
    const [id = 0, name = ""] = known[at] ?? [];
    const carriedId = bytes.whole(id);
    names.push([carriedId, bytes.text(name)]);
  }
  return names;
}

function measuredPolicy({ learning, candidateNames, policy }: PolicySnapshot): MeasuredPolicy {
  return {
    holdoutBps: learning?.holdoutBps ?? 0,
    windowUs: (learning?.attributionSeconds ?? 0) * MICROSECONDS,
    names: policy.candidates.map(({ id }, at) => [id, candidateNames[at] ?? String(id)]),
  };
}
