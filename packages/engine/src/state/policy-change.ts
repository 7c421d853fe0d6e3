/**
 * The change that an entry makes to the policies of a journal: it introduces a policy, or names an earlier one.
 * @module
 */
import {
  activates,
  CalybrisError,
  type EntryHead,
  type PolicyChange,
  parseEntryBody,
  type PolicySnapshot,
  snapshotFromJson,
} from "@calybris/kernel";

/** An entry as read, without any verification. */
export interface UnverifiedEntry {
  readonly sequence: number;
  readonly head: EntryHead;
  readonly data: string;
}

/** A policy, and the entry from which on it decides. */
export interface PolicyAt {
  /** Sequence of the entry that introduced it. */
  readonly sequence: number;
  readonly id: number;
  readonly snapshot: PolicySnapshot;
}

export interface JournalChange {
  readonly sequence: number;
  readonly id: number;
  readonly change: PolicyChange;
  /** Whether it is active from the next decision on. */
  readonly isActivated: boolean;
  /** For a new policy. */
  readonly snapshot: PolicySnapshot | undefined;
}

/** `undefined` for an entry that does not concern policies. */
export function policyChangeIn({ head, data, sequence }: UnverifiedEntry): JournalChange | undefined {
  if (head.kind !== "genesis" && head.kind !== "policy") return undefined;
  const body = parseEntryBody(head, data, () => {
    throw malformed(sequence, "it decides nothing, yet names a policy");
  });
  if (body?.kind !== "genesis" && body?.kind !== "policy") return undefined;
  return {
    sequence,
    id: body.policyId,
    change: body.kind === "genesis" ? "promoted" : body.change,
    isActivated: activates(body),
    snapshot: body.snapshot === undefined ? undefined : snapshotFromJson(body.snapshot),
  };
}

/** The policies of a journal whose entries are read in order. */
export class PolicyTimeline {
  readonly #byId = new Map<number, PolicySnapshot>();

  /**
   * Processes an entry.
   *
   * @returns the policy that it introduces or activates, and whether it is active from here on.
   * @throws CalybrisError `CAL_JOURNAL_ENTRY_MALFORMED` for an entry that names a policy which no earlier entry introduced.
   */
  take(read: UnverifiedEntry): (PolicyAt & { readonly isActivated: boolean }) | undefined {
    const changed = policyChangeIn(read);
    if (changed === undefined) return undefined;
    const { id, isActivated, sequence, snapshot = this.#byId.get(id) } = changed;
    if (snapshot === undefined) throw malformed(sequence, `no earlier entry brought policy ${id}`);
    this.#byId.set(id, snapshot);
    return { id, sequence, snapshot, isActivated };
  }
}

/** The policy that a canary decision's entry names; `undefined` for the active one. */
export function statedPolicy({ head, data, sequence }: UnverifiedEntry): number | undefined {
  if (head.kind !== "decision") return undefined;
  let stated: number | undefined;
  try {
    parseEntryBody(head, data, (id) => {
      stated = id;
      throw malformed(sequence, "only what it says of its policy is read");
    });
  } catch (error) {
    if (!(error instanceof CalybrisError)) throw error;
  }
  return stated;
}

export function malformed(sequence: number, problem: string): CalybrisError {
  return new CalybrisError("CAL_JOURNAL_ENTRY_MALFORMED", { sequence, problem });
}
