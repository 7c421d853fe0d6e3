/**
 * The settle flow, as the sentence it implements:
 *
 *     command → check → entry → journal → answer
 *
 * Each command is checked against the state as it is ordered, in one synchronous step, and answered once its entry is
 * durable. The same command again gets the first result; another one about the same thing is refused, with that result.
 * @module
 */
import {
  CalybrisError,
  type ConservationProof,
  decisionIdOf,
  type GrantEntry,
  HOLD_CAUSES,
  type HoldCause,
  LEVELS_MAX,
  type LimitEntry,
  type Microcents,
  type Mistake,
  parseDecisionId,
  type ReservationEntry,
  type TenantProof,
  writeExact,
} from "@calybris/kernel";
import type { Budgets } from "./intake/budgets-file.ts";
import { amountField, nameField, oneOfField, refuseMistakes } from "./intake/ledger-fields.ts";
import type { Amount } from "./intake/client-request.ts";
import { nodeSha256 } from "./journal/chain-hash.ts";
import type { FailStop } from "./journal/fail-stop.ts";
import type { Ordered, Ordering } from "./journal/journal.ts";
import type { Account } from "./ledger/account.ts";
import { TENANTS_MAX } from "./ledger/cells.ts";
import { periodsDue } from "./ledger/due-periods.ts";
import type { LedgerHandle } from "./ledger/handle.ts";
import type { Ledger } from "./ledger/ledger.ts";
import { proveConservation, tenantProof } from "./ledger/proof.ts";
import type { Closed } from "./ledger/reservations.ts";

/** What the flow needs of the engine. */
export interface LedgerPorts {
  readonly ledger: Ledger;
  readonly journal: Ordering;
  readonly failStop: FailStop;
  readonly position: () => { readonly sequence: number; readonly at: number };
  readonly nowUs: () => number;
}

/** What became of a reservation. */
export interface Settled {
  readonly decisionId: string;
  readonly tenant: string;
  readonly state: "settled" | "released" | "held" | "reconciled" | "corrected";
  /** Journal sequence of the entry that says so. */
  readonly sequence: number;
  readonly actualMicrocents: bigint;
  /** It was so before; nothing changed. */
  readonly repeated: boolean;
  /** The tenant after it. */
  readonly balance: TenantProof;
}

export interface Granted {
  readonly tenant: string;
  readonly sequence: number;
  readonly repeated: boolean;
  readonly balance: TenantProof;
}

/** Names the decision, and optionally whose it is: another tenant's is refused. */
export interface OfDecision {
  readonly decisionId: string;
  readonly tenant?: string | undefined;
}

/** A limit, and a period on each level. */
export const LIMIT_ENTRIES_MAX: number = 1 + LEVELS_MAX;

export class EngineLedger {
  readonly #ports: LedgerPorts;
  /** Entries that are ordered but not yet durable: a repetition waits for the first. */
  readonly #pending = new Map<number, Promise<unknown>>();

  constructor(ports: LedgerPorts) {
    this.#ports = ports;
  }

