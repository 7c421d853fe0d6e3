/**
 * A request as an entry holds it. Members at their default are left out.
 * @module
 */
import type { Members } from "./entry-fields.ts";
import { type ExactJson, exactInteger } from "./exact-json.ts";
import { ALL_PROVIDERS, NO_BUDGET_LIMIT, type Request } from "./request.ts";
import type { TextCursor } from "./text-cursor.ts";
import {
  bps,
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

/** The member `request`. */
export function requestText(request: Request): string {
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

function unless(isDefault: boolean, key: string, value: number | bigint): string {
  return isDefault ? "" : `,"${key}":${value}`;
}

/** Reads it back. Throws RangeError naming the member. */
export function requestFromJson(members: Members): Request {
  const integer = (key: string, otherwise?: bigint): bigint => {
    const value: ExactJson | undefined = members[key];
    const exact = value === undefined ? otherwise : exactInteger(value);
    if (exact === undefined) throw new RangeError(`request.${key} is not an exact integer`);
    return exact;
  };
  const small = (key: string, max: number, otherwise?: bigint): number => {
    const value = integer(key, otherwise);
    if (value < 0n || value > max) throw new RangeError(`request.${key} is not from 0 to ${max}`);
    return Number(value);
  };
  return {
    sequence: sequence(integer("sequence")),
    requestedId: candidateId(small("requested", U32_MAX)),
    inputTokens: tokens(small("inputTokens", U32_MAX)),
    outputTokens: tokens(small("outputTokens", U32_MAX)),
    valueMicrocents: microcents(integer("valueMicrocents")),
    budgetLimitMicrocents: costMicrocents(integer("budgetMicrocents", NO_BUDGET_LIMIT)),
    riskBps: bps(small("riskBps", U16_MAX)),
    confidenceBps: bps(small("confidenceBps", U16_MAX)),
    qualityMinBps: bps(small("qualityMinBps", U16_MAX)),
    latencyMaxMs: milliseconds(small("latencyMaxMs", U32_MAX, 0n)),
    capabilitiesRequired: mask(integer("capabilities", 0n)),
    providersAllowed: mask(integer("providers", ALL_PROVIDERS)),
    regionsRequired: mask(integer("regions", 0n)),
  };
}

/** Reads it from text; `undefined` when the cursor no longer holds. */
export function requestIn(cursor: TextCursor): Request | undefined {
  cursor.expect('{"sequence":');
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
