/**
 * The decision that the staged policy would have made on a request that the active policy decides. It does not affect the
 * answer, which is planned first; only the entry holds it.
 * @module
 */
import { candidateId, type DecisionEntry, Redecider, type Shadow } from "@calybris/kernel";
import type { PolicyBook } from "../state/policy-book.ts";
import type { ShadowTime } from "../state/shadow-time.ts";
import type { PolicyVersion } from "../state/policy-version.ts";

/** A rejection also stands for a request that the staged policy would refuse as invalid. */
const REJECTED: Shadow = Object.freeze({ action: "reject", candidateId: candidateId(0) });

export class ShadowDecider {
  readonly #policies: Pick<PolicyBook, "active" | "staged">;
  readonly #time: ShadowTime;
  #active: PolicyVersion | undefined;
  #staged: PolicyVersion | undefined;
  #redecider: Redecider | undefined;

  constructor(policies: Pick<PolicyBook, "active" | "staged">, time: ShadowTime) {
    this.#policies = policies;
    this.#time = time;
  }

  /** `undefined` if no policy is staged, or if the staged policy made the decision itself. */
  of(entry: DecisionEntry): Shadow | undefined {
    const { staged } = this.#policies;
    if (staged === undefined || entry.policyId !== undefined) return undefined;
    return this.#time.during(staged, () => this.#shadowOf(staged, entry));
  }

  #shadowOf(staged: PolicyVersion, entry: DecisionEntry): Shadow {
    const decision = this.#redeciderFor(staged).decide(entry);
    if (decision === undefined || decision.action === "reject") return REJECTED;
    return { action: decision.action, candidateId: decision.selectedId };
  }

  #redeciderFor(staged: PolicyVersion): Redecider {
    const { active } = this.#policies;
    if (this.#redecider === undefined || this.#active !== active || this.#staged !== staged) {
      this.#active = active;
      this.#staged = staged;
      this.#redecider = new Redecider(active.snapshot, staged.snapshot, staged.prepared.kernel, staged.tierFloors);
    }
    return this.#redecider;
  }
}