  /**
   * Gives a tenant money. Pays its debt first.
   *
   * @throws CalybrisError `CAL_LEDGER_INVALID`, `CAL_LEDGER_TENANT_UNKNOWN`, `CAL_LEDGER_TENANT_UNMETERED`,
   *   `CAL_LEDGER_ID_REUSED` when the id granted something else, `CAL_LEDGER_OVERFLOW`. Nothing was changed.
   */
  grant(command: {
    readonly tenant: string;
    readonly amountMicrocents: Amount;
    readonly id: string;
    readonly by: string;
  }): Promise<Granted> {
    return this.#ports.failStop.command(async () => {
      const { tenant, amount, id, by } = refuseMistakes({
        tenant: nameField("tenant", command.tenant),
        amount: amountField("amountMicrocents", command.amountMicrocents, 1n),
        id: nameField("id", command.id),
        by: nameField("by", command.by),
      });
      const before = this.#ports.ledger.grantOf(id);
      if (before?.tenant === tenant && before.amount === amount) {
        await this.#pending.get(before.sequence);
        return { tenant, sequence: before.sequence, repeated: true, balance: this.balance(tenant) };
      }
      const { sequence, durable } = this.#orderGrant({ kind: "grant", tenant, amountMicrocents: amount, id, by });
      await durable;
      return { tenant, sequence, repeated: false, balance: this.balance(tenant) };
    });
  }

  /** The call ran; it cost `actualMicrocents`. What was not needed comes back; what was not foreseen is an overrun. */
  settle(command: OfDecision & { readonly actualMicrocents: Amount }): Promise<Settled> {
    return this.#move(command, () => {
      const { amount } = refuseMistakes({ amount: amountField("actualMicrocents", command.actualMicrocents, 0n) });
      return (of) => ({ kind: "settlement", of, actualMicrocents: amount });
    });
  }

  /** The call never ran: everything comes back. */
  release(command: OfDecision): Promise<Settled> {
    return this.#move(command, () => (of) => ({ kind: "release", of }));
  }

  /** The call ran and its cost is not known: it stays reserved until it is reconciled, or expires in full. */
  hold(command: OfDecision & { readonly cause: HoldCause }): Promise<Settled> {
    return this.#move(command, () => {
      const { cause } = refuseMistakes({ cause: oneOfField("cause", command.cause, HOLD_CAUSES) });
      return (of) => ({ kind: "hold", of, cause });
    });
  }

  /** What a held call cost after all. */
  reconcile(command: OfDecision & { readonly actualMicrocents: Amount; readonly by: string }): Promise<Settled> {
    return this.#move(command, () => {
      const { amount, by } = signedAmount(command);
      return (of) => ({ kind: "reconciliation", of, actualMicrocents: amount, by });
    });
  }

  /** What a settled call cost in truth. */
  correct(command: OfDecision & { readonly actualMicrocents: Amount; readonly by: string }): Promise<Settled> {
    return this.#move(command, () => {
      const { amount, by } = signedAmount(command);
      return (of) => ({ kind: "correction", of, actualMicrocents: amount, by });
    });
  }

  /**
   * Activates limits that differ from those of the journal; tenants that are not named keep theirs. Each limit is a step
   * of its own: when the journal has no room for one, those before it stay, and the same call again goes on from there.
   *
   * @returns the tenants whose limits changed.
   */
  apply(budgets: Budgets, by: string): Promise<readonly string[]> {
    return this.#ports.failStop.command(async () => {
      const { journal } = this.#ports;
      const changes = this.limitChanges(budgets, by);
      let last: Promise<unknown> = Promise.resolve();
      for (const limit of changes) {
        if (!journal.hasRoom(LIMIT_ENTRIES_MAX)) await last;
        last = this.orderLimit(limit).durable;
      }
      await last;
      return changes.map(({ tenant }) => tenant);
    });
  }

  /**
   * The limits that differ from those of the journal, as entries; changes nothing.
   *
   * @throws CalybrisError `CAL_BUDGETS_INVALID` for what cannot be; `CAL_LEDGER_INVALID` when `by` names nobody.
   */
  limitChanges(budgets: Budgets, by: string): readonly LimitEntry[] {
    const { ledger } = this.#ports;
    const name = refuseMistakes({ by: nameField("by", by) }).by;
    refuseWhatCannotBe(budgets, ledger);
    return budgets
      .map((limit): LimitEntry => ({ kind: "limit", ...limit, by: name }))
      .filter((limit) => !sameLimit(ledger.account(limit.tenant)?.limit, limit));
  }

  /** @throws CalybrisError `CAL_LEDGER_TENANT_UNKNOWN`. */
  balance(tenant: string): TenantProof {
    const account = this.#ports.ledger.account(tenant);
    if (account === undefined) throw new CalybrisError("CAL_LEDGER_TENANT_UNKNOWN", { tenant });
    return tenantProof(account);
  }

  /** The conservation proof of the state as it is, per tenant and in total. */
  prove(): ConservationProof {
    const { sequence, at } = this.#ports.position();
    return proveConservation(this.#ports.ledger, sequence, Math.max(at, this.#ports.nowUs()), nodeSha256);
  }

  /** A worker thread's view of all room; {@link LedgerView} opens it. */
  handle(): LedgerHandle {
    return { buffer: this.#ports.ledger.cells.buffer };
  }

  /** The cells that a tenant's reservations are made on. */
  levels(tenant: string): readonly number[] {
    const account = this.#ports.ledger.account(tenant);
    if (account === undefined) throw new CalybrisError("CAL_LEDGER_TENANT_UNKNOWN", { tenant });
    return this.#ports.ledger.cellsOf(account);
  }

  /** Settles in full what is overdue. Returns how many; durable when it resolves. */
  sweep(): Promise<number> {
    return this.#ports.failStop.command(async () => {
      const { journal } = this.#ports;
      let count = 0;
      let last: Promise<unknown> | undefined;
      for (;;) {
        if (!journal.hasRoom(1)) await last;
        const expired = this.#orderExpiry();
        if (expired === undefined) break;
        last = expired.durable;
        count += 1;
      }
      await last;
      return count;
    });
  }

  #move(command: OfDecision, read: () => (of: number) => ReservationEntry): Promise<Settled> {
    return this.#ports.failStop.command(async () => {
      const { ledger } = this.#ports;
      const entryOf = read();
      const { of, tenant } = this.#bind(command);
      const entry = entryOf(of);
      const first = this.#firstResult(entry);
      if (first !== undefined) {
        await this.#pending.get(first.sequence);
        return { ...first, tenant: tenant.tenant, repeated: true, balance: tenantProof(tenant) };
      }
      const { sequence, durable } = this.#orderMove(entry);
      await durable;
      const closed = ledger.reservations.closed(of);
      return {
        decisionId: command.decisionId,
        tenant: tenant.tenant,
        state: STATE_AFTER[entry.kind],
        sequence,
        actualMicrocents:
          "actualMicrocents" in entry ? entry.actualMicrocents : (closed?.actualMicrocents ?? heldAmount(ledger, of)),
        repeated: false,
        balance: tenantProof(tenant),
      };
    });
  }

  #bind(command: OfDecision): { readonly of: number; readonly tenant: Account } {
    const parsed = parseDecisionId(command.decisionId);
    const { reservations } = this.#ports.ledger;
    const found = parsed === undefined ? undefined : (reservations.open(parsed.of) ?? reservations.closed(parsed.of));
    if (parsed === undefined || found === undefined || found.identity !== parsed.identity)
      throw new CalybrisError("CAL_LEDGER_RESERVATION_UNKNOWN", { decisionId: String(command.decisionId) });
    if (command.tenant !== undefined && command.tenant !== found.tenant.tenant) {
      const { decisionId, tenant } = command;
      throw new CalybrisError("CAL_LEDGER_RESERVATION_FOREIGN", { decisionId, tenant });
    }
    return { of: parsed.of, tenant: found.tenant };
  }

  /** What the same command did before; `undefined` when it has yet to be done, or must be refused. */
  #firstResult(entry: ReservationEntry): Omit<Settled, "tenant" | "balance" | "repeated"> | undefined {
    const { reservations } = this.#ports.ledger;
    const closed = reservations.closed(entry.of);
    if (closed !== undefined && isSame(closed, entry)) {
      const { sequence, actualMicrocents, identity } = closed;
      const decisionId = decisionIdOf(entry.of, identity);
      return { decisionId, state: STATE_AFTER[entry.kind], sequence, actualMicrocents };
    }
    const open = reservations.open(entry.of);
    if (entry.kind !== "hold" || open?.held?.cause !== entry.cause) return undefined;
    const decisionId = decisionIdOf(entry.of, open.identity);
    return { decisionId, state: "held", sequence: open.held.sequence, actualMicrocents: open.amountMicrocents };
  }

  #orderMove(entry: ReservationEntry): Ordered {
    const { ledger, journal } = this.#ports;
    return journal.step(() => {
      const refusal = ledger.refusalOf(entry);
      if (refusal !== undefined) throw refusal;
      journal.establishRoom(1);
      return this.#remember(journal.order(entry));
    });
  }

  /** With the periods that are due: a grant is part of the period in which it is made. */
  #orderGrant(entry: GrantEntry): Ordered {
    const { ledger, journal } = this.#ports;
    return journal.step((at) => {
      const account = ledger.account(entry.tenant);
      const periods = account === undefined ? [] : periodsDue(account, at);
      const refusal = ledger.refusalOf(entry, periods);
      if (refusal !== undefined) throw refusal;
      journal.establishRoom(periods.length + 1);
      for (const period of periods) journal.order(period);
      return this.#remember(journal.order(entry));
    });
  }

  /** Orders one of {@link limitChanges}, with the periods that are due under it: at most {@link LIMIT_ENTRIES_MAX}. */
  orderLimit(limit: LimitEntry): Ordered {
    const { ledger, journal } = this.#ports;
    return journal.step((at) => {
      journal.establishRoom(LIMIT_ENTRIES_MAX);
      let last = journal.order(limit);
      for (const period of periodsDue(ledger.account(limit.tenant) as Account, at)) last = journal.order(period);
      return last;
    });
  }

  /** The reservation that is overdue longest; `undefined` when none is. */
  #orderExpiry(): Ordered | undefined {
    const { ledger, journal } = this.#ports;
    return journal.step((at) => {
      const due = ledger.reservations.overdue(at);
      if (due === undefined) return undefined;
      journal.establishRoom(1);
      return journal.order({ kind: "expiry", of: due.of });
    });
  }

  /** A repetition waits for the first. One that failed stays, so that a repetition fails too: only a new process finds out whether it is durable. */
  #remember(ordered: Ordered): Ordered {
    const { sequence, durable } = ordered;
    this.#pending.set(sequence, durable);
    durable.then(
      () => this.#pending.delete(sequence),
      () => undefined,
    );
    return ordered;
  }
}

