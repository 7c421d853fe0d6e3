/**
 * Checks the members of a decision that neither the kernel nor the money determines: the client's value where the request
 * holds another one, and the amount reserved for a candidate that runs instead of the selected one.
 * @module
 */
import {
  ALL_PROVIDERS,
  type Asked,
  breachOfDecision,
  breachOfRequest,
  cost,
  type Decision,
  type DecisionEntry,
  NO_BOUNDS,
  NO_BUDGET_LIMIT,
  narrowed,
  type PolicySnapshot,
} from "@calybris/kernel";
import type { Report } from "./report.ts";

export function checkMembers(entry: DecisionEntry, snapshot: PolicySnapshot, report: Report): void {
  const { policy } = snapshot;
  checkBounds(entry, report);
  const { acted, reservedMicrocents, decision, request } = entry;
  if (acted !== undefined && acted !== 0 && !policy.candidates.some(({ id }) => id === acted))
    report("decision", "a candidate of the policy", `candidate ${acted}`);
  if (acted !== undefined && acted !== 0) checkActed(entry, snapshot, report);
  if (reservedMicrocents === undefined) return;
  const runs = policy.candidates.find(({ id }) => id === (acted ?? decision.selectedId));
  const least = runs === undefined ? undefined : cost(request, runs);
  if (least === undefined) report("decision", "nothing reserved where nothing runs", `${reservedMicrocents}`);
  else if (reservedMicrocents < least)
    report("decision", `${least} microcents reserved, or more`, `${reservedMicrocents}`);
}

const NOTHING_ASKED: Asked = Object.freeze({});

/** Under an observed decision the requested candidate runs, within governance. */
function checkActed({ acted, request }: DecisionEntry, { policy }: PolicySnapshot, report: Report): void {
  if (acted !== request.requestedId)
    report("decision", `the requested candidate ${request.requestedId} to run`, `candidate ${acted}`);
  const candidate = policy.candidates.find(({ id }) => id === acted);
  if (candidate === undefined) return;
  const runs = { action: "execute", costMicrocents: cost(request, candidate) } as Decision;
  const breach = breachOfRequest(request) ?? breachOfDecision(request, runs);
  if (breach !== undefined) report("decision", "nothing to run beyond governance", breach);
}

/**
 * Checks that budget and providers are what the policy makes of the client's values. The client's value is stated if the
 * request holds another value, or if it equals the policy's bound, because otherwise it would read as not sent. The entry
 * was read under the same policy, so its bounds are the policy's.
 */
function checkBounds(
  { asked = NOTHING_ASKED, request, headroomMicrocents, bounds = NO_BOUNDS }: DecisionEntry,
  report: Report,
): void {
  const { budgetLimitMicrocents: budget, providersAllowed: providers } = request;
  if (asked.budgetMicrocents === budget && budget !== bounds.budgetLimitMicrocents)
    report("request", "a budget asked for that was replaced", `${asked.budgetMicrocents}`);
  if (asked.providers === providers && providers !== bounds.providersAllowed)
    report("request", "providers asked for that were replaced", `${asked.providers}`);
  if (asked.qualityMinBps !== undefined)
    report("request", "the client's own floor, which nothing replaces", `${asked.qualityMinBps}`);
  // In a shortage, the headroom is the budget.
  const sentBudget = asked.budgetMicrocents ?? (budget === bounds.budgetLimitMicrocents ? NO_BUDGET_LIMIT : budget);
  const expected = sentBudget < bounds.budgetLimitMicrocents ? sentBudget : bounds.budgetLimitMicrocents;
  if (headroomMicrocents === undefined && budget !== expected)
    report("request", `a budget of ${expected}`, `${budget}`);
  const sent = asked.providers ?? (providers === bounds.providersAllowed ? ALL_PROVIDERS : providers);
  const within = narrowed(sent, bounds.providersAllowed);
  if (providers !== within) report("request", `providers ${within}`, `${providers}`);
}
