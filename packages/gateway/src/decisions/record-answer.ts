/**
 * Writes a decision as JSON bytes from its record. The output equals that of `decisionText`, which is the definition. Every
 * decision takes this path, except those with a non-ASCII name, which are left to `decisionText`.
 * @module
 */
import {
  ACTIONS,
  AT,
  DIGEST_BYTES,
  type DecisionRecord,
  HAS,
  label,
  type Pages,
  putBytes,
  putHex,
  putLabel,
  putNumber,
  putSigned,
  putUnsigned,
  REASONS,
} from "@calybris/engine/internal";
import { DEFAULTED, exactCost, FLOOR_SOURCES, type PolicySnapshot, DECISION_AT } from "@calybris/kernel";

/** Upper bound of an answer without its texts. */
const ANSWER_BYTES_MAX = 4_096;

const L = {
  id: label('{"decisionId":"'),
  dash: label("-"),
  requestId: label('","requestId":"'),
  noRequestId: label('","requestId":null'),
  quote: label('"'),
  sequence: label(',"sequence":'),
  entryHash: label(',"entryHash":"'),
  policyDigest: label('","digests":{"policy":"'),
  requestDigest: label('","request":"'),
  decisionDigest: label('","decision":"'),
  identity: label('","identity":"'),
  action: label('"},"action":"'),
  reason: label('","reason":"'),
  selected: label('","selected":'),
  none: label("null"),
  brace: label("}"),
  cost: label(',"costMicrocents":"'),
  utility: label('","utilityMicrocents":"'),
  counterfactual: label('","counterfactual":'),
  its: label(',"utilityMicrocents":"'),
  quoteBrace: label('"}'),
  asked: label(',"requestedCostMicrocents":'),
  saved: label(',"savedMicrocents":'),
  floor: label(',"floor":{"qualityMinBps":'),
  fromClient: label(',"source":"client"'),
  fromUseCase: label(',"source":"use_case"'),
  fromRequested: label(',"source":"requested"'),
  evaluated: label('},"evaluatedCount":'),
  eligible: label(',"eligibleCount":'),
  policy: label(',"policyId":'),
  useCase: label(',"useCase":"'),
  defaultUseCase: label(',"useCase":"default"'),
  defaulted: label(',"defaulted":'),
  tenant: label(',"tenant":"'),
  noTenant: label(',"tenant":null'),
  budget: label(',"budget":'),
  remaining: label('{"remainingMicrocents":"'),
  shortfall: label(',"shortfall":'),
  headroom: label('{"headroomMicrocents":"'),
  wanted: label('","askedMicrocents":"'),
  repeated: label(',"repeated":true}'),
  fresh: label(',"repeated":false}'),
} as const;
const ACTION_LABELS: readonly Uint8Array[] = Array.from(ACTIONS, (action) => label(action ?? ""));
const REASON_LABELS: readonly Uint8Array[] = Array.from(REASONS, (reason) => label(reason ?? ""));
const SOURCES: readonly Uint8Array[] = FLOOR_SOURCES.map((source) => label(`,"source":"${source}"`));
/** Indexed by the mask of defaulted members. */
const DEFAULTS: readonly Uint8Array[] = Array.from({ length: 1 << DEFAULTED.length }, (_, bits) =>
  label(JSON.stringify(DEFAULTED.filter((_name, bit) => (bits & (1 << bit)) !== 0))),
);
const FLOOR_DEFAULTED: number = 1 << DEFAULTED.indexOf("floor");
const REJECT: number = ACTIONS.indexOf("reject");

/** A candidate in the form of answers: `{"id":7,"name":"…"` without the closing brace, and its prices as numbers. */
interface NamedCandidate {
  readonly open: Uint8Array;
  readonly inputPrice: number;
  readonly outputPrice: number;
}

/** The parts of an answer's bytes that depend only on its policy. */
export interface AnswerBytes {
  readonly byIndex: readonly NamedCandidate[];
  readonly byId: ReadonlyMap<number, NamedCandidate>;
  /** The floor of a use case; -1 if it has none. */
  readonly floorOf: (useCase: string) => number;
}

/** The values of an answer that its record lacks. */
export interface AnswerContext {
  /** `undefined` for a policy with a name beyond ASCII. */
  readonly texts: AnswerBytes | undefined;
  /** The tenant's headroom; `undefined` for a tenant without a limit. */
  readonly remainingMicrocents: bigint | undefined;
  readonly repeated: boolean;
  readonly useCase: () => string;
}

/** Maximum size of the answer. */
export function answerBytesMax({ pages, at }: DecisionRecord): number {
  return ANSWER_BYTES_MAX + (pages.u32[(at + AT.headBytes) >>> 2] as number);
}

