/**
 * A decision as it stands in the journal. Members at their default are left out, and so is what the rest implies under
 * the policy in force. What is read is exactly what would be written.
 * @module
 */
import { digestFromBase64Url, digestToBase64Url } from "./base64url.ts";
import { type Action, type Decision, NO_INDEX, type Reason } from "./decision.ts";
import { CalybrisError } from "./errors.ts";
import { type ExactJson, exactInteger, writeExact } from "./exact-json.ts";
import { invariant } from "./invariant.ts";
import { type Recommendation, recommendationFromJson, recommendationMembers } from "./learning-entry.ts";
import type { Policy } from "./policy.ts";
import { ALL_PROVIDERS, NO_BUDGET_LIMIT, type Request } from "./request.ts";
import {
  bps,
  type CostMicrocents,
  candidateId,
  costMicrocents,
  type Microcents,
  mask,
  microcents,
  milliseconds,
  sequence,
  tokens,
} from "./units.ts";

/** Which values the client left to the policy's use case. */
export type Defaulted = "value" | "risk" | "confidence" | "floor" | "output";

/** What a tenant had, and what the client would have spent; in microcents. */
export interface ShortOfRoom {
  readonly roomMicrocents: Microcents;
  readonly askedMicrocents: CostMicrocents;
}

/** One decision as it stands in the journal. */
export interface DecisionEntry {
  readonly kind: "decision";
  /** The client's id for the request; absent when it gave none. */
  readonly requestId?: string;
  /** First 16 bytes, in base64url, of the digest of what the client sent; with a request id only. */
  readonly contentDigest?: string;
  /** The id of the policy snapshot decided under. */
  readonly policyId: number;
  readonly useCase: string;
  readonly defaulted: readonly Defaulted[];
  /** Whose money it is; absent when nobody has a limit and the client named nobody. */
  readonly tenant?: string;
  /** How long the reservation may stay open, when the client said; else the tenant's own. */
  readonly reservationSeconds?: number;
  /** There was less room than the client would have spent, so the room became the request's budget. */
  readonly short?: ShortOfRoom;
  /** How the floor came about, when the client gave none and the policy learns. */
  readonly learning?: Recommendation;
  /** As decided: with the room as its budget, where that is less than what the client said. */
  readonly request: Request;
  readonly decision: Decision;
  /** The identity digest (`calyidn1`) in hexadecimal; base64url in the journal. It binds policy, request and decision. */
  readonly identity: string;
}

/**
 * The members of a decision, each with a comma before it. Written out by hand: every decision takes this path. Left out
 * are the reason of a selection, the position of the selected candidate, and how many were evaluated.
 */
export function decisionMembers(entry: DecisionEntry): string {
  const { request, decision } = entry;
  const id =
    entry.requestId === undefined
      ? ""
      : `,"id":${writeExact(entry.requestId)},"content":${writeExact(entry.contentDigest)}`;
  const defaulted = entry.defaulted.length === 0 ? "" : `,"defaulted":${JSON.stringify(entry.defaulted)}`;
  return (
    `${id},"policy":${entry.policyId},"useCase":${writeExact(entry.useCase)}${defaulted}${tenantMembers(entry)}${learningMember(entry)},"request":${requestMembers(request)}` +
    `,"decision":${answerMembers(decision)},"identity":"${identityText(entry.identity)}"`
  );
}

function tenantMembers({ tenant, reservationSeconds, short }: DecisionEntry): string {
  if (tenant === undefined) return "";
  const seconds = reservationSeconds === undefined ? "" : `,"reservationSeconds":${reservationSeconds}`;
  if (short === undefined) return `,"tenant":${writeExact(tenant)}${seconds}`;
  const asked = unless(short.askedMicrocents === NO_BUDGET_LIMIT, "askedMicrocents", short.askedMicrocents);
  return `,"tenant":${writeExact(tenant)}${seconds},"short":{"roomMicrocents":${short.roomMicrocents}${asked}}`;
}

function learningMember({ learning }: DecisionEntry): string {
  return learning === undefined ? "" : `,"learning":${recommendationMembers(learning)}`;
}

function requestMembers(request: Request): string {
  return (
    `{"sequence":${request.sequence},"requested":${request.requestedId},"inputTokens":${request.inputTokens}` +
    `,"outputTokens":${request.outputTokens},"valueMicrocents":${request.valueMicrocents}` +
    unless(request.budgetLimitMicrocents === NO_BUDGET_LIMIT, "budgetMicrocents", request.budgetLimitMicrocents) +
    `,"riskBps":${request.riskBps},"confidenceBps":${request.confidenceBps},"qualityMinBps":${request.qualityMinBps}` +
    unless(request.latencyMaxMs === 0, "latencyMaxMs", request.latencyMaxMs) +
    unless(request.capabilitiesRequired === 0n, "capabilities", request.capabilitiesRequired) +
    unless(request.providersAllowed === ALL_PROVIDERS, "providers", request.providersAllowed) +
    `${unless(request.regionsRequired === 0n, "regions", request.regionsRequired)}}`
  );
}

function answerMembers(decision: Decision): string {
  if (decision.action === "reject") return `{"action":"reject","reason":"${decision.reason}"}`;
  const runnerUp =
    decision.eligibleCount === 1
      ? ""
      : `,"counterfactual":{"id":${decision.counterfactualId},"utilityMicrocents":${decision.counterfactualUtilityMicrocents}}`;
  return (
    `{"action":"${decision.action}","selected":${decision.selectedId},"costMicrocents":${decision.costMicrocents}` +
    `,"utilityMicrocents":${decision.utilityMicrocents}${runnerUp},"eligible":${decision.eligibleCount}}`
  );
}

