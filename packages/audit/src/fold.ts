/**
 * The state that a journal's entries lead to, folded from the entries alone and by independent rules. A test compares it
 * with the engine's state after every entry. It checks nothing; `content.ts` does, against the state before each entry.
 * @module
 */
import {
  activates,
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
  timeAfter,
} from "@calybris/kernel";
import { proofOf } from "./conservation.ts";
import { type AuditState, EMPTY_STATE } from "./audit-state.ts";
import { KeyFold } from "./keys.ts";
import { LearningCheck } from "./learning/learning-check.ts";
import { MoneyFold } from "./money.ts";
import { PolicyFold } from "./policies.ts";
import type { AuditedPolicy, Finding, Place, Report } from "./report.ts";
import { SnapshotFold } from "./snapshot-fold.ts";
import { stateDigestOf } from "./state-digest.ts";

/** The state after one more entry. */
export function foldEntry(state: AuditState, head: EntryHead, body: EntryBody): AuditState {
  const isChange = body.kind === "genesis" || body.kind === "policy";
  const { policyId, stagedId, canaryBps } = isChange ? policiesAfter(state, body) : state;
  return {
    sequence: head.sequence,
    decisionSequence: body.kind === "decision" ? body.request.sequence : state.decisionSequence,
    at: timeAfter(head.at, body),
    policyId,
    stagedId,
    canaryBps,
  };
}

type Policies = Pick<AuditState, "policyId" | "stagedId" | "canaryBps">;

/** Every change except the staging itself and a canary ends the staging. */
function policiesAfter(state: AuditState, body: GenesisEntry | PolicyEntry): Policies {
  if (activates(body)) return { policyId: body.policyId, stagedId: 0, canaryBps: 0 };
  const canaryBps = body.kind === "policy" ? (body.shareBps ?? 0) : 0;
  return { policyId: state.policyId, stagedId: body.policyId, canaryBps };
}

/** The actor that activated a policy, as a report shows it. */
export function activatedBy(
  entry: GenesisEntry | PolicyEntry,
  keys: KeyFold | undefined,
): Pick<AuditedPolicy, "actor" | "keyName" | "onBehalfOf"> {
  if (entry.kind === "genesis") return { actor: undefined, keyName: undefined, onBehalfOf: undefined };
  const { actor, onBehalfOf } = entry;
  return { actor, keyName: keys?.nameOf(actor), onBehalfOf };
}

export interface Fold {
  /** Takes the data of the next entry. An unknown kind is refused, because its effect on the state is unknown. */
  readonly apply: (data: string) => AuditState;
  readonly state: () => AuditState;
  readonly policies: () => readonly AuditedPolicy[];
  /** The active snapshot. */
  readonly snapshot: () => PolicySnapshot | undefined;
  /**
   * The conservation proof up to the last entry.
   *
   * @param at - microseconds since the Unix epoch: reservations overdue at that time are listed. Default: the last entry's
   *   time.
   */
  readonly prove: (at?: number) => ConservationProof;
  /** `calystt1` after the last entry, in hexadecimal. */
  readonly stateDigest: () => string;
  /** `calyssn1` after the last entry, in hexadecimal: the digest that the next `state` entry binds. */
  readonly snapshotDigest: () => string;
}

export interface FoldOptions {
  readonly sha256?: Sha256;
  /** Recomputes recommended decisions. Default: the reference kernel. */
  readonly kernelFor?: (policy: Policy) => Kernel;
  /** Called when money or learning contradicts itself. */
  readonly onFinding?: (finding: Omit<Finding, keyof Place>) => void;
}

/**
 * Folds entries that are known to be valid.
 *
 * @throws `CalybrisError` for an entry that is not ours.
 */
export function createFold(options: FoldOptions = {}): Fold {
  const sha256 = options.sha256 ?? portableSha256;
  let state = EMPTY_STATE;
  const kernelFor = options.kernelFor ?? referenceKernel;
  const journal = new PolicyFold(sha256, kernelFor);
  const policies: AuditedPolicy[] = [];
  const money = new MoneyFold(sha256);
  const learning = new LearningCheck(sha256);
  const keys = new KeyFold();
  const snapshot = new SnapshotFold(sha256);
  return {
    apply: (data) => {
      const head = parseEntryHead(data);
      const body = head === undefined ? undefined : parseEntryBody(head, data, journal.of);
      if (head === undefined || body === undefined || laterStageOf(body) !== undefined) {
        const problem = "this version does not know what it does to the state";
        throw new CalybrisError("CAL_JOURNAL_ENTRY_MALFORMED", { sequence: state.sequence + 1, problem });
      }
      const { sequence } = head;
      const report: Report = (problem, expected, found) => options.onFinding?.({ sequence, problem, expected, found });
      if (body.kind === "genesis" || body.kind === "policy") {
        const changed = journal.take(sequence, body, report);
        if (changed?.isNew === true)
          policies.push({ id: body.policyId, digest: body.policyDigest, ...activatedBy(body, keys) });
      } else if (body.kind === "decision") {
        journal.checkDeciding(body, report);
        journal.checkShadow(body, report);
      }
      keys.take(sequence, body, report);
      snapshot.take(sequence, head.at, body, money, journal.shadow);
      money.take(sequence, head.at, body, report);
      const policy = body.kind === "decision" ? journal.deciding(body) : journal.active;
      learning.take(sequence, head.at, body, { policy, money }, report);
      state = foldEntry(state, head, body);
      return state;
    },
    state: () => state,
    policies: () => policies,
    snapshot: () => journal.active?.snapshot,
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
    snapshotDigest: () => snapshot.digest(state, { money, learning: learning.fold }),
  };
}