/** Writes the answer at `outAt`; returns its end, or −1 for an answer that is left to `decisionText`. */
export function putAnswer(
  { pages, at }: DecisionRecord,
  context: AnswerContext,
  out: Uint8Array,
  outAt: number,
): number {
  const { texts } = context;
  if (texts === undefined || !isPlain(pages, at)) return -1;
  const { u32 } = pages;
  let end = putIds(pages, at, out, outAt);
  end = putDecision(pages, at, texts, out, end);
  end = putCosts(pages, at, texts, out, end);
  if (end < 0) return -1;
  end = putFloor(pages, at, texts, context, out, end);
  const made = (at + AT.decision) >>> 1;
  end = putNumber(out, putLabel(out, end, L.evaluated), pages.u16[made + DECISION_AT.evaluatedCount / 2] as number);
  end = putNumber(out, putLabel(out, end, L.eligible), pages.u16[made + DECISION_AT.eligibleCount / 2] as number);
  end = putNumber(out, putLabel(out, end, L.policy), u32[(at + AT.policyId) >>> 2] as number);
  end = putTenancy(pages, at, context.remainingMicrocents, out, end);
  return putLabel(out, end, context.repeated ? L.repeated : L.fresh);
}

function putIds(pages: Pages, at: number, out: Uint8Array, outAt: number): number {
  const { u8, f64 } = pages;
  const sequence = f64[(at + AT.sequence) >>> 3] as number;
  let end = putNumber(out, putLabel(out, outAt, L.id), sequence);
  end = putHex(out, putLabel(out, end, L.dash), u8, at + AT.identity, 4);
  end = has(pages, at, HAS.requestId)
    ? putLabel(out, putText(pages, at, AT.requestIdAt, out, putLabel(out, end, L.requestId)), L.quote)
    : putLabel(out, end, L.noRequestId);
  end = putNumber(out, putLabel(out, end, L.sequence), sequence);
  end = putHex(out, putLabel(out, end, L.entryHash), u8, at + AT.entryHash, DIGEST_BYTES);
  end = putHex(out, putLabel(out, end, L.policyDigest), u8, at + AT.policyDigest, DIGEST_BYTES);
  end = putHex(out, putLabel(out, end, L.requestDigest), u8, at + AT.requestDigest, DIGEST_BYTES);
  end = putHex(out, putLabel(out, end, L.decisionDigest), u8, at + AT.decisionDigest, DIGEST_BYTES);
  return putHex(out, putLabel(out, end, L.identity), u8, at + AT.identity, DIGEST_BYTES);
}

function putDecision({ u8, u16, u32 }: Pages, at: number, texts: AnswerBytes, out: Uint8Array, outAt: number): number {
  const made = at + AT.decision;
  const w = made >>> 2;
  const action = u8[made + DECISION_AT.action] as number;
  let end = putLabel(out, putLabel(out, outAt, L.action), ACTION_LABELS[action] as Uint8Array);
  end = putLabel(
    out,
    putLabel(out, end, L.reason),
    REASON_LABELS[u8[made + DECISION_AT.reason] as number] as Uint8Array,
  );
  end = putLabel(out, end, L.selected);
  if (action === REJECT) end = putLabel(out, end, L.none);
  else {
    const { open } = texts.byIndex[u16[(made + DECISION_AT.selectedIndex) >>> 1] as number] as NamedCandidate;
    end = putLabel(out, putLabel(out, end, open), L.brace);
  }
  end = putUnsigned(out, putLabel(out, end, L.cost), u32[w + 6] as number, u32[w + 7] as number);
  end = putSigned(out, putLabel(out, end, L.utility), u32[w + 8] as number, u32[w + 9] as number);
  end = putLabel(out, end, L.counterfactual);
  const runnerUp = u32[(made + DECISION_AT.counterfactualId) >>> 2] as number;
  if (runnerUp === 0) return putLabel(out, end, L.none);
  end = putLabel(out, putLabel(out, end, (texts.byId.get(runnerUp) as NamedCandidate).open), L.its);
  return putLabel(out, putSigned(out, end, u32[w + 10] as number, u32[w + 11] as number), L.quoteBrace);
}

/** The cost of the requested candidate; negative if it is not exact as a `number`. */
function putCosts({ u8, u32 }: Pages, at: number, texts: AnswerBytes, out: Uint8Array, outAt: number): number {
  const asked = (at + AT.request) >>> 2;
  const made = (at + AT.decision) >>> 2;
  const requested = texts.byId.get(u32[asked + 2] as number);
  let end = putLabel(out, outAt, L.asked);
  if (requested === undefined) return putLabel(out, putLabel(out, putLabel(out, end, L.none), L.saved), L.none);
  const { inputPrice, outputPrice } = requested;
  const cost = exactCost(u32[asked + 3] as number, u32[asked + 4] as number, inputPrice, outputPrice);
  const own = (u32[made + 7] as number) * 2 ** 32 + (u32[made + 6] as number);
  if (cost < 0 || !Number.isSafeInteger(own)) return -1;
  end = putLabel(out, putNumber(out, putLabel(out, end, L.quote), cost), L.quote);
  end = putLabel(out, end, L.saved);
  if (u8[at + AT.decision + DECISION_AT.action] === REJECT) return putLabel(out, end, L.none);
  return putLabel(out, putNumber(out, putLabel(out, end, L.quote), cost - own), L.quote);
}

