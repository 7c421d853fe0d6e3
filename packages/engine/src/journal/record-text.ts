/**
 * A decision's entry as text, written as bytes from its record: in a third of the time of the kernel's writer, without heap
 * allocations. The kernel's `entryDataTail` is the definition; `entry-tail.ts` compares the two at run time.
 * @module
 */
import { DECISION_AT, DEFAULTED, FEATURE_MISSING, FLOOR_SOURCES, PROPENSITY_ONE } from "@calybris/kernel";
import { label, putBytes, putDigest, putLabel, putNumber, putSigned, putUnsigned } from "../byte-text.ts";
import { ACTIONS, AT, HAS, type Pages, REASONS } from "./decision-record.ts";

/** Most bytes of the text besides the head and the features. */
export const TEXT_BYTES_AROUND = 1_664;
const TEXT_BYTES_USUAL = 430;
/** Most bytes of a feature, with its comma. */
export const FEATURE_TEXT_BYTES = 24;

const L = {
  at: label(',"at":'),
  kind: label(',"kind":"decision"'),
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
  expected: label(',"expected":['),
  floor: label(',"floorBps":'),
  anomalous: label(',"anomalous":true'),
  holdout: label(',"holdout":true'),
  belief: label(',"belief":'),
  draw: label(',"draw":'),
  tier: label(',"tier":'),
  propensity: label(',"propensity":'),
  explored: label(',"explored":true'),
  boundary: label(',"boundary":true'),
  reject: label(',"decision":{"action":"reject","reason":"'),
  rejectEnd: label('"'),
  cost: label(',"costMicrocents":'),
  shadowRejects: label(',"shadow":{"action":"reject"'),
  identity: label('},"identity":"'),
  end: label('"}'),
} as const;
const REASON_LABELS: readonly Uint8Array[] = Array.from(REASONS, (reason) => label(reason ?? ""));
const SOURCE_LABELS: readonly Uint8Array[] = FLOOR_SOURCES.map((source) =>
  label(source === "warm_start" ? "" : `,"source":"${source}"`),
);
/** By action code. */
const SELECTED: readonly Uint8Array[] = Array.from(ACTIONS, (action) =>
  label(`,"decision":{"action":"${action}","selected":`),
);
const SHADOWS: readonly Uint8Array[] = Array.from(ACTIONS, (action) =>
  label(`,"shadow":{"action":"${action}","candidate":`),
);
const REJECT: number = ACTIONS.indexOf("reject");
const OUTPUT_DEFAULTED: number = 1 << DEFAULTED.indexOf("output");

/** The largest size of a record's text. */
export function textBytesMax({ u16, u32 }: Pages, at: number): number {
  const features = FEATURE_TEXT_BYTES * (u16[(at + AT.featureCount) >>> 1] as number);
  return TEXT_BYTES_AROUND + features + (u32[(at + AT.headBytes) >>> 2] as number);
}

/** The approximate size of a record's text. */
export function textBytesAbout({ u32 }: Pages, at: number): number {
  return TEXT_BYTES_USUAL + (u32[(at + AT.headBytes) >>> 2] as number);
}

/**
 * Writes the text after the value of `durable` in the data of a decision's entry: the result of `entryDataTail`.
 *
 * @param proof - holds the digest of the decision's identity from `identityAt` on.
 * @returns the end of the text.
 */
export function putDecisionText(
  pages: Pages,
  at: number,
  out: Uint8Array,
  outAt: number,
  proof: Uint8Array,
  identityAt: number,
): number {
  const { u8, u32, f64 } = pages;
  let end = putNumber(out, putLabel(out, outAt, L.at), f64[(at + AT.time) >>> 3] as number);
  end = putLabel(out, end, L.kind);
  const head = at + (u32[(at + AT.headAt) >>> 2] as number);
  end = putBytes(out, end, u8, head, head + (u32[(at + AT.headBytes) >>> 2] as number));
  end = putRequest(pages, at, out, end);
  if (((u32[(at + AT.has) >>> 2] as number) & HAS.learning) !== 0) end = putLearning(pages, at, out, end);
  end = putAnswer(pages, at, out, end);
  if (((u32[(at + AT.has) >>> 2] as number) & HAS.shadow) !== 0) end = putShadow(pages, at, out, end);
  return putLabel(out, putDigest(out, putLabel(out, end, L.identity), proof, identityAt), L.end);
}

function putRequest({ u16, u32 }: Pages, at: number, out: Uint8Array, outAt: number): number {
  const w = (at + AT.request) >>> 2;
  const h = (at + AT.request) >>> 1;
  const bound = (at + AT.boundBudget) >>> 2;
  const low = (word: number): number => u32[word] as number;
  let end = putUnsigned(out, putLabel(out, outAt, L.request), low(w), low(w + 1));
  end = putNumber(out, putLabel(out, end, L.requested), low(w + 2));
  end = putNumber(out, putLabel(out, end, L.input), low(w + 3));
  end = putNumber(out, putLabel(out, end, L.output), low(w + 4));
  end = putSigned(out, putLabel(out, end, L.value), low(w + 6), low(w + 7));
  if (u32[w + 8] !== u32[bound] || u32[w + 9] !== u32[bound + 1])
    end = putUnsigned(out, putLabel(out, end, L.budget), low(w + 8), low(w + 9));
  end = putNumber(out, putLabel(out, end, L.risk), u16[h + 20] as number);
  end = putNumber(out, putLabel(out, end, L.confidence), u16[h + 21] as number);
  end = putNumber(out, putLabel(out, end, L.quality), u16[h + 22] as number);
  if (u32[w + 12] !== 0) end = putNumber(out, putLabel(out, end, L.latency), low(w + 12));
  if (u32[w + 14] !== 0 || u32[w + 15] !== 0)
    end = putUnsigned(out, putLabel(out, end, L.capabilities), low(w + 14), low(w + 15));
  if (u32[w + 16] !== u32[bound + 2] || u32[w + 17] !== u32[bound + 3])
    end = putUnsigned(out, putLabel(out, end, L.providers), low(w + 16), low(w + 17));
  if (u32[w + 18] !== 0 || u32[w + 19] !== 0)
    end = putUnsigned(out, putLabel(out, end, L.regions), low(w + 18), low(w + 19));
  return putLabel(out, end, L.close);
}