const STATE_AFTER: Readonly<Record<ReservationEntry["kind"], Settled["state"]>> = Object.freeze({
  settlement: "settled",
  release: "released",
  hold: "held",
  expiry: "settled",
  reconciliation: "reconciled",
  correction: "corrected",
});

function isSame(closed: Closed, entry: ReservationEntry): boolean {
  if (closed.state !== STATE_AFTER[entry.kind] || entry.kind === "expiry") return false;
  return !("actualMicrocents" in entry) || entry.actualMicrocents === closed.actualMicrocents;
}

function heldAmount(ledger: Ledger, of: number): bigint {
  return ledger.reservations.open(of)?.amountMicrocents ?? 0n;
}

function signedAmount(command: { readonly actualMicrocents: Amount; readonly by: string }): {
  readonly amount: Microcents;
  readonly by: string;
} {
  return refuseMistakes({
    amount: amountField("actualMicrocents", command.actualMicrocents, 0n),
    by: nameField("by", command.by),
  });
}

/** Whether two limits are the same, whoever set them. */
function sameLimit(a: LimitEntry | undefined, b: LimitEntry): boolean {
  return a !== undefined && writeExact({ ...a, by: "" }) === writeExact({ ...b, by: "" });
}

/** A tenant keeps the level above it, where its open reservations were made; and there is room for so many. */
function refuseWhatCannotBe(budgets: Budgets, ledger: Ledger): void {
  const mistakes: Mistake[] = [];
  for (const { tenant, parent } of budgets) {
    const account = ledger.account(tenant);
    if (account === undefined || account.limit.parent === parent) continue;
    const problem = `is ${parent ?? "left out"}, and was ${account.limit.parent ?? "left out"}`;
    const remedy = "A tenant keeps the level above it; make a new tenant instead.";
    mistakes.push({ path: `tenants.${tenant}.parent`, problem, remedy });
  }
  const count = budgets.filter(({ tenant }) => ledger.account(tenant) === undefined).length + ledger.tenantCount;
  if (count > TENANTS_MAX) {
    const remedy = `A journal holds at most ${TENANTS_MAX} tenants; those that were ever named count.`;
    mistakes.push({ path: "tenants", problem: `would make ${count} in all`, remedy });
  }
  if (mistakes.length > 0) throw new CalybrisError("CAL_BUDGETS_INVALID", { mistakes });
}
