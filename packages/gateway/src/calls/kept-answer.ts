/**
 * Answers a call from the cache. The call is decided and recorded like any other: its decision is in the journal, and its
 * reservation is released, because nothing was sent.
 * @module
 */
import type { Call } from "@calybris/engine";
import type { CachedAnswer } from "../cache/response-cache.ts";
import type { RequestHeaders } from "../http/exchange.ts";
import type { Reply } from "../http/route-contract.ts";
import type { CachePlace } from "./answer-cache.ts";
import type { BoundLane } from "./bound-lanes.ts";
import type { CallContext } from "./call-context.ts";
import { addCostHeaders, decisionHeaders, dollarsText } from "./call-headers.ts";
import type { CallWatch } from "./call-watch.ts";
import type { ClientBody } from "./client-call.ts";
import type { Lane } from "./lanes.ts";

interface BegunCall {
  readonly client: ClientBody;
  readonly lanes: readonly BoundLane[];
  readonly call: Call;
}

/** The cache entry for the chosen candidate's answer; `undefined` for a call that is always sent. */
export function keptPlace(
  { answers }: CallContext,
  { client, headers, tenant, ...begun }: BegunCall & { readonly headers: RequestHeaders; readonly tenant: string },
): CachePlace | undefined {
  const lane = laneOf(begun);
  // A lower output limit, set for lack of budget, makes it a different request.
  if (answers === undefined || lane === undefined || begun.call.isOutputLowered) return undefined;
  return answers.placeOf({ client, headers, tenant, candidate: lane.candidate });
}

/** @throws CalybrisError the errors of `Call.release`. Nothing is answered then. */
export async function keptReply(
  { body, contentType, costMicrocents }: CachedAnswer,
  {
    client,
    watch,
    isLimitWritten,
    ...begun
  }: BegunCall & { readonly watch: CallWatch; readonly isLimitWritten: boolean },
): Promise<Reply> {
  const { call } = begun;
  const lane = laneOf(begun);
  await call.release();
  watch.cached(lane, costMicrocents);
  const headers = decisionHeaders(call, { ran: lane?.candidate ?? "", asked: client.model, isLimitWritten });
  headers.push("x-calybris-cache", "hit", "x-calybris-cost", dollarsText(0n));
  addCostHeaders(headers, call, undefined, undefined);
  return { body, contentType, headers };
}

function laneOf({ lanes, call }: Pick<BegunCall, "lanes" | "call">): Lane | undefined {
  return lanes.find(({ lane: { candidateId } }) => candidateId === call.candidate)?.lane;
}
