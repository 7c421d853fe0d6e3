/**
 * A request as an entry holds it. Members at their default are left out.
 * @module
 */
import type { Members } from "./entry-fields.ts";
import { type ExactJson, exactInteger } from "./exact-json.ts";
import type { Request } from "./request.ts";
import { NO_BOUNDS, type RequestBounds } from "./spending.ts";
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

/** What an entry's policy makes of budget and providers that are left out. */
export type BoundsOf = (request: Pick<Request, "requestedId" | "inputTokens" | "outputTokens">) => RequestBounds;

/** The member `request`. */
export function requestText(request: Request, bounds: RequestBounds = NO_BOUNDS): string {
  return (
    `{"sequence":${request.sequence},"requested":${request.requestedId},"inputTokens":${request.inputTokens}` +
    `,"outputTokens":${request.outputTokens},"valueMicrocents":${request.valueMicrocents}` +
    unless(
      request.budgetLimitMicrocents === bounds.budgetLimitMicrocents,
      "budgetMicrocents",
      request.budgetLimitMicrocents,
    ) +
    `,"riskBps":${request.riskBps},"confidenceBps":${request.confidenceBps},"qualityMinBps":${request.qualityMinBps}` +
    unless(request.latencyMaxMs === 0, "latencyMaxMs", request.latencyMaxMs) +
    unless(request.capabilitiesRequired === 0n, "capabilities", request.capabilitiesRequired) +
    unless(request.providersAllowed === bounds.providersAllowed, "providers", request.providersAllowed) +
    `${unless(request.regionsRequired === 0n, "regions", request.regionsRequired)}}`
  );
}

function unless(isDefault: boolean, key: string, value: number | bigint): string {
  return isDefault ? "" : `,"${key}":${value}`;
}

/** Reads it back, and its bounds. Throws RangeError naming the member. */
export function requestFromJson(members: Members, boundsOf: BoundsOf): BoundedRequest {
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
  const asked = {
    requestedId: candidateId(small("requested", U32_MAX)),
    inputTokens: tokens(small("inputTokens", U32_MAX)),
    outputTokens: tokens(small("outputTokens", U32_MAX)),
  };
  const bounds = boundsOf(asked);
  const request: Request = {
    sequence: sequence(integer("sequence")),
    ...asked,
    valueMicrocents: microcents(integer("valueMicrocents")),
    budgetLimitMicrocents: costMicrocents(integer("budgetMicrocents", bounds.budgetLimitMicrocents)),
    riskBps: bps(small("riskBps", U16_MAX)),
    confidenceBps: bps(small("confidenceBps", U16_MAX)),
    qualityMinBps: bps(small("qualityMinBps", U16_MAX)),
    latencyMaxMs: milliseconds(small("latencyMaxMs", U32_MAX, 0n)),
    capabilitiesRequired: mask(integer("capabilities", 0n)),
    providersAllowed: mask(integer("providers", bounds.providersAllowed)),
    regionsRequired: mask(integer("regions", 0n)),
  };
  return { request, bounds };
}

/** A request, and what of it is left out. */
export interface BoundedRequest {
  readonly request: Request;
  readonly bounds: RequestBounds;
}

/** Reads it from text; `undefined` when the cursor no longer holds. */
export function requestIn(cursor: TextCursor, boundsOf: BoundsOf): BoundedRequest | undefined {
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
  if (!cursor.holds) return undefined;
  const asked = {
    requestedId: candidateId(requestedId),
    inputTokens: tokens(inputTokens),
    outputTokens: tokens(outputTokens),
  };
  const bounds = boundsOf(asked);
  const budget = unlessDefault(cursor, ',"budgetMicrocents":', bounds.budgetLimitMicrocents);
  cursor.expect(',"riskBps":');
  const risk = cursor.number(U16_MAX);
  cursor.expect(',"confidenceBps":');
  const confidence = cursor.number(U16_MAX);
  cursor.expect(',"qualityMinBps":');
  const quality = cursor.number(U16_MAX);
  const latency = cursor.skip(',"latencyMaxMs":') ? cursor.number(U32_MAX) : undefined;
  if (latency === 0) cursor.refuse();
  const capabilities = unlessDefault(cursor, ',"capabilities":', 0n);
  const providers = unlessDefault(cursor, ',"providers":', bounds.providersAllowed);
  const regions = unlessDefault(cursor, ',"regions":', 0n);
  cursor.expect("}");
  if (!cursor.holds) return undefined;
  const request: Request = {
    sequence: sequence(number),
    ...asked,
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
  return { request, bounds };
}

/** A value that is left out at its default, and must not be written out then. */
function unlessDefault(cursor: TextCursor, key: string, otherwise: bigint): bigint {
  if (!cursor.skip(key)) return otherwise;
  const value = cursor.unsigned();
  if (value === otherwise) cursor.refuse();
  return value;
}