function unless(isDefault: boolean, key: string, value: number | bigint): string {
  return isDefault ? "" : `,"${key}":${value}`;
}

function identityText(hex: string): string {
  const text = digestToBase64Url(hex);
  invariant(text !== undefined, "an identity has 64 hexadecimal digits");
  return text;
}

function identityHex(value: ExactJson | undefined): string {
  const hex = typeof value === "string" ? digestFromBase64Url(value) : undefined;
  if (hex === undefined) throw new RangeError("an identity is 43 characters of base64url");
  return hex;
}

type Members = { readonly [key: string]: ExactJson };

/** What the action of a selection implies. */
export const SELECTION_REASONS: Readonly<Record<string, Reason>> = Object.freeze({
  execute: "requested_maximizes_utility",
  substitute: "alternative_maximizes_utility",
});

/** Reads the members back. */
export function decisionFromJson(
  journalSequence: number,
  members: Members,
  policyOf: (policyId: number) => Policy,
): DecisionEntry {
  const asked = members["request"] as Members;
  const answered = members["decision"] as Members;
  const integer = (value: ExactJson | undefined, otherwise: bigint): bigint => {
    const exact = value === undefined ? otherwise : exactInteger(value);
    if (exact === undefined) throw malformed(journalSequence, "a number in it is not an exact integer");
    return exact;
  };
  try {
    const request: Request = {
      sequence: sequence(integer(asked["sequence"], 0n)),
      requestedId: candidateId(Number(asked["requested"])),
      inputTokens: tokens(Number(asked["inputTokens"])),
      outputTokens: tokens(Number(asked["outputTokens"])),
      valueMicrocents: microcents(integer(asked["valueMicrocents"], 0n)),
      budgetLimitMicrocents: costMicrocents(integer(asked["budgetMicrocents"], NO_BUDGET_LIMIT)),
      riskBps: bps(Number(asked["riskBps"])),
      confidenceBps: bps(Number(asked["confidenceBps"])),
      qualityMinBps: bps(Number(asked["qualityMinBps"])),
      latencyMaxMs: milliseconds(Number(asked["latencyMaxMs"] ?? 0)),
      capabilitiesRequired: mask(integer(asked["capabilities"], 0n)),
      providersAllowed: mask(integer(asked["providers"], ALL_PROVIDERS)),
      regionsRequired: mask(integer(asked["regions"], 0n)),
    };
    const policyId = Number(members["policy"]);
    const decision = decisionIn(answered, request, policyOf(policyId), integer);
    return {
      kind: "decision",
      ...(members["id"] === undefined
        ? {}
        : { requestId: members["id"] as string, contentDigest: members["content"] as string }),
      policyId,
      useCase: members["useCase"] as string,
      defaulted: (members["defaulted"] ?? []) as unknown as readonly Defaulted[],
      ...tenantIn(members, integer),
      ...(members["learning"] === undefined ? {} : { learning: recommendationFromJson(members["learning"]) }),
      request,
      decision,
      identity: identityHex(members["identity"]),
    };
  } catch (cause) {
    if (cause instanceof CalybrisError) throw cause;
    throw new CalybrisError(
      "CAL_JOURNAL_ENTRY_MALFORMED",
      { sequence: journalSequence, problem: "a field in it is missing or out of range" },
      { cause },
    );
  }
}

type ReadInteger = (value: ExactJson | undefined, otherwise: bigint) => bigint;

function tenantIn(
  members: Members,
  integer: ReadInteger,
): Pick<DecisionEntry, "tenant" | "reservationSeconds" | "short"> {
  const { tenant, reservationSeconds, short } = members;
  if (tenant === undefined) return {};
  if (typeof tenant !== "string" || tenant === "") throw new RangeError("a tenant is text");
  const room = short as Members | undefined;
  return {
    tenant,
    ...(reservationSeconds === undefined ? {} : { reservationSeconds: tokens(Number(reservationSeconds)) }),
    ...(room === undefined
      ? {}
      : {
          short: {
            roomMicrocents: microcents(integer(room["roomMicrocents"], 0n)),
            askedMicrocents: costMicrocents(integer(room["askedMicrocents"], NO_BUDGET_LIMIT)),
          },
        }),
  };
}

function decisionIn(answered: Members, request: Request, policy: Policy, integer: ReadInteger): Decision {
  const reason = (answered["reason"] ?? SELECTION_REASONS[answered["action"] as string]) as Reason;
  const walked = reason !== "risk_hard_limit" && reason !== "confidence_hard_limit";
  const selectedId = candidateId(Number(answered["selected"] ?? 0));
  const runnerUp = (answered["counterfactual"] ?? {}) as Members;
  return {
    sequence: request.sequence,
    action: answered["action"] as Action,
    reason,
    selectedId,
    selectedIndex: selectedId === 0 ? NO_INDEX : policy.candidates.findIndex(({ id }) => id === selectedId),
    costMicrocents: costMicrocents(integer(answered["costMicrocents"], 0n)),
    utilityMicrocents: microcents(integer(answered["utilityMicrocents"], 0n)),
    counterfactualId: candidateId(Number(runnerUp["id"] ?? 0)),
    counterfactualUtilityMicrocents: microcents(integer(runnerUp["utilityMicrocents"], 0n)),
    evaluatedCount: walked ? policy.candidates.length : 0,
    eligibleCount: Number(answered["eligible"] ?? 0),
    policyEpoch: policy.policyEpoch,
    catalogEpoch: policy.catalogEpoch,
  };
}

export function malformed(journalSequence: number, problem: string): CalybrisError {
  return new CalybrisError("CAL_JOURNAL_ENTRY_MALFORMED", { sequence: journalSequence, problem });
}
