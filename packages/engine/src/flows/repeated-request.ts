/**
 * Whether a repeated request is the one that an entry decided. It is resolved under the entry's own policy and compared
 * with the values that the entry stores, or with `asked` for values that were replaced. The notation of a value makes no
 * difference, and neither do sender, tags and session.
 * @module
 */
import {
  ALL_PROVIDERS,
  CalybrisError,
  type DecisionEntry,
  InvariantViolation,
  NO_BOUNDS,
  NO_BUDGET_LIMIT,
} from "@calybris/kernel";
import {
  CLIENT_REQUEST_KEYS,
  type ClientRequest,
  contentOf,
  type ResolvedRequest,
  resolveRequest,
} from "../intake/client-request.ts";
import type { SnapshotIndex } from "../intake/snapshot-index.ts";

const KNOWN_KEYS: ReadonlySet<string> = new Set(CLIENT_REQUEST_KEYS);

/**
 * Whether the client sent the request that the entry decided; `undefined` for an invalid request, which was therefore never
 * decided.
 *
 * @param index - of the policy that decided the entry.
 */
export function isSameRequest(client: ClientRequest, entry: DecisionEntry, index: SnapshotIndex): boolean | undefined {
  try {
    return isSame(resolveRequest(index, client, entry.request.sequence), entry);
  } catch (error) {
    if (!(error instanceof CalybrisError)) throw error;
    return isRequest(client) ? false : undefined;
  }
}

function isSame(resolved: ResolvedRequest, entry: DecisionEntry): boolean {
  const { request: sent, useCase, defaulted, reservationSeconds, promptDigest } = resolved;
  const { request, asked, learning, headroomMicrocents } = entry;
  const { budgetLimitMicrocents, providersAllowed } = entry.bounds ?? NO_BOUNDS;
  const isBudgetBound = headroomMicrocents !== undefined || request.budgetLimitMicrocents === budgetLimitMicrocents;
  const budget = asked?.budgetMicrocents ?? (isBudgetBound ? NO_BUDGET_LIMIT : request.budgetLimitMicrocents);
  const areProvidersBound = request.providersAllowed === providersAllowed;
  const providers = asked?.providers ?? (areProvidersBound ? ALL_PROVIDERS : request.providersAllowed);
  // A floor that the client omitted follows from the policy and the learned state.
  const floor = asked?.qualityMinBps ?? (defaulted.includes("floor") ? sent.qualityMinBps : request.qualityMinBps);
  return (
    useCase === entry.useCase &&
    sameList(
      defaulted,
      entry.defaulted.filter((name) => name !== "tenant"),
    ) &&
    sent.requestedId === request.requestedId &&
    sent.inputTokens === request.inputTokens &&
    sent.outputTokens === request.outputTokens &&
    sent.valueMicrocents === request.valueMicrocents &&
    sent.budgetLimitMicrocents === budget &&
    sent.riskBps === request.riskBps &&
    sent.confidenceBps === request.confidenceBps &&
    sent.qualityMinBps === floor &&
    sent.latencyMaxMs === request.latencyMaxMs &&
    sent.capabilitiesRequired === request.capabilitiesRequired &&
    sent.providersAllowed === providers &&
    sent.regionsRequired === request.regionsRequired &&
    promptDigest === entry.promptDigest &&
    (entry.tenant === undefined || reservationSeconds === entry.reservationSeconds) &&
    (learning === undefined ||
      (sameList(resolved.features ?? [], learning.features) && resolved.textScore === learning.textScore))
  );
}

function sameList<Item>(a: readonly Item[], b: readonly Item[]): boolean {
  return a.length === b.length && a.every((item, index) => item === b[index]);
}

/** Whether some policy might accept it: its keys are known and its values are exact. */
function isRequest(client: ClientRequest): boolean {
  for (const key in client) if (!KNOWN_KEYS.has(key)) return false;
  try {
    contentOf(client);
    return true;
  } catch (error) {
    // An invariant violation while a client's object is read is the client's, not ours.
    if (error instanceof InvariantViolation) return false;
    throw error;
  }
}
