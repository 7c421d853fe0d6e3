/**
 * Examples of decisions that the staged policy would have made differently: the first overall, and the first of each regime
 * and tenant.
 * @module
 */
import type { Action, DecisionEntry } from "@calybris/kernel";

/** A decision that differs. */
export interface MismatchExample {
  /** Sequence of the decision's entry. */
  readonly sequence: number;
  /** `undefined` if the decision has no tenant. */
  readonly tenant: string | undefined;
  /** `undefined` if the decision was not made by the learner. */
  readonly regime: number | undefined;
  readonly active: ExampleChoice;
  readonly staged: ExampleChoice;
}

/** The decision of one policy. */
export interface ExampleChoice {
  readonly action: Action;
  /** The candidate's name; `undefined` for a rejection. */
  readonly candidate: string | undefined;
}

/** Examples, and sequences of more decisions by regime and tenant. */
export interface Mismatches {
  readonly examples: readonly MismatchExample[];
  readonly regimes: readonly { readonly regime: number; readonly sequences: readonly number[] }[];
  /** `undefined` for decisions without a tenant. */
  readonly tenants: readonly { readonly tenant: string | undefined; readonly sequences: readonly number[] }[];
}

const EXAMPLES_MAX = 20;
const SEQUENCES_MAX = 3;
const TENANTS_MAX = 1_000;

export class MismatchExamples {
  readonly #examples: MismatchExample[] = [];
  readonly #regimes = new Map<number, number[]>();
  readonly #tenants = new Map<string | undefined, number[]>();
  readonly #nameOf: (policy: "active" | "staged", id: number) => string | undefined;

  /** @param nameOf - the name of a policy's candidate. */
  constructor(nameOf: (policy: "active" | "staged", id: number) => string | undefined) {
    this.#nameOf = nameOf;
  }

  /** Takes a decision that differs. Its entry must have a shadow. */
  add(sequence: number, { tenant, learning, decision, shadow }: DecisionEntry): void {
    const regime = learning?.regime;
    if (regime !== undefined) keep(this.#regimes, regime, sequence);
    if (this.#tenants.size < TENANTS_MAX || this.#tenants.has(tenant)) keep(this.#tenants, tenant, sequence);
    if (shadow === undefined || this.#examples.length >= EXAMPLES_MAX) return;
    const active = { action: decision.action, candidate: this.#nameOf("active", decision.selectedId) };
    const staged = { action: shadow.action, candidate: this.#nameOf("staged", shadow.candidateId) };
    this.#examples.push({ sequence, tenant, regime, active, staged });
  }

  get all(): Mismatches {
    return {
      examples: [...this.#examples],
      regimes: [...this.#regimes].map(([regime, sequences]) => ({ regime, sequences: [...sequences] })),
      tenants: [...this.#tenants].map(([tenant, sequences]) => ({ tenant, sequences: [...sequences] })),
    };
  }
}

function keep<Key>(of: Map<Key, number[]>, key: Key, sequence: number): void {
  const kept = of.get(key);
  if (kept === undefined) of.set(key, [sequence]);
  else if (kept.length < SEQUENCES_MAX) kept.push(sequence);
}
