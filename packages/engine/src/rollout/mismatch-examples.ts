/**
 * Decisions that the staged policy would have made otherwise, as examples: the first of all of them, and of each regime and tenant.
 * @module
 */
import type { Action, DecisionEntry } from "@calybris/kernel";

/** A decision that differs. */
export interface MismatchExample {
  /** Of its entry. */
  readonly sequence: number;
  /** `undefined` for no tenant. */
  readonly tenant: string | undefined;
  /** `undefined` for a decision that was not learned. */
  readonly regime: number | undefined;
  readonly active: ExampleChoice;
  readonly staged: ExampleChoice;
}

/** What one policy decided. */
export interface ExampleChoice {
  readonly action: Action;
  /** By its name; `undefined` for a rejection. */
  readonly candidate: string | undefined;
}

/** Examples, and the sequences of more by regime and tenant. */
export interface Mismatches {
  readonly examples: readonly MismatchExample[];
  readonly regimes: readonly { readonly regime: number; readonly sequences: readonly number[] }[];
  /** `undefined` for decisions of no tenant. */
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

  /** @param nameOf - a candidate of a policy. */
  constructor(nameOf: (policy: "active" | "staged", id: number) => string | undefined) {
    this.#nameOf = nameOf;
  }

  /** Takes a decision that differs; it has a shadow. */
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
