/**
 * Writes a decision as JSON with hand-written code. A test checks it against its schema. The text is ASCII, whatever names
 * it contains, so that its length in bytes is its length.
 * @module
 */
import type { Decided } from "@calybris/engine";
import { type Candidate, cost, type PolicySnapshot, toHex } from "@calybris/kernel";

/** The parts of an answer's text that depend only on its policy. */
export interface AnswerTexts {
  readonly snapshot: PolicySnapshot;
  /** `{"id":7,"name":"…"` without the closing brace, by position in the catalog. */
  readonly open: readonly string[];
  readonly openById: ReadonlyMap<number, string>;
  readonly candidates: ReadonlyMap<number, Candidate>;
  readonly useCases: ReadonlyMap<string, string>;
}

/**
 * @param remaining - the tenant's headroom; `undefined` for a tenant without a limit.
 */
export function decisionText(decided: Decided, texts: AnswerTexts, remaining: bigint | undefined): string {
  return `${decisionMembers(decided, texts, remaining)}}`;
}

/** The same without the closing brace, to append more members. */
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

/**
 * The source of the floor: the client, learning, or the use case, unless it was lowered to the requested candidate's
 * quality.
 */
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

/** Built once per policy, because it takes long compared with an answer. */
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
