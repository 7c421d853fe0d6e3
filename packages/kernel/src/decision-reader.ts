/**
 * Reads a decision's entry straight from its text, several times as fast as by way of JSON. It knows the everyday form
 * and nothing else: whatever `decisionMembers` would not have written in just this way, or writes rarely, it leaves to the
 * general reader. A test holds the two equal.
 * @module
 */
import { digestFromBase64Url } from "./base64url.ts";
import { type Decision, NO_INDEX, type Reason } from "./decision.ts";
import { type DecisionEntry, type Defaulted, SELECTION_REASONS, type ShortOfRoom } from "./decision-entry.ts";
import { type ExactJson, parseExact } from "./exact-json.ts";
import { type Recommendation, recommendationFromJson, recommendationMembers } from "./learning-entry.ts";
import type { Policy } from "./policy.ts";
import { ALL_PROVIDERS, NO_BUDGET_LIMIT, type Request } from "./request.ts";
import { TextCursor } from "./text-cursor.ts";
import {
  bps,
  type CandidateId,
  candidateId,
  costMicrocents,
  mask,
  microcents,
  milliseconds,
  sequence,
  tokens,
  U16_MAX,
  U32_MAX,
} from "./units.ts";

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

const KIND = '"kind":"decision"';

/**
 * @param data - the entry's data, whose head was read and says that it is a decision.
 * @returns `undefined` when the general reader has to say what this is.
 */
export function readDecision(data: string, policyOf: (policyId: number) => Policy): DecisionEntry | undefined {
  const cursor = new TextCursor(data, data.indexOf(KIND) + KIND.length);
  const named = idIn(cursor);
  cursor.expect(',"policy":');
  const policyId = cursor.number(Number.MAX_SAFE_INTEGER);
  cursor.expect(',"useCase":"');
  const useCase = cursor.text();
  const defaulted = cursor.skip(',"defaulted":[') ? defaultedIn(cursor) : [];
  const tenant = cursor.skip(',"tenant":"') ? tenantIn(cursor) : undefined;
  const learning = cursor.skip(',"learning":') ? learningIn(cursor) : undefined;
  const request = requestIn(cursor);
  if (request === undefined) return undefined;
  const answer = answerIn(cursor);
  cursor.expect(',"identity":"');
  const identity = digestFromBase64Url(cursor.text());
  cursor.expect("}");
  if (!cursor.holds || !cursor.isAtEnd || identity === undefined) return undefined;
  const policy = knownPolicy(policyId, policyOf);
  if (policy === undefined) return undefined;
  const decision = decisionOf(answer, request, policy);
  const entry: Mutable<DecisionEntry> = { kind: "decision", policyId, useCase, defaulted, request, decision, identity };
  if (named !== undefined) Object.assign(entry, named);
  if (tenant !== undefined) Object.assign(entry, tenant);
  if (learning !== undefined) entry.learning = learning;
  return entry;
}

function knownPolicy(id: number, policyOf: (policyId: number) => Policy): Policy | undefined {
  try {
    return policyOf(id);
  } catch {
    return undefined;
  }
}

function idIn(cursor: TextCursor): { readonly requestId: string; readonly contentDigest: string } | undefined {
  if (!cursor.skip(',"id":"')) return undefined;
  const requestId = cursor.text();
  cursor.expect(',"content":"');
  return { requestId, contentDigest: cursor.text() };
}

function defaultedIn(cursor: TextCursor): readonly Defaulted[] {
  const values: Defaulted[] = [];
  do {
    cursor.expect('"');
    values.push(cursor.text() as Defaulted);
  } while (cursor.skip(","));
  cursor.expect("]");
  return values;
}

function tenantIn(cursor: TextCursor): Pick<DecisionEntry, "tenant" | "reservationSeconds" | "short"> {
  const tenant = cursor.text();
  if (tenant === "") cursor.refuse();
  const seconds = cursor.skip(',"reservationSeconds":') ? cursor.number(U32_MAX) : undefined;
  const short = cursor.skip(',"short":{"roomMicrocents":') ? shortIn(cursor) : undefined;
  return {
    tenant,
    ...(seconds === undefined || !cursor.holds ? undefined : { reservationSeconds: tokens(seconds) }),
    ...(short === undefined ? undefined : { short }),
  };
}

function shortIn(cursor: TextCursor): ShortOfRoom {
  const room = cursor.signed();
  const asked = unlessDefault(cursor, ',"askedMicrocents":', NO_BUDGET_LIMIT);
  cursor.expect("}");
  const roomMicrocents = microcents(cursor.holds ? room : 0n);
  return { roomMicrocents, askedMicrocents: costMicrocents(cursor.holds ? asked : 0n) };
}

/** Rare enough to go by way of JSON, and as strict. */
function learningIn(cursor: TextCursor): Recommendation | undefined {
  const text = cursor.until(',"request":');
  let json: ExactJson;
  try {
    json = parseExact(text);
    const learning = recommendationFromJson(json);
    if (recommendationMembers(learning) === text) return learning;
  } catch {
    // The general reader says what is wrong with it.
  }
  cursor.refuse();
  return undefined;
}

