/**
 * What an older entry says, held to itself and to the policies before it: it is in the form of its kind, a policy has the
 * digest that its entry states, and a decision is what the kernel decides of its request, by its identity. Balances and beliefs
 * are not folded again: the snapshot holds them, and `calybris verify` recomputes them.
 * @module
 */
import { type DecisionEntry, decisionDigests, type EntryHead, parseEntryBody, toHex } from "@calybris/kernel";
import { nodeSha256 } from "../journal/chain-hash.ts";
import { PolicyBook } from "../state/policy-book.ts";
import type { PolicyVersion } from "../state/policy-version.ts";

export class OlderContent {
  readonly #policies: PolicyBook = new PolicyBook();

  /** Entries come in order, from the first. Throws for one that is not what it says. */
  check(head: EntryHead, data: string): void {
    const { sequence, at, kind } = head;
    const body = parseEntryBody(head, data, (id) => this.#policyOf(id, sequence).snapshot);
    if (body === undefined) throw new RangeError(`its kind ${kind} is unknown`);
    this.#policies.check(sequence, at, body);
    this.#policies.apply(sequence, at, body);
    if (body.kind === "decision") this.#requireIdentity(body, this.#policies.at(sequence));
  }

  #policyOf(id: number | undefined, sequence: number): PolicyVersion {
    const policy = id === undefined ? this.#policies.at(sequence) : this.#policies.get(id);
    if (policy === undefined) throw new RangeError(`no policy ${id} precedes it`);
    return policy;
  }

  #requireIdentity({ request, identity }: DecisionEntry, policy: PolicyVersion): void {
    const decision = this.#policies.kernelOf(policy).prescribe(request);
    const made = decisionDigests(policy.digest, request, decision, nodeSha256);
    if (toHex(made.identity) !== identity)
      throw new RangeError("its identity is not that of its policy, request and decision");
  }
}
