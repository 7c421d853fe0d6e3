/**
 * The state of a call's reservation.
 * @module
 */
import { decisionIdOf } from "@calybris/kernel";
import type { Ledger } from "../ledger/ledger.ts";
import type { CallStanding, OpenCall } from "./client-call.ts";

/** `unknown` if no reservation is known: none was made, or it is no longer remembered. */
export function standingOf({ reservations }: Ledger, of: number, decisionId: string): CallStanding {
  const open = reservations.open(of);
  if (open !== undefined) {
    const state = open.held === undefined ? "in_flight" : "held";
    const { amountMicrocents, knownMicrocents } = open;
    return {
      decisionId,
      state,
      reservedMicrocents: amountMicrocents - knownMicrocents,
      costMicrocents: knownMicrocents,
    };
  }
  const closed = reservations.closed(of);
  if (closed === undefined) return { decisionId, state: "unknown", reservedMicrocents: 0n, costMicrocents: 0n };
  return { decisionId, state: closed.state, reservedMicrocents: 0n, costMicrocents: closed.actualMicrocents };
}

/** Open calls, and held reservations of any kind, in the order of their decisions. */
export function* openCalls({ reservations }: Ledger): Generator<OpenCall> {
  for (const open of reservations.allOpen()) {
    const attempts = reservations.call(open.of);
    if (attempts === undefined && open.held === undefined) continue;
    const { of, identity, account, amountMicrocents, knownMicrocents, expiresAt, held } = open;
    yield {
      decisionId: decisionIdOf(of, identity),
      tenant: account.tenant,
      state: held === undefined ? "in_flight" : "held",
      reservedMicrocents: amountMicrocents - knownMicrocents,
      costMicrocents: knownMicrocents,
      expiresAt,
      attemptCosts: attempts?.costs ?? [undefined],
    };
  }
}