function requestIn(cursor: TextCursor): Request | undefined {
  cursor.expect(',"request":{"sequence":');
  const number = cursor.unsigned();
  cursor.expect(',"requested":');
  const requestedId = cursor.number(U32_MAX);
  cursor.expect(',"inputTokens":');
  const inputTokens = cursor.number(U32_MAX);
  cursor.expect(',"outputTokens":');
  const outputTokens = cursor.number(U32_MAX);
  cursor.expect(',"valueMicrocents":');
  const value = cursor.signed();
  const budget = unlessDefault(cursor, ',"budgetMicrocents":', NO_BUDGET_LIMIT);
  cursor.expect(',"riskBps":');
  const risk = cursor.number(U16_MAX);
  cursor.expect(',"confidenceBps":');
  const confidence = cursor.number(U16_MAX);
  cursor.expect(',"qualityMinBps":');
  const quality = cursor.number(U16_MAX);
  const latency = cursor.skip(',"latencyMaxMs":') ? cursor.number(U32_MAX) : undefined;
  if (latency === 0) cursor.refuse();
  const capabilities = unlessDefault(cursor, ',"capabilities":', 0n);
  const providers = unlessDefault(cursor, ',"providers":', ALL_PROVIDERS);
  const regions = unlessDefault(cursor, ',"regions":', 0n);
  cursor.expect("}");
  if (!cursor.holds) return undefined;
  return {
    sequence: sequence(number),
    requestedId: candidateId(requestedId),
    inputTokens: tokens(inputTokens),
    outputTokens: tokens(outputTokens),
    valueMicrocents: microcents(value),
    budgetLimitMicrocents: costMicrocents(budget),
    riskBps: bps(risk),
    confidenceBps: bps(confidence),
    qualityMinBps: bps(quality),
    latencyMaxMs: milliseconds(latency ?? 0),
    capabilitiesRequired: mask(capabilities),
    providersAllowed: mask(providers),
    regionsRequired: mask(regions),
  };
}

/** A value that is left out at its default, and must not be written out then. */
function unlessDefault(cursor: TextCursor, key: string, otherwise: bigint): bigint {
  if (!cursor.skip(key)) return otherwise;
  const value = cursor.unsigned();
  if (value === otherwise) cursor.refuse();
  return value;
}

/** What a decision's entry says; the rest of the decision follows from request and policy. */
interface Answer {
  readonly action: Decision["action"];
  readonly reason: Reason;
  readonly selected: number;
  readonly cost: bigint;
  readonly utility: bigint;
  readonly runnerUp: number;
  readonly runnerUpUtility: bigint;
  readonly eligible: number;
}

function answerIn(cursor: TextCursor): Answer {
  if (cursor.skip(',"decision":{"action":"reject","reason":"')) {
    const reason = cursor.text() as Reason;
    cursor.expect("}");
    return {
      action: "reject",
      reason,
      selected: 0,
      cost: 0n,
      utility: 0n,
      runnerUp: 0,
      runnerUpUtility: 0n,
      eligible: 0,
    };
  }
  const isExecute = cursor.skip(',"decision":{"action":"execute","selected":');
  if (!isExecute) cursor.expect(',"decision":{"action":"substitute","selected":');
  const action = isExecute ? "execute" : "substitute";
  const selected = cursor.number(U32_MAX);
  cursor.expect(',"costMicrocents":');
  const cost = cursor.unsigned();
  cursor.expect(',"utilityMicrocents":');
  const utility = cursor.signed();
  const hasRunnerUp = cursor.skip(',"counterfactual":{"id":');
  const runnerUp = hasRunnerUp ? cursor.number(U32_MAX) : 0;
  if (hasRunnerUp) cursor.expect(',"utilityMicrocents":');
  const runnerUpUtility = hasRunnerUp ? cursor.signed() : 0n;
  cursor.expect(hasRunnerUp ? '},"eligible":' : ',"eligible":');
  const eligible = cursor.number(Number.MAX_SAFE_INTEGER);
  cursor.expect("}");
  if (hasRunnerUp === (eligible === 1)) cursor.refuse();
  const reason = SELECTION_REASONS[action] as Reason;
  return { action, reason, selected, cost, utility, runnerUp, runnerUpUtility, eligible };
}

function decisionOf(answer: Answer, request: Request, policy: Policy): Decision {
  const { action, reason, eligible } = answer;
  const isHardLimit = reason === "risk_hard_limit" || reason === "confidence_hard_limit";
  const selectedId = candidateId(answer.selected);
  return {
    sequence: request.sequence,
    action,
    reason,
    selectedId,
    selectedIndex: selectedId === 0 ? NO_INDEX : indexOf(policy, selectedId),
    costMicrocents: costMicrocents(answer.cost),
    utilityMicrocents: microcents(answer.utility),
    counterfactualId: candidateId(answer.runnerUp),
    counterfactualUtilityMicrocents: microcents(answer.runnerUpUtility),
    evaluatedCount: isHardLimit ? 0 : policy.candidates.length,
    eligibleCount: eligible,
    policyEpoch: policy.policyEpoch,
    catalogEpoch: policy.catalogEpoch,
  };
}

function indexOf({ candidates }: Policy, id: CandidateId): number {
  for (let index = 0; index < candidates.length; index++) if (candidates[index]?.id === id) return index;
  return -1;
}