function putLearning(pages: Pages, at: number, out: Uint8Array, outAt: number): number {
  const { u8, i8, u16, u32, f64 } = pages;
  const has = u32[(at + AT.has) >>> 2] as number;
  const double = (field: number): number => f64[(at + field) >>> 3] as number;
  let end = putNumber(out, putLabel(out, outAt, L.learning), u8[at + AT.regime] as number);
  if (double(AT.score) !== 0) end = putNumber(out, putLabel(out, end, L.score), double(AT.score));
  if (!areTokens(pages, at)) end = putFeatures(pages, at, out, end);
  if ((has & HAS.textScore) !== 0) end = putNumber(out, putLabel(out, end, L.textScore), double(AT.textScore));
  if (u8[at + AT.expectedCount] !== 0) end = putExpected(pages, at, out, end);
  const floor = u32[(at + AT.floorBps) >>> 2] as number;
  if (floor !== u16[((at + AT.request) >>> 1) + 22]) end = putNumber(out, putLabel(out, end, L.floor), floor);
  end = putLabel(out, end, SOURCE_LABELS[u8[at + AT.source] as number] as Uint8Array);
  if ((has & HAS.anomalous) !== 0) end = putLabel(out, end, L.anomalous);
  if ((has & HAS.holdout) !== 0) end = putLabel(out, end, L.holdout);
  if (double(AT.belief) !== 0) end = putNumber(out, putLabel(out, end, L.belief), double(AT.belief));
  end = putNumber(out, putLabel(out, end, L.draw), u32[(at + AT.draw) >>> 2] as number);
  end = putNumber(out, putLabel(out, end, L.tier), i8[at + AT.tier] as number);
  const propensity = double(AT.propensity);
  if (propensity !== PROPENSITY_ONE) end = putNumber(out, putLabel(out, end, L.propensity), propensity);
  if ((has & HAS.explored) !== 0) end = putLabel(out, end, L.explored);
  if ((has & HAS.boundary) !== 0) end = putLabel(out, end, L.boundary);
  return putLabel(out, end, L.close);
}

/** Features equal to the request's token counts are omitted. */
function areTokens({ u8, u16, u32, f64 }: Pages, at: number): boolean {
  if (u16[(at + AT.featureCount) >>> 1] !== 2) return false;
  const w = (at + AT.request) >>> 2;
  const features = (at + AT.features) >>> 3;
  const output = ((u8[at + AT.defaulted] as number) & OUTPUT_DEFAULTED) !== 0 ? FEATURE_MISSING : u32[w + 4];
  return f64[features] === u32[w + 3] && f64[features + 1] === output;
}

function putFeatures({ u16, f64 }: Pages, at: number, out: Uint8Array, outAt: number): number {
  let end = putLabel(out, outAt, L.features);
  const count = u16[(at + AT.featureCount) >>> 1] as number;
  for (let index = 0; index < count; index++) {
    if (index > 0) end = putLabel(out, end, L.comma);
    end = putNumber(out, end, f64[((at + AT.features) >>> 3) + index] as number);
  }
  return putLabel(out, end, L.bracket);
}

function putExpected({ u8, i32 }: Pages, at: number, out: Uint8Array, outAt: number): number {
  let end = putLabel(out, outAt, L.expected);
  const count = u8[at + AT.expectedCount] as number;
  for (let tier = 0; tier < count; tier++) {
    if (tier > 0) end = putLabel(out, end, L.comma);
    end = putNumber(out, end, i32[((at + AT.expected) >>> 2) + tier] as number);
  }
  return putLabel(out, end, L.bracket);
}

function putAnswer({ u8, u32 }: Pages, at: number, out: Uint8Array, outAt: number): number {
  const from = at + AT.decision;
  const action = u8[from + DECISION_AT.action] as number;
  if (action === REJECT) {
    const reason = REASON_LABELS[u8[from + DECISION_AT.reason] as number] as Uint8Array;
    return putLabel(out, putLabel(out, putLabel(out, outAt, L.reject), reason), L.rejectEnd);
  }
  const w = from >>> 2;
  const end = putNumber(out, putLabel(out, outAt, SELECTED[action] as Uint8Array), u32[w + 3] as number);
  return putUnsigned(out, putLabel(out, end, L.cost), u32[w + 6] as number, u32[w + 7] as number);
}

/** Written after the answer, whose brace it closes. */
function putShadow({ u8, u32 }: Pages, at: number, out: Uint8Array, outAt: number): number {
  const end = putLabel(out, outAt, L.close);
  const action = u8[at + AT.shadowAction] as number;
  if (action === REJECT) return putLabel(out, end, L.shadowRejects);
  return putNumber(out, putLabel(out, end, SHADOWS[action] as Uint8Array), u32[(at + AT.shadowId) >>> 2] as number);
}
