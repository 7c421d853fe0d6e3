/**
 * The settle flow, as the sentence it implements:
 *
 *     command → check → entry → journal → answer
 *
 * Each command is checked against the state in the synchronous step that orders it, and answered once its entry is durable.
 * A repeated command gets the first result; a different command on the same object is refused, with that result.
 * @module
 */
import {
  type Caused,
  type ConservationProof,
  type GrantEntry,
  HOLD_CAUSES,
  type HoldCause,
  type Microcents,
  OVERRUN,
  RESERVATION_SECONDS_MAX,
  type ReservationEntry,
  type TenantProof,
} from "@calybris/kernel";
import { EngineError } from "../engine-errors.ts";
import type { Budgets } from "../intake/budgets-file.ts";
import type { Amount } from "../intake/client-request.ts";
import {
  amountField,
  digestField,
  nameField,
  oneOfField,
  optionalField,
  refuseMistakes,
  wholeField,
} from "../intake/ledger-fields.ts";
import { nodeSha256 } from "../journal/chain-hash.ts";
import { periodsDue } from "../ledger/due-periods.ts";
import type { LedgerHandle } from "../ledger/handle.ts";
import { proveConservation, tenantProof } from "../ledger/proof.ts";
import { type LedgerTotals, ledgerTotals } from "../ledger/totals.ts";
import type { Settled } from "../state/reservation-results.ts";
import type { Caller } from "./keys.ts";
import { limitChanges } from "./limit-changes.ts";
import { type MovePorts, type OfDecision, ReservationMoves } from "./reservation-moves.ts";
import { TenantLimits } from "./tenant-limits.ts";

export type { LedgerTotals } from "../ledger/totals.ts";
export type { Settled } from "../state/reservation-results.ts";
export type { OfDecision } from "./reservation-moves.ts";

/** The parts of the engine that the flow uses. */
export interface LedgerPorts extends MovePorts {
  readonly position: () => { readonly sequence: number; readonly at: number };
  readonly nowUs: () => number;
}

const MICROSECONDS = 1_000_000;

export interface Granted {
  readonly tenant: string;
  readonly sequence: number;
  readonly repeated: boolean;
  readonly balance: TenantProof;
}

export class EngineLedger {
  readonly #ports: LedgerPorts;
  readonly #moves: ReservationMoves;
  /** Limits, for a step that orders several. */
  readonly limits: TenantLimits;

  constructor(ports: LedgerPorts) {
    this.#ports = ports;
    this.#moves = new ReservationMoves(ports);
    this.limits = new TenantLimits(ports);
  }

