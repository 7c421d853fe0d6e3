/**
 * The results of reservation commands: the first result of a repeated command, and the present state of a reservation.
 * @module
 */
import { decisionIdOf, OVERRUN, type ReservationEntry, type TenantProof } from "@calybris/kernel";
import type { Ledger } from "../ledger/ledger.ts";
import { tenantProof } from "../ledger/proof.ts";
import type { Closed, ClosedState, Open } from "../ledger/reservations.ts";

/** The state of a reservation, as commands return it. */
export interface Settled {
  readonly decisionId: string;
  readonly tenant: string;
  readonly state: "settled" | "released" | "held" | "reconciled" | "corrected";
  /** Journal sequence of the entry that led to it. */
  readonly sequence: number;
  /** Its cost; while it is held, the amount still reserved. */
  readonly actualMicrocents: bigint;
  /** Whether the state is older than this command, which changed nothing. */
  readonly repeated: boolean;
  /** The tenant's balance afterwards. */
  readonly balance: TenantProof;
}

const STATE_AFTER: Readonly<Record<ReservationEntry["kind"], Settled["state"]>> = Object.freeze({
  settlement: "settled",
  release: "released",
  hold: "held",
  expiry: "settled",
  reconciliation: "reconciled",
  correction: "corrected",
});

const STATE_SHOWN: Readonly<Record<ClosedState, Settled["state"]>> = Object.freeze({
  settled: "settled",
  released: "released",
  expired: "settled",
  reconciled: "reconciled",
  corrected: "corrected",
});

/** The state of a decision's reservation; `undefined` if it is open or unknown. */
export function settledOf(ledger: Ledger, of: number, repeated: boolean): Settled | undefined {
  const closed = ledger.reservations.closed(of);
  if (closed !== undefined) return ofClosed(closed, repeated);
  const open = ledger.reservations.open(of);
  return open?.held === undefined ? undefined : ofHeld(open, open.held.sequence, repeated);
}

/** The first result of the same command; `undefined` if it was not run yet, or must be refused. */
export function firstResult(ledger: Ledger, entry: ReservationEntry): Settled | undefined {
  const { reservations } = ledger;
  const closed = reservations.closed(entry.of);
  if (closed !== undefined && isSame(closed, entry)) return ofClosed(closed, true);
  const open = reservations.open(entry.of);
  return open?.held !== undefined && isSameHold(open, entry) ? ofHeld(open, open.held.sequence, true) : undefined;
}

function isSame(closed: Closed, entry: ReservationEntry): boolean {
  if (closed.state !== STATE_AFTER[entry.kind] || entry.kind === "expiry") return false;
  return !("actualMicrocents" in entry) || entry.actualMicrocents === closed.actualMicrocents;
}

function isSameHold({ held, knownMicrocents }: Open, entry: ReservationEntry): boolean {
  if (entry.kind === "settlement") return held?.cause === OVERRUN && held.claimedMicrocents === entry.actualMicrocents;
  return entry.kind === "hold" && held?.cause === entry.cause && knownMicrocents === (entry.knownMicrocents ?? 0n);
}

function ofClosed({ of, identity, account, state, sequence, actualMicrocents }: Closed, repeated: boolean): Settled {
  return {
    decisionId: decisionIdOf(of, identity),
    tenant: account.tenant,
    state: STATE_SHOWN[state],
    sequence,
    actualMicrocents,
    repeated,
    balance: tenantProof(account),
  };
}

function ofHeld(open: Open, sequence: number, repeated: boolean): Settled {
  return {
    decisionId: decisionIdOf(open.of, open.identity),
    tenant: open.account.tenant,
    state: "held",
    sequence,
    actualMicrocents: open.amountMicrocents - open.knownMicrocents,
    repeated,
    balance: tenantProof(open.account),
  };
}
