/**
 * The state that a journal's entries add up to, folded from the entries alone and by rules of its own: a test holds it
 * equal to the engine's after every entry. It checks nothing; `content.ts` does, against the state before each entry.
 * @module
 */
import {
  CalybrisError,
  type ConservationProof,
  type EntryBody,
  type EntryHead,
  type GenesisEntry,
  type Kernel,
  laterStageOf,
  type Policy,
  type PolicyEntry,
  type PolicySnapshot,
  parseEntryBody,
  parseEntryHead,
  sha256 as portableSha256,
  referenceKernel,
  type Sha256,
  snapshotFromJson,
  timeAfter,
} from "@calybris/kernel";
import { proofOf } from "./conservation.ts";
import { type AuditState, EMPTY_STATE } from "./audit-state.ts";
import { KeyFold } from "./keys.ts";
import { LearningCheck, type LearningPolicy } from "./learning/learning-check.ts";
import { MoneyFold } from "./money.ts";
import type { AuditedPolicy, Finding, Place, Report } from "./report.ts";
import { stateDigestOf } from "./state-digest.ts";

/** The state after one more entry. */
export function foldEntry(state: AuditState, head: EntryHead, body: EntryBody): AuditState {
  return {
    sequence: head.sequence,
    at: timeAfter(head.at, body),
    decisionSequence: body.kind === "decision" ? body.request.sequence : state.decisionSequence,
    policyId: body.kind === "genesis" || body.kind === "policy" ? body.policyId : state.policyId,
  };
}

/** Policies by id, and the last one: what a decision's entry leaves out follows from the one it was decided under. */
export class Policies {
  readonly #byId = new Map<number, PolicySnapshot>();
  #last: PolicySnapshot | undefined;

  add(id: number, snapshot: PolicySnapshot): void {
    this.#byId.set(id, snapshot);
    this.#last = snapshot;
  }

  readonly of = (id: number | undefined): PolicySnapshot => {
    const snapshot = id === undefined ? this.#last : this.#byId.get(id);
    if (snapshot === undefined) throw new RangeError(`no policy ${id ?? ""} was activated`);
    return snapshot;
  };
}

/** Who activated a policy, as a report shows it. */
export function activatedBy(
  entry: GenesisEntry | PolicyEntry,
  keys: KeyFold | undefined,
): Pick<AuditedPolicy, "actor" | "keyName" | "onBehalfOf"> {
  if (entry.kind === "genesis") return { actor: undefined, keyName: undefined, onBehalfOf: undefined };
  const { actor, onBehalfOf } = entry;
  return { actor, keyName: keys?.nameOf(actor), onBehalfOf };
}

export interface Fold {
  /** Takes the data of the next entry; an unknown kind is refused, because what it does to the state is unknown. */
  readonly apply: (data: string) => AuditState;
  readonly state: () => AuditState;
  readonly policies: () => readonly AuditedPolicy[];
  /** The active snapshot. */
  readonly snapshot: () => PolicySnapshot | undefined;
  /**
   * The conservation proof up to the last entry.
   *
   * @param at - microseconds since the Unix epoch: what is overdue then is said to be. The last entry's when left out.
   */
  readonly prove: (at?: number) => ConservationProof;
  /** `calystt1` after the last entry, in hexadecimal. */
  readonly stateDigest: () => string;
}

export interface FoldOptions {
  readonly sha256?: Sha256;
  /** Decides again what was recommended; the reference when left out. */
  readonly kernelFor?: (policy: Policy) => Kernel;
  /** Called where money or learning contradicts itself. */
  readonly onFinding?: (finding: Omit<Finding, keyof Place>) => void;
}

/**
 * Folds entries that are known to be good.
 *
 * @throws `CalybrisError` for an entry that is not one of ours.
 */
export function createFold(options: FoldOptions = {}): Fold {
  const sha256 = options.sha256 ?? portableSha256;
  let state = EMPTY_STATE;
  const kernelFor = options.kernelFor ?? referenceKernel;
  let inForce: LearningPolicy | undefined;
  const byId = new Policies();
  const policies: AuditedPolicy[] = [];
  const money = new MoneyFold();
  const learning = new LearningCheck(sha256);
  const keys = new KeyFold();
  return {
    apply: (data) => {
      const head = parseEntryHead(data);
      const body = head === undefined ? undefined : parseEntryBody(head, data, byId.of);
      if (head === undefined || body === undefined || laterStageOf(body) !== undefined) {
        const problem = "this version does not know what it does to the state";
        throw new CalybrisError("CAL_JOURNAL_ENTRY_MALFORMED", { sequence: state.sequence + 1, problem });
      }
      if ((body.kind === "genesis" || body.kind === "policy") && body.snapshot !== undefined) {
        const snapshot = snapshotFromJson(body.snapshot);
        inForce = { snapshot, kernel: kernelFor(snapshot.policy) };
        byId.add(body.policyId, snapshot);
        policies.push({
          id: body.policyId,
          digest: body.policyDigest,
          ...activatedBy(body, keys),
        });
      }
      const { sequence } = head;
      const report: Report = (problem, expected, found) => options.onFinding?.({ sequence, problem, expected, found });
      keys.take(sequence, body, report);
      money.take(sequence, head.at, body, report);
      learning.take(sequence, head.at, body, { policy: inForce, money }, report);
      state = foldEntry(state, head, body);
      return state;
    },
    state: () => state,
    policies: () => policies,
    snapshot: () => inForce?.snapshot,
    prove: (at = state.at) => proofOf(money, state.sequence, at, sha256),
    stateDigest: () =>
      stateDigestOf(
        state,
        policies.map(({ digest }) => digest),
        keys.active,
        money,
        learning.fold,
        sha256,
      ),
  };
}
