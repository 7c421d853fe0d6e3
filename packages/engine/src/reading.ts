/**
 * Read-only queries of an engine: the head of the journal, its entries, one decision, the policies, and whether the disk
 * still accepts writes. Only durable entries are ever shown.
 * @module
 */
import {
  type CalybrisError,
  type DecisionEntry,
  identityNumber,
  type PolicySnapshot,
  parseDecisionId,
  parseEntryBody,
} from "@calybris/kernel";
import type { Decided } from "./flows/decided.ts";
import { recalled } from "./flows/recalled.ts";
import type { Head } from "./journal/head.ts";
import { policiesAt } from "./state/read-entry.ts";
import type { Activation } from "./state/policy-book.ts";
import type { EngineState, PolicyVersion } from "./state/state.ts";
import type { Storage, StoredEntries } from "./storage/storage.ts";

/** The parts of the engine that reading uses. */
export interface ReadingPorts {
  readonly state: EngineState;
  readonly stored: StoredEntries;
  readonly storage: Pick<Storage, "read">;
  readonly keyed: boolean;
  readonly failure: () => CalybrisError | undefined;
  readonly waitingCount: () => number;
}

/** A journaled decision, with the snapshot it was made under. */
export interface ReadDecided {
  readonly decided: Decided;
  /** Microseconds since the Unix epoch. */
  readonly at: number;
  readonly snapshot: PolicySnapshot;
}

/** A decision's entry, its position, and the policy it was made under. */
export interface FoundDecision {
  readonly entry: DecisionEntry;
  readonly at: number;
  readonly policy: PolicyVersion;
  readonly sequence: number;
  readonly entryHash: string;
}

export class EngineReading {
  readonly #ports: ReadingPorts;
  #durable: { readonly sequence: number; readonly hash: string };

  constructor(ports: ReadingPorts, durable: { readonly sequence: number; readonly hash: string }) {
    this.#ports = ports;
    this.#durable = durable;
  }

  /** Records that entries up to `sequence` are durable. */
  reached(sequence: number, hash: string): void {
    this.#durable = { sequence, hash };
  }

  /** The last durable entry. */
  get head(): Head {
    return { ...this.#durable, keyed: this.#ports.keyed };
  }

  /** The error that ends the acceptance of commands; `undefined` while the disk accepts writes. */
  get failure(): CalybrisError | undefined {
    return this.#ports.failure();
  }

  /** Entries that wait for the disk. */
  get waitingCount(): number {
    return this.#ports.waitingCount();
  }

  /** Every policy of the journal, in the order of their ids. */
  policies(): readonly PolicyVersion[] {
    return [...this.#ports.state.policies.all];
  }

  /** The activations in order, each with its first entry, and the staged policy. */
  rollout(): { readonly activations: readonly Activation[]; readonly staged: PolicyVersion | undefined } {
    const { activations, staged } = this.#ports.state.policies;
    return { activations: [...activations], staged };
  }

  /** A policy by its id; `undefined` for an unknown id. */
  policy(id: number): PolicyVersion | undefined {
    return this.#ports.state.policy(id);
  }

  /** The amount that a tenant may still reserve; `undefined` for an unknown tenant, or one without a limit. */
  headroom(tenant: string): bigint | undefined {
    const { ledger } = this.#ports.state;
    const account = ledger.account(tenant);
    return account === undefined ? undefined : ledger.headroom(account);
  }

  /**
   * One decision by its id; `undefined` if no durable entry has this id.
   *
   * @throws CalybrisError `CAL_JOURNAL_ENTRY_MALFORMED` when the entry was altered.
   */
  async decision(decisionId: string): Promise<ReadDecided | undefined> {
    const { state, stored } = this.#ports;
    const found = await this.found(decisionId);
    if (found === undefined) return undefined;
    const { entry, at, policy, entryHash } = found;
    return {
      decided: await recalled(entry, { sequence: found.sequence, entryHash }, { state, entries: stored }),
      at,
      snapshot: policy.snapshot,
    };
  }

  /** The entry of a decision by its id; `undefined` if no durable entry has this id. */
  async found(decisionId: string): Promise<FoundDecision | undefined> {
    const parsed = parseDecisionId(decisionId);
    if (parsed === undefined || parsed.of > this.#durable.sequence) return undefined;
    const { head, data, entryHash } = await this.#ports.stored.find(parsed.of);
    if (head.kind !== "decision") return undefined;
    const { state } = this.#ports;
    const entry = parseEntryBody(head, data, policiesAt(state, head.sequence));
    if (entry?.kind !== "decision" || identityNumber(entry.identity) !== parsed.identity) return undefined;
    const policy = state.policyOf(entry, head.sequence);
    return { entry, at: head.at, policy, sequence: head.sequence, entryHash };
  }

  /**
   * The durable lines of the journal from one sequence to another, both included, as stored: whole lines with their
   * newlines, several in a chunk.
   */
  lines(from: number, to: number): AsyncGenerator<Buffer> {
    return this.#ports.storage.read(from, Math.min(to, this.#durable.sequence));
  }
}
