/**
 * What a decision looks like to whoever asked for it.
 * @module
 */
import {
  type Decision,
  type DecisionDigests,
  type Defaulted,
  decisionIdOfIdentity,
  type ExplainedRecommendation,
  type Request,
  type ShortOfRoom,
  shortOf,
} from "@calybris/kernel";
import type { Proven } from "./decide.ts";
import type { Writable } from "./writable.ts";

/** A decision that is durable. */
export interface Decided {
  readonly decision: Decision;
  readonly request: Request;
  /** Journal sequence of its entry. */
  readonly sequence: number;
  /** Hash of its entry, in hexadecimal: the next entry is chained to it. */
  readonly entryHash: string;
  /** Names the decision for outcomes and settlements; encodes its sequence. */
  readonly decisionId: string;
  /** Identity digest in hexadecimal. */
  readonly identity: string;
  readonly digests: DecisionDigests;
  /** The snapshot it was decided under. */
  readonly policyId: number;
  readonly useCase: string;
  readonly defaulted: readonly Defaulted[];
  readonly requestId?: string;
  /** Whose money it is. */
  readonly tenant?: string;
  /** The tenant had less room than the request would have spent. */
  readonly short?: ShortOfRoom;
  /** How the floor came about, when the client gave none and the policy learns. */
  readonly learning?: ExplainedRecommendation;
  /** The request id was decided before; this is that decision. */
  readonly repeated: boolean;
}

/** The answer that an entry of the journal gives. */
export function answer(
  { entry, policyId, decision, learning, digests }: Proven,
  place: { readonly sequence: number; readonly entryHash: string; readonly repeated: boolean },
): Decided {
  const { request, identity, useCase, defaulted, requestId, tenant } = entry;
  const short = shortOf(entry);
  const { sequence, entryHash, repeated } = place;
  const decided: Writable<Decided> = {
    decision,
    request,
    sequence,
    entryHash,
    decisionId: decisionIdOfIdentity(sequence, identity),
    identity,
    digests,
    policyId,
    useCase,
    defaulted,
    repeated,
  };
  if (requestId !== undefined) decided.requestId = requestId;
  if (tenant !== undefined) decided.tenant = tenant;
  if (short !== undefined) decided.short = short;
  if (learning !== undefined) decided.learning = learning;
  return decided;
}
