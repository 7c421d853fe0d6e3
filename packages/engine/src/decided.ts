/**
 * What a decision looks like to whoever asked for it.
 * @module
 */
import type { Decision, DecisionEntry, Defaulted, Request, ShortOfRoom } from "@calybris/kernel";
import { decisionIdOf, identityNumber } from "./ledger/decision-id.ts";

/** A decision that is durable. */
export interface Decided {
  readonly decision: Decision;
  readonly request: Request;
  /** Journal sequence of its entry. */
  readonly sequence: number;
  /** Names the decision for outcomes and settlements; encodes its sequence. */
  readonly decisionId: string;
  /** Identity digest in hexadecimal. */
  readonly identity: string;
  readonly useCase: string;
  readonly defaulted: readonly Defaulted[];
  /** Whose money it is. */
  readonly tenant?: string;
  /** The tenant had less room than the request would have spent. */
  readonly short?: ShortOfRoom;
  /** The request id was decided before; this is that decision. */
  readonly repeated: boolean;
}

/** The answer that an entry of the journal gives. */
export function answer(entry: DecisionEntry, sequence: number, repeated: boolean): Decided {
  const { decision, request, identity, useCase, defaulted, tenant, short } = entry;
  return {
    decision,
    request,
    sequence,
    decisionId: decisionIdOf(sequence, identityNumber(identity)),
    identity,
    useCase,
    defaulted,
    ...(tenant === undefined ? {} : { tenant }),
    ...(short === undefined ? {} : { short }),
    repeated,
  };
}
