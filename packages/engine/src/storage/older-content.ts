/**
 * Checks the content of an older entry against itself and the policies before it: it has the form of its kind, a policy has
 * the digest that its entry states, and a decision is the kernel's decision on its request, by identity. Balances and
 * beliefs are not folded again: the snapshot holds them, and `calybris verify` recomputes them.
 * @module
 */
import { type DecisionEntry, decisionDigests, type EntryHead, parseEntryBody, toHex } from "@calybris/kernel";
import { nodeSha256 } from "../journal/chain-hash.ts";
import { PolicyBook } from "../state/policy-book.ts";
import type { PolicyVersion } from "../state/policy-version.ts";

export class OlderContent {
  readonly #policies: PolicyBook = new PolicyBook();

  /** Takes the entries in order, from the first. Throws for an entry whose content is inconsistent. */
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
