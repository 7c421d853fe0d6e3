/**
 * A decision as JSON, written out by hand: every decision takes this path. A test holds it to its schema. It is plain
 * ASCII, whatever names are in it: then its length in bytes is its length, and it is written unchanged.
 * @module
 */
import type { Decided } from "@calybris/engine";
import { type Candidate, cost, type PolicySnapshot, toHex } from "@calybris/kernel";

/** What of an answer as text follows from its policy alone. */
export interface AnswerTexts {
  readonly snapshot: PolicySnapshot;
  /** `{"id":7,"name":"…"` by position in the catalog, to be closed. */
  readonly open: readonly string[];
  readonly openById: ReadonlyMap<number, string>;
  readonly candidates: ReadonlyMap<number, Candidate>;
  readonly useCases: ReadonlyMap<string, string>;
}

/**
 * @param remaining - what the tenant may still reserve; `undefined` for one without a limit.
 */
export function decisionText(decided: Decided, texts: AnswerTexts, remaining: bigint | undefined): string {
  return `${decisionMembers(decided, texts, remaining)}}`;
}

/** The same, to be continued with more members. */
export function decisionMembers(decided: Decided, texts: AnswerTexts, remaining: bigint | undefined): string {
  const { decision, request, digests, requestId, tenant, shortfall } = decided;
  const isRejected = decision.action === "reject";
  const selected = isRejected ? "null" : `${texts.open[decision.selectedIndex]}}`;
  const runnerUp =
    decision.counterfactualId === 0
      ? "null"
      : `${texts.openById.get(decision.counterfactualId)},"utilityMicrocents":"${decision.counterfactualUtilityMicrocents}"}`;
  const asked = texts.candidates.get(request.requestedId);
  const askedCost = asked === undefined ? undefined : cost(request, asked);
  const saved = askedCost === undefined || isRejected ? "null" : `"${askedCost - decision.costMicrocents}"`;
  return (
    `{"decisionId":"${decided.decisionId}","requestId":${requestId === undefined ? "null" : quoted(requestId)}` +
    `,"sequence":${decided.sequence},"entryHash":"${decided.entryHash}"` +
    `,"digests":{"policy":"${toHex(digests.policy)}","request":"${toHex(digests.request)}","decision":"${toHex(digests.decision)}","identity":"${decided.identity}"}` +
    `,"action":"${decision.action}","reason":"${decision.reason}","selected":${selected}` +
    `,"costMicrocents":"${decision.costMicrocents}","utilityMicrocents":"${decision.utilityMicrocents}","counterfactual":${runnerUp}` +
    `,"requestedCostMicrocents":${askedCost === undefined ? "null" : `"${askedCost}"`},"savedMicrocents":${saved}` +
    `,"floor":{"qualityMinBps":${request.qualityMinBps},"source":"${floorSource(decided, texts.snapshot)}"}` +
    `,"evaluatedCount":${decision.evaluatedCount},"eligibleCount":${decision.eligibleCount},"policyId":${decided.policyId}` +
    `,"useCase":${texts.useCases.get(decided.useCase) ?? quoted(decided.useCase)},"defaulted":${defaultedText(decided)}` +
    `,"tenant":${tenant === undefined ? "null" : quoted(tenant)}` +
    `,"budget":${remaining === undefined ? "null" : `{"remainingMicrocents":"${remaining}"}`}` +
    `,"shortfall":${shortfall === undefined ? "null" : `{"headroomMicrocents":"${shortfall.headroomMicrocents}","askedMicrocents":"${shortfall.askedMicrocents}"}`}` +
    `,"repeated":${decided.repeated}`
  );
}

/** Which floor it was: the client's, a learned one, or the use case's, unless that was lowered to what was asked for. */
function floorSource({ learning, defaulted, request, useCase }: Decided, { useCases }: PolicySnapshot): string {
  if (learning !== undefined) return learning.source;
  if (!defaulted.includes("floor")) return "client";
  const own = Object.hasOwn(useCases, useCase) ? useCases[useCase]?.qualityMinBps : undefined;
  return own === undefined || own === request.qualityMinBps ? "use_case" : "requested";
}

function defaultedText({ defaulted }: Decided): string {
  return defaulted.length === 0 ? "[]" : `["${defaulted.join('","')}"]`;
}

const PLAIN = /^[ !#-[\]-~]*$/;

function quoted(text: string): string {
  if (PLAIN.test(text)) return `"${text}"`;
  return JSON.stringify(text).replace(BEYOND_ASCII, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

const BEYOND_ASCII = /[^ -~]/g;

/** Takes long in comparison with an answer: made once for each policy. */
export function answerTexts(snapshot: PolicySnapshot): AnswerTexts {
  const { candidates } = snapshot.policy;
  const open = candidates.map(({ id }, index) => `{"id":${id},"name":${quoted(snapshot.candidateNames[index] ?? "")}`);
  return {
    snapshot,
    open,
    openById: new Map(candidates.map(({ id }, index) => [id as number, open[index] as string])),
    candidates: new Map(candidates.map((candidate) => [candidate.id as number, candidate])),
    useCases: new Map(Object.keys(snapshot.useCases).map((name) => [name, quoted(name)])),
  };
}
