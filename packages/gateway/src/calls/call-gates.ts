/**
 * What a model must be able to do to take a call, held to what the policy's catalog says that each candidate can do. A model
 * that the client names is its own choice; one that takes its place, or is chosen for it, must be known to do what is asked.
 * @module
 */
import type { PolicySnapshot } from "@calybris/kernel";
import type { Capability } from "../translate/request-fields.ts";
import type { ClientBody } from "./client-call.ts";
import { capabilitiesAsked } from "./lanes.ts";

/** Other names that catalogs have for a capability; the first that the catalog knows counts. */
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
   * Whether a candidate may run that the client did not name.
   *
   * @param isSubstitute - whether the client named another one, which may do what the catalog has no name for.
   */
  admits(candidateId: number, isSubstitute: boolean): boolean {
    return this.#asked.every((gate) => {
      const name = this.#nameOf(gate);
      return name === undefined ? !isSubstitute : this.#has(candidateId, name);
    });
  }

  /**
   * By the catalog's names, for the decision: what the candidate that the client named is not known to do is left out, or the
   * client's own choice would be refused.
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
