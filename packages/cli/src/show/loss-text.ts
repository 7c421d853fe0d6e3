/**
 * The counterfactual as one sentence: for the requested candidate, or else for the runner-up.
 * @module
 */
import {
  type ChangeKind,
  type Decision,
  type Loss,
  lossOf,
  type PolicySnapshot,
  type Request,
  type WinningChange,
} from "@calybris/kernel";
import { exactDollars } from "../terminal/money-text.ts";
import { count } from "../terminal/number-text.ts";

/** The loss to report; `undefined` if the requested candidate was selected and no other was eligible. */
export function lossToTell(snapshot: PolicySnapshot, request: Request, decision: Decision): Loss | undefined {
  const { policy } = snapshot;
  const isTold = (id: number): boolean => id !== 0 && id !== decision.selectedId;
  const id = [request.requestedId, decision.counterfactualId].find(isTold);
  const index = id === undefined ? -1 : policy.candidates.findIndex((candidate) => candidate.id === id);
  return index === -1 ? undefined : lossOf(policy, request, index);
}

/** "mistral-large-3 lost by $0.0002; at $0.31 instead of $0.4 per million input tokens it would have won." */
export function lossSentence(snapshot: PolicySnapshot, loss: Loss): string {
  const name = snapshot.candidateNames[loss.index] ?? String(loss.candidate.id);
  const [least] = loss.changes;
  const otherwise =
    least === undefined
      ? "no other quality, latency, price or risk ceiling alone would have made it win"
      : `${CHANGED[least.kind](least)} it would have won`;
  return `${name} ${reasonText(loss)}; ${otherwise}.`;
}

function reasonText({ refusedBy, lostByMicrocents }: Loss): string {
  if (refusedBy !== undefined) return `was refused by the gate ${refusedBy}`;
  if (lostByMicrocents === undefined) return "was not evaluated";
  return lostByMicrocents === 0n ? "lost at an equal utility" : `lost by $${exactDollars(lostByMicrocents)}`;
}

const CHANGED: Readonly<Record<ChangeKind, (change: WinningChange) => string>> = {
  quality: ({ from, to }) => `with a quality of ${count(to)} bps instead of ${count(from)}`,
  latency: ({ from, to }) => `with a 95th percentile of ${count(to)} ms instead of ${count(from)}`,
  input_price: ({ from, to }) => `at $${exactDollars(to)} instead of $${exactDollars(from)} per million input tokens`,
  output_price: ({ from, to }) => `at $${exactDollars(to)} instead of $${exactDollars(from)} per million output tokens`,
  risk_ceiling: ({ from, to }) => `with a risk ceiling of ${count(to)} bps instead of ${count(from)}`,
};
