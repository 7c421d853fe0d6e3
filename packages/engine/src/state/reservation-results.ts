/**
 * What became of a reservation, as commands answer it: the first result of a command that is repeated, and where a
 * reservation stands.
 * @module
 */
import { decisionIdOf, OVERRUN, type ReservationEntry, type TenantProof } from "@calybris/kernel";
import type { Ledger } from "../ledger/ledger.ts";
import { tenantProof } from "../ledger/proof.ts";
import type { Closed, ClosedState, Open } from "../ledger/reservations.ts";

/** What became of a reservation. */
export interface Settled {
  readonly decisionId: string;
  readonly tenant: string;
  readonly state: "settled" | "released" | "held" | "reconciled" | "corrected";
  /** Journal sequence of the entry that says so. */
  readonly sequence: number;
  /** What it cost; while it is held, what is still reserved. */
  readonly actualMicrocents: bigint;
  /** It was so before; nothing changed. */
  readonly repeated: boolean;
  /** The tenant after it. */
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

/** The state of the reservation of a decision; `undefined` for one that is open, or none. */
export function settledOf(ledger: Ledger, of: number, repeated: boolean): Settled | undefined {
  const closed = ledger.reservations.closed(of);
  if (closed !== undefined) return ofClosed(closed, repeated);
  const open = ledger.reservations.open(of);
  return open?.held === undefined ? undefined : ofHeld(open, open.held.sequence, repeated);
}

/** What the same command did before; `undefined` when it has yet to be done, or must be refused. */
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
