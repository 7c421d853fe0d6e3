/**
 * The text of a decision's entry, written as bytes: a third of the time that the kernel's writer takes, and a sixth of the
 * memory. The kernel's `entryDataTail` is the definition. What is written here are the members of most decisions; an entry
 * with any other member, or with text beyond plain ASCII, is left to the kernel.
 * @module
 */
import {
  type DecisionEntry,
  DEFAULT_USE_CASE,
  FEATURE_MISSING,
  NO_BOUNDS,
  PROPENSITY_ONE,
  type Recommendation,
  type Request,
  type RequestBounds,
} from "@calybris/kernel";
import { label, putBigInt, putDigest, putLabel, putNumber, putPlain } from "./byte-text.ts";

/** Longer than any text of these members. */
const SCRATCH_BYTES = 16 * 1024;
const PLAIN_CHARACTERS_MAX = 1_024;
const FEATURES_MAX = 64;
const scratch = Buffer.allocUnsafeSlow(SCRATCH_BYTES);

/** The members that are written here. */
const MEMBERS: ReadonlySet<string> = new Set<keyof DecisionEntry>([
  "kind",
  "requestId",
  "actor",
  "useCase",
  "defaulted",
  "tenant",
  "reservationSeconds",
  "request",
  "bounds",
  "learning",
  "decision",
  "identity",
]);

const L = {
  at: label(',"at":'),
  kind: label(',"kind":"decision"'),
  id: label(',"id":"'),
  actor: label(',"actor":'),
  user: label(',"actor":"'),
  useCase: label(',"useCase":"'),
  defaulted: label(',"defaulted":["'),
  between: label('","'),
  listEnd: label('"]'),
  tenant: label(',"tenant":"'),
  quote: label('"'),
  seconds: label(',"reservationSeconds":'),
  request: label(',"request":{"sequence":'),
  requested: label(',"requested":'),
  input: label(',"inputTokens":'),
  output: label(',"outputTokens":'),
  value: label(',"valueMicrocents":'),
  budget: label(',"budgetMicrocents":'),
  risk: label(',"riskBps":'),
  confidence: label(',"confidenceBps":'),
  quality: label(',"qualityMinBps":'),
  latency: label(',"latencyMaxMs":'),
  capabilities: label(',"capabilities":'),
  providers: label(',"providers":'),
  regions: label(',"regions":'),
  close: label("}"),
  learning: label(',"learning":{"regime":'),
  score: label(',"score":'),
  features: label(',"features":['),
  comma: label(","),
  bracket: label("]"),
  textScore: label(',"textScore":'),
  floor: label(',"floorBps":'),
  source: label(',"source":"'),
  anomalous: label(',"anomalous":true'),
  holdout: label(',"holdout":true'),
  belief: label(',"belief":'),
  draw: label(',"draw":'),
  tier: label(',"tier":'),
  propensity: label(',"propensity":'),
  explored: label(',"explored":true'),
  reject: label(',"decision":{"action":"reject","reason":"'),
  rejectEnd: label('"},"identity":"'),
  execute: label(',"decision":{"action":"execute","selected":'),
  substitute: label(',"decision":{"action":"substitute","selected":'),
  cost: label(',"costMicrocents":'),
  identity: label('},"identity":"'),
  end: label('"}'),
} as const;

/** As `entryDataTail`; `undefined` for an entry that is left to it. */
export function decisionTail(at: number, entry: DecisionEntry): string | undefined {
  for (const member in entry) if (!MEMBERS.has(member)) return undefined;
  const { requestId, actor, useCase, defaulted, tenant, reservationSeconds, request, learning } = entry;
  if (longest(requestId, useCase, tenant) > PLAIN_CHARACTERS_MAX) return undefined;
  const out = scratch;
  let end = putNumber(out, putLabel(out, 0, L.at), at);
  end = putLabel(out, end, L.kind);
  if (requestId !== undefined) end = putText(out, end, L.id, requestId);
  if (typeof actor === "string" && end >= 0) end = putText(out, end, L.user, actor);
  else if (actor !== undefined && end >= 0) end = putNumber(out, putLabel(out, end, L.actor), actor);
  if (useCase !== DEFAULT_USE_CASE && end >= 0) end = putText(out, end, L.useCase, useCase);
  if (defaulted.length > 0 && end >= 0) end = putList(out, end, defaulted);
  if (tenant !== undefined && end >= 0) end = putText(out, end, L.tenant, tenant);
  if (end < 0) return undefined;
  if (reservationSeconds !== undefined) end = putNumber(out, putLabel(out, end, L.seconds), reservationSeconds);
  end = putRequest(out, end, request, entry.bounds ?? NO_BOUNDS);
  if (learning !== undefined) {
    if (learning.features.length > FEATURES_MAX) return undefined;
    end = putLearning(out, end, learning, request, defaulted.includes("output"));
  }
  end = putAnswer(out, end, entry);
  end = putDigest(out, end, entry.identity);
  end = putLabel(out, end, L.end);
  return out.toString("latin1", 0, end);
}

