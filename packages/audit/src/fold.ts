/**
 * The state that a journal's entries add up to, folded from the entries alone and by rules of its own: a test holds it
 * equal to the engine's after every entry. It checks nothing; `content.ts` does, against the state before each entry.
 * @module
 */
import {
  type EntryBody,
  type EntryHead,
  type Policy,
  type PolicySnapshot,
  parseEntryBody,
  parseEntryHead,
  snapshotFromJson,
} from "@calybris/kernel";
import type { AuditedPolicy } from "./report.ts";

/** What the entries so far add up to. */
export interface AuditState {
  /** Journal sequence of the last entry; 0 before the first. */
  readonly sequence: number;
  /** Number of the last decision; 0 before the first. */
  readonly decisionSequence: bigint;
  /** Microseconds since the Unix epoch, of the last entry. */
  readonly at: number;
  /** The policy in force; 0 before genesis. */
  readonly policyId: number;
}

export const EMPTY_STATE: AuditState = Object.freeze({ sequence: 0, decisionSequence: 0n, at: 0, policyId: 0 });

/** The state after one more entry. */
export function foldEntry(state: AuditState, head: EntryHead, body: EntryBody): AuditState {
  return {
    sequence: head.sequence,
    at: head.at,
    decisionSequence: body.kind === "decision" ? body.request.sequence : state.decisionSequence,
    policyId: body.kind === "genesis" || body.kind === "policy" ? body.policyId : state.policyId,
  };
}

/** Policies by id: what a decision's entry leaves out follows from the one it was decided under. */
export class Policies {
  readonly #byId = new Map<number, Policy>();

  add(id: number, policy: Policy): void {
    this.#byId.set(id, policy);
  }

  readonly of = (id: number): Policy => {
    const policy = this.#byId.get(id);
    if (policy === undefined) throw new RangeError(`no policy ${id} was put in force`);
    return policy;
  };
}

export interface Fold {
  /** Takes the data of the next entry; an unknown kind is refused, because what it does to the state is unknown. */
  readonly apply: (data: string) => AuditState;
  readonly state: () => AuditState;
  readonly policies: () => readonly AuditedPolicy[];
  /** The snapshot in force. */
  readonly snapshot: () => PolicySnapshot | undefined;
}

/**
 * Folds entries that are known to be good.
 *
 * @throws `CalybrisError` for an entry that is not one of ours.
 */
export function createFold(): Fold {
  let state = EMPTY_STATE;
  let inForce: PolicySnapshot | undefined;
  const byId = new Policies();
  const policies: AuditedPolicy[] = [];
  return {
    apply: (data) => {
      const head = parseEntryHead(data);
      const body = head === undefined ? undefined : parseEntryBody(head, data, byId.of);
      if (head === undefined || body === undefined) throw new RangeError("an entry of a kind that this version knows");
      if (body.kind === "genesis" || body.kind === "policy") {
        inForce = snapshotFromJson(body.snapshot);
        byId.add(body.policyId, inForce.policy);
        policies.push({
          id: body.policyId,
          digest: body.policyDigest,
          by: body.kind === "policy" ? body.by : undefined,
        });
      }
      state = foldEntry(state, head, body);
      return state;
    },
    state: () => state,
    policies: () => policies,
    snapshot: () => inForce,
  };
}
