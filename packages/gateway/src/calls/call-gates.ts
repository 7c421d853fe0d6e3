/**
 * Compares the capabilities that a call needs with those that the policy's catalog lists for each candidate. A model that
 * the client names is the client's choice. A substitute, or a model that the policy chooses, must have the capabilities.
 * @module
 */
import type { PolicySnapshot } from "@calybris/kernel";
import type { Capability } from "../translate/request-fields.ts";
import type { ClientBody } from "./client-call.ts";
import { capabilitiesAsked } from "./lanes.ts";

/** Alternative names of a capability in catalogs, used if the catalog does not have the first name. */
const OTHER_NAMES: { readonly [Name in Capability]?: string } = {
  effort: "reasoning",
  images: "vision",
  thinking: "reasoning",
};

const NONE: readonly Capability[] = Object.freeze([]);
const NO_NAMES: readonly string[] = Object.freeze([]);

export class CallGates {
  /** The policy that decides for the call's tenant. */
  readonly snapshot: PolicySnapshot;
  readonly #asked: readonly Capability[];

  constructor(snapshot: PolicySnapshot, client: ClientBody) {
    this.snapshot = snapshot;
    const asked = capabilitiesAsked(client);
    if (client.body.content.imageCount > 0) asked.add("images");
    this.#asked = asked.size === 0 ? NONE : [...asked];
  }

  /**
   * Whether a candidate that the client did not name may run.
   *
   * @param isSubstitute - whether the client named another one. Then a capability that the catalog does not name refuses the
   *   candidate, because the named one may have it.
   */
  admits(candidateId: number, isSubstitute: boolean): boolean {
    return this.#asked.every((gate) => {
      const name = this.#nameOf(gate);
      return name === undefined ? !isSubstitute : this.#has(candidateId, name);
    });
  }

  /**
   * The required capabilities for the decision, by the catalog's names. Those that the requested candidate is not known to
   * have are left out; otherwise the client's own choice would be refused.
   */
  required(requestedId: number | undefined): readonly string[] {
    if (this.#asked.length === 0) return NO_NAMES;
    const names = this.#asked.flatMap((gate) => this.#nameOf(gate) ?? []);
    return [...new Set(names)].filter((name) => requestedId === undefined || this.#has(requestedId, name));
  }

  #nameOf(gate: Capability): string | undefined {
    const { capabilities } = this.snapshot;
    return [gate, OTHER_NAMES[gate]].find((name) => name !== undefined && capabilities.includes(name));
  }

  #has(candidateId: number, name: string): boolean {
    const { policy, capabilities } = this.snapshot;
    const candidate = policy.candidates.find(({ id }) => id === candidateId);
    const bit = 1n << BigInt(capabilities.indexOf(name));
    return candidate !== undefined && (BigInt(candidate.capabilities) & bit) !== 0n;
  }
}