function putText(out: Uint8Array, at: number, name: Uint8Array, text: string): number {
  const end = putPlain(out, putLabel(out, at, name), text);
  return end < 0 ? end : putLabel(out, end, L.quote);
}

function putList(out: Uint8Array, at: number, names: readonly string[]): number {
  let end = putLabel(out, at, L.defaulted);
  for (let index = 0; index < names.length; index++) {
    if (index > 0) end = putLabel(out, end, L.between);
    end = putPlain(out, end, names[index] as string);
  }
  return putLabel(out, end, L.listEnd);
}

function putRequest(out: Uint8Array, at: number, request: Request, bounds: RequestBounds): number {
  let end = putBigInt(out, putLabel(out, at, L.request), request.sequence);
  end = putNumber(out, putLabel(out, end, L.requested), request.requestedId);
  end = putNumber(out, putLabel(out, end, L.input), request.inputTokens);
  end = putNumber(out, putLabel(out, end, L.output), request.outputTokens);
  end = putBigInt(out, putLabel(out, end, L.value), request.valueMicrocents);
  const budget: bigint = request.budgetLimitMicrocents;
  if (budget !== bounds.budgetLimitMicrocents) end = putBigInt(out, putLabel(out, end, L.budget), budget);
  end = putNumber(out, putLabel(out, end, L.risk), request.riskBps);
  end = putNumber(out, putLabel(out, end, L.confidence), request.confidenceBps);
  end = putNumber(out, putLabel(out, end, L.quality), request.qualityMinBps);
  if (request.latencyMaxMs !== 0) end = putNumber(out, putLabel(out, end, L.latency), request.latencyMaxMs);
  const { capabilitiesRequired, providersAllowed, regionsRequired } = request;
  if (capabilitiesRequired !== 0n) end = putBigInt(out, putLabel(out, end, L.capabilities), capabilitiesRequired);
  if (providersAllowed !== bounds.providersAllowed)
    end = putBigInt(out, putLabel(out, end, L.providers), providersAllowed);
  if (regionsRequired !== 0n) end = putBigInt(out, putLabel(out, end, L.regions), regionsRequired);
  return putLabel(out, end, L.close);
}

function putLearning(
  out: Uint8Array,
  at: number,
  learning: Recommendation,
  request: Request,
  isOutputDefaulted: boolean,
): number {
  const { features, textScore, propensity } = learning;
  let end = putNumber(out, putLabel(out, at, L.learning), learning.regime);
  if (learning.score !== 0) end = putNumber(out, putLabel(out, end, L.score), learning.score);
  const outputTokens = isOutputDefaulted ? FEATURE_MISSING : request.outputTokens;
  const areTokens = features.length === 2 && features[0] === request.inputTokens && features[1] === outputTokens;
  if (!areTokens) end = putFeatures(out, end, features);
  if (textScore !== undefined) end = putNumber(out, putLabel(out, end, L.textScore), textScore);
  if (learning.floorBps !== request.qualityMinBps) end = putNumber(out, putLabel(out, end, L.floor), learning.floorBps);
  if (learning.source !== "warm_start") {
    end = putPlain(out, putLabel(out, end, L.source), learning.source);
    end = putLabel(out, end, L.quote);
  }
  if (learning.anomalous) end = putLabel(out, end, L.anomalous);
  if (learning.holdout) end = putLabel(out, end, L.holdout);
  if (learning.belief !== 0) end = putNumber(out, putLabel(out, end, L.belief), learning.belief);
  end = putNumber(out, putLabel(out, end, L.draw), learning.draw);
  end = putNumber(out, putLabel(out, end, L.tier), learning.tier);
  if (propensity !== PROPENSITY_ONE) end = putNumber(out, putLabel(out, end, L.propensity), propensity);
  if (learning.explored) end = putLabel(out, end, L.explored);
  return putLabel(out, end, L.close);
}

function putFeatures(out: Uint8Array, at: number, features: readonly number[]): number {
  let end = putLabel(out, at, L.features);
  for (let index = 0; index < features.length; index++) {
    if (index > 0) end = putLabel(out, end, L.comma);
    end = putNumber(out, end, features[index] as number);
  }
  return putLabel(out, end, L.bracket);
}

function putAnswer(out: Uint8Array, at: number, { decision }: DecisionEntry): number {
  const { action } = decision;
  if (action === "reject")
    return putLabel(out, putPlain(out, putLabel(out, at, L.reject), decision.reason), L.rejectEnd);
  let end = putNumber(out, putLabel(out, at, action === "execute" ? L.execute : L.substitute), decision.selectedId);
  end = putBigInt(out, putLabel(out, end, L.cost), decision.costMicrocents);
  return putLabel(out, end, L.identity);
}

function longest(...texts: readonly (string | undefined)[]): number {
  let length = 0;
  for (const text of texts) if (text !== undefined && text.length > length) length = text.length;
  return length;
}
