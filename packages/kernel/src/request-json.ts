/**
 * A request as an entry holds it. Members at their default are left out.
 * @module
 */
import type { Field } from "./entry-table.ts";
import { I64, type Members, refuseUnknown, U16, U32, U64 } from "./entry-value.ts";
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

/** The budget and providers that an entry's policy gives a request that leaves them out. */
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

/** A member of `request`, and its default. */
interface RequestField extends Field<bigint | number> {
  /** Its name in a request. */
  readonly at: keyof Request;
  standardIn?(bounds: RequestBounds): bigint | number;
}

/** The members of `request`, in order. */
export const REQUEST_FIELDS: { readonly [key: string]: RequestField } = {
  sequence: { at: "sequence", type: U64, holds: "number of the decision" },
  requested: { at: "requestedId", type: U32, holds: "id of the requested candidate; 0 for none" },
  inputTokens: { at: "inputTokens", type: U32, holds: "input work units" },
  outputTokens: { at: "outputTokens", type: U32, holds: "expected output work units" },
  valueMicrocents: { at: "valueMicrocents", type: I64, holds: "value of a good answer" },
  budgetMicrocents: {
    at: "budgetLimitMicrocents",
    type: U64,
    holds: "maximum cost",
    leftOut: "it is the cost of the requested candidate, or 2^64−1 if that cost is not a bound",
    standardIn: (bounds) => bounds.budgetLimitMicrocents,
  },
  riskBps: { at: "riskBps", type: U16, holds: "risk" },
  confidenceBps: { at: "confidenceBps", type: U16, holds: "confidence" },
  qualityMinBps: { at: "qualityMinBps", type: U16, holds: "quality floor" },
  latencyMaxMs: {
    at: "latencyMaxMs",
    type: U32,
    holds: "maximum latency at the 95th percentile",
    leftOut: "it is 0: no limit",
    standardIn: () => 0,
  },
  capabilities: {
    at: "capabilitiesRequired",
    type: U64,
    holds: "mask of the required capabilities",
    leftOut: "it is 0: none",
    standardIn: () => 0n,
  },
  providers: {
    at: "providersAllowed",
    type: U64,
    holds: "mask of the allowed providers",
    leftOut: "it is the mask that `substituteWithin` allows, or 2^64−1 if that allows any",
    standardIn: (bounds) => bounds.providersAllowed,
  },
  regions: {
    at: "regionsRequired",
    type: U64,
    holds: "mask of the regions that the request may run in",
    leftOut: "it is 0: anywhere",
    standardIn: () => 0n,
  },
};

/** Reads it back, and its bounds. Throws RangeError naming the member. */
export function requestFromJson(members: Members, boundsOf: BoundsOf): BoundedRequest {
  refuseUnknown(members, REQUEST_FIELDS, "request.");
  const request: { [key: string]: bigint | number } = {};
  let bounds: RequestBounds | undefined;
  for (const [key, { at, type, standardIn }] of Object.entries(REQUEST_FIELDS)) {
    if (standardIn !== undefined) bounds ??= boundsOf(request as unknown as Request);
    const member = members[key];
    request[at] =
      member === undefined && standardIn !== undefined && bounds !== undefined
        ? standardIn(bounds)
        : type.read(member, `request.${key}`);
  }
  return { request: request as unknown as Request, bounds: bounds as RequestBounds };
}

/** A request, and the bounds at which its budget and providers are left out. */
export interface BoundedRequest {
  readonly request: Request;
  readonly bounds: RequestBounds;
}

/** Reads it from text; `undefined` if the cursor fails. */
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

/** Reads a value that is left out at its default; refuses a written default. */
function unlessDefault(cursor: TextCursor, key: string, otherwise: bigint): bigint {
  if (!cursor.skip(key)) return otherwise;
  const value = cursor.unsigned();
  if (value === otherwise) cursor.refuse();
  return value;
}