/**
 * The source of the floor: the client, learning, or the use case, unless it was lowered to the requested candidate's
 * quality.
 */
function putFloor(
  pages: Pages,
  at: number,
  texts: AnswerBytes,
  { useCase }: AnswerContext,
  out: Uint8Array,
  outAt: number,
): number {
  const { u8, u16 } = pages;
  const floor = u16[((at + AT.request) >>> 1) + 22] as number;
  const end = putNumber(out, putLabel(out, outAt, L.floor), floor);
  if (has(pages, at, HAS.learning)) return putLabel(out, end, SOURCES[u8[at + AT.source] as number] as Uint8Array);
  if (((u8[at + AT.defaulted] as number) & FLOOR_DEFAULTED) === 0) return putLabel(out, end, L.fromClient);
  const own = texts.floorOf(useCase());
  return putLabel(out, end, own < 0 || own === floor ? L.fromUseCase : L.fromRequested);
}

function putTenancy(pages: Pages, at: number, remaining: bigint | undefined, out: Uint8Array, outAt: number): number {
  const { u8, u32 } = pages;
  let end =
    u32[(at + AT.useCaseBytes) >>> 2] === 0
      ? putLabel(out, outAt, L.defaultUseCase)
      : putLabel(out, putText(pages, at, AT.useCaseAt, out, putLabel(out, outAt, L.useCase)), L.quote);
  end = putLabel(out, putLabel(out, end, L.defaulted), DEFAULTS[u8[at + AT.defaulted] as number] as Uint8Array);
  end = has(pages, at, HAS.tenant)
    ? putLabel(out, putText(pages, at, AT.tenantAt, out, putLabel(out, end, L.tenant)), L.quote)
    : putLabel(out, end, L.noTenant);
  end = putLabel(out, end, L.budget);
  if (remaining === undefined) end = putLabel(out, end, L.none);
  else {
    const low = Number(BigInt.asUintN(32, remaining));
    const high = Number(BigInt.asUintN(32, remaining >> 32n));
    end = putLabel(out, putSigned(out, putLabel(out, end, L.remaining), low, high), L.quoteBrace);
  }
  end = putLabel(out, end, L.shortfall);
  if (!has(pages, at, HAS.headroom)) return putLabel(out, end, L.none);
  const headroom = (at + AT.headroomMicrocents) >>> 2;
  const asked = (at + AT.askedBudget) >>> 2;
  end = putSigned(out, putLabel(out, end, L.headroom), u32[headroom] as number, u32[headroom + 1] as number);
  end = putUnsigned(out, putLabel(out, end, L.wanted), u32[asked] as number, u32[asked + 1] as number);
  return putLabel(out, end, L.quoteBrace);
}

function has({ u32 }: Pages, at: number, bit: number): boolean {
  return ((u32[(at + AT.has) >>> 2] as number) & bit) !== 0;
}

function putText({ u8, u32 }: Pages, at: number, field: number, out: Uint8Array, outAt: number): number {
  const from = at + (u32[(at + field) >>> 2] as number);
  return putBytes(out, outAt, u8, from, from + (u32[(at + field + 4) >>> 2] as number));
}

/** Whether the texts of a record are ASCII. */
function isPlain({ u8, u32 }: Pages, at: number): boolean {
  const from = at + (u32[(at + AT.headAt) >>> 2] as number);
  const end = from + (u32[(at + AT.headBytes) >>> 2] as number);
  for (let place = from; place < end; place++) if ((u8[place] as number) > TILDE) return false;
  return true;
}

const TILDE = 0x7e;
const PLAIN = /^[ !#-[\]-~]*$/;

/** Built once per policy; `undefined` for a policy with a non-ASCII name. */
export function answerBytes({ policy, candidateNames, useCases }: PolicySnapshot): AnswerBytes | undefined {
  if (!candidateNames.every((name) => PLAIN.test(name))) return undefined;
  const byIndex = policy.candidates.map(({ id, inputPriceMicrocents, outputPriceMicrocents }, index) => ({
    open: label(`{"id":${id},"name":"${candidateNames[index] ?? ""}"`),
    inputPrice: Number(inputPriceMicrocents),
    outputPrice: Number(outputPriceMicrocents),
  }));
  return {
    byIndex,
    byId: new Map(policy.candidates.map(({ id }, index) => [id as number, byIndex[index] as NamedCandidate])),
    floorOf: (useCase) => (Object.hasOwn(useCases, useCase) ? (useCases[useCase]?.qualityMinBps ?? -1) : -1),
  };
}