  /**
   * Grants money to a tenant. Pays its debt first.
   *
   * @throws CalybrisError `CAL_LEDGER_INVALID`, `CAL_LEDGER_TENANT_UNKNOWN`, `CAL_LEDGER_TENANT_UNMETERED`,
   *   `CAL_LEDGER_ID_REUSED` when the id granted something else, `CAL_LEDGER_OVERFLOW`. Nothing was changed.
   */
  grant(
    command: { readonly tenant: string; readonly amountMicrocents: Amount; readonly id: string },
    caller: Caller = {},
  ): Promise<Granted> {
    return this.#ports.failStop.command(async () => {
      const { tenant, amount, id } = refuseMistakes({
        tenant: nameField("tenant", command.tenant),
        amount: amountField("amountMicrocents", command.amountMicrocents, 1n),
        id: nameField("id", command.id),
      });
      const caused = this.#ports.caused(caller);
      const granted = await this.#ports.firstResults.once({
        first: () => {
          const before = this.#ports.ledger.grantOf(id);
          if (before?.tenant !== tenant || before.amountMicrocents !== amount) return undefined;
          return { tenant, sequence: before.sequence, repeated: true };
        },
        order: () => {
          const grant: GrantEntry = { kind: "grant", tenant, amountMicrocents: amount, id, ...caused };
          return { tenant, sequence: this.#orderGrant(grant), repeated: false };
        },
      });
      return { ...granted, balance: this.balance(tenant) };
    });
  }

  /**
   * Settles a call that ran at `actualMicrocents`. The unused part of the reservation is refunded; a higher cost is an
   * overrun. An overrun beyond the tenant's factor and floor (10 times, one dollar) is held for an operator: then the state
   * is `held`. So is an overrun of a tenant below another that some level cannot cover, because a debt would block siblings.
   */
  settle(command: OfDecision & { readonly actualMicrocents: Amount }, caller: Caller = {}): Promise<Settled> {
    return this.#move(command, caller, () => {
      const actualMicrocents = actualOf(command);
      return (of, caused) =>
        this.#ports.ledger.isOverrun(of, actualMicrocents)
          ? { kind: "hold", of, cause: OVERRUN, claimedMicrocents: actualMicrocents, ...caused }
          : { kind: "settlement", of, actualMicrocents, ...caused };
    });
  }

  /** Releases the reservation of a call that never ran: all of it is refunded. */
  release(command: OfDecision, caller: Caller = {}): Promise<Settled> {
    return this.#move(command, caller, () => (of, caused) => ({ kind: "release", of, ...caused }));
  }

  /**
   * Holds the reservation of a call that ran at an unknown cost. The known part is settled at once; the rest stays reserved
   * until the call is reconciled, or expires in full.
   *
   * @param command - `knownMicrocents` is at most the amount still reserved; `expiresAt` is the time at which the rest is
   *   settled in full, at most 31 days ahead; default: the decision's expiry.
   */
  hold(
    command: OfDecision & {
      readonly cause: HoldCause;
      readonly knownMicrocents?: Amount | undefined;
      readonly expiresAt?: number | undefined;
    },
    caller: Caller = {},
  ): Promise<Settled> {
    return this.#move(command, caller, () => {
      const { knownMicrocents = 0n } = command;
      const latest = this.#ports.nowUs() + RESERVATION_SECONDS_MAX * MICROSECONDS;
      const { cause, known, expiresAt } = refuseMistakes({
        cause: oneOfField("cause", command.cause, HOLD_CAUSES),
        known: amountField("knownMicrocents", knownMicrocents, 0n),
        expiresAt: optionalField(command.expiresAt, wholeField("expiresAt", command.expiresAt, latest)),
      });
      const members = {
        cause,
        ...(known === 0n ? {} : { knownMicrocents: known }),
        ...(expiresAt === undefined ? {} : { expiresAt }),
      };
      return (of, caused) => ({ kind: "hold", of, ...members, ...caused });
    });
  }

  /**
   * Settles a held call at its total cost.
   *
   * @param command - `exportDigest` is the SHA-256, in hexadecimal, of the usage export that states the cost.
   */
  reconcile(
    command: OfDecision & { readonly actualMicrocents: Amount; readonly exportDigest?: string | undefined },
    caller: Caller = {},
  ): Promise<Settled> {
    return this.#move(command, caller, () => {
      const actualMicrocents = actualOf(command);
      const { exportDigest } = refuseMistakes({
        exportDigest: optionalField(command.exportDigest, digestField("exportDigest", command.exportDigest)),
      });
      const named = exportDigest === undefined ? {} : { exportDigest };
      return (of, caused) => ({ kind: "reconciliation", of, actualMicrocents, ...named, ...caused });
    });
  }

  /** Corrects the cost of a settled call. */
  correct(command: OfDecision & { readonly actualMicrocents: Amount }, caller: Caller = {}): Promise<Settled> {
    return this.#move(command, caller, () => {
      const actualMicrocents = actualOf(command);
      return (of, caused) => ({ kind: "correction", of, actualMicrocents, ...caused });
    });
  }

  /**
   * Activates limits that differ from those of the journal; tenants that are not named keep theirs. Each limit is a step
   * of its own: if the journal has no room for one, the earlier ones stay, and the same call again continues from there.
   *
   * @returns the tenants whose limits changed.
   */
  apply(budgets: Budgets, caller: Caller = {}): Promise<readonly string[]> {
    return this.#ports.failStop.command(() => this.limits.apply(budgets, () => this.#ports.caused(caller)));
  }

  /**
   * The limits that differ from those of the journal; changes nothing.
   *
   * @throws CalybrisError `CAL_BUDGETS_INVALID` for limits that are not possible.
   */
  limitChanges(budgets: Budgets): Budgets {
    return limitChanges(budgets, this.#ports.ledger);
  }

  /** @throws CalybrisError `CAL_LEDGER_TENANT_UNKNOWN`. */
  balance(tenant: string): TenantProof {
    const account = this.#ports.ledger.account(tenant);
    if (account === undefined) throw new EngineError("CAL_LEDGER_TENANT_UNKNOWN", { tenant });
    return tenantProof(account);
  }

  /** For monitoring. */
  totals(): LedgerTotals {
    return ledgerTotals(this.#ports.ledger.accounts());
  }

  /** The conservation proof of the present state, per tenant and in total. */
  prove(): ConservationProof {
    const { sequence, at } = this.#ports.position();
    return proveConservation(this.#ports.ledger, sequence, Math.max(at, this.#ports.nowUs()), nodeSha256);
  }

  /** A worker thread's view of the headroom of every tenant; {@link LedgerView} opens it. */
  handle(): LedgerHandle {
    return { buffer: this.#ports.ledger.cells.buffer };
  }

  /** The cells that a tenant's reservations use. */
  levels(tenant: string): readonly number[] {
    const account = this.#ports.ledger.account(tenant);
    if (account === undefined) throw new EngineError("CAL_LEDGER_TENANT_UNKNOWN", { tenant });
    return this.#ports.ledger.cellsOf(account);
  }

  /** Settles overdue reservations in full. Returns their number; durable when it resolves. */
  sweep(): Promise<number> {
    return this.#ports.failStop.command(() => this.limits.sweep());
  }

  #move(
    command: OfDecision,
    caller: Caller,
    read: () => (of: number, caused: Caused) => ReservationEntry,
  ): Promise<Settled> {
    return this.#moves.run(command, caller, read, (tenant) => this.balance(tenant));
  }

  /** Orders the periods that are due first: a grant belongs to the period in which it is made. */
  #orderGrant(entry: GrantEntry): number {
    const { ledger, journal } = this.#ports;
    return journal.step((at) => {
      const account = ledger.account(entry.tenant);
      const periods = account === undefined ? [] : periodsDue(account, at);
      const refusal = ledger.refusalOf(entry, periods);
      if (refusal !== undefined) throw refusal;
      journal.establishRoom(periods.length + 1);
      for (const period of periods) journal.order(period);
      return journal.order(entry).sequence;
    });
  }
}

function actualOf({ actualMicrocents }: { readonly actualMicrocents: Amount }): Microcents {
  return refuseMistakes({ amount: amountField("actualMicrocents", actualMicrocents, 0n) }).amount;
}
