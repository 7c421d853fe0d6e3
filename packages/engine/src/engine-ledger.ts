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
  type EntryBody,
  HOLD_CAUSES,
  type HoldCause,
  I64_MAX,
  type LedgerEntry,
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
import type { Account } from "./ledger/account.ts";
import { unspent } from "./ledger/account.ts";
import { TENANTS_MAX } from "./ledger/cells.ts";
import type { LedgerHandle } from "./ledger/handle.ts";
import type { Ledger } from "./ledger/ledger.ts";
import { periodAt } from "./ledger/periods.ts";
import { proveConservation, tenantProof } from "./ledger/proof.ts";
import type { Closed } from "./ledger/reservations.ts";

/** What the flow needs of the engine. */
export interface LedgerPorts {
  readonly ledger: Ledger;
  readonly append: (body: EntryBody) => { readonly sequence: number; readonly durable: Promise<unknown> };
  readonly position: () => { readonly sequence: number; readonly at: number };
  /** Microseconds since the Unix epoch, never before the last entry: what is due is due by the journal's time. */
  readonly nowUs: () => number;
  /** Whether the journal could take another entry now. */
  readonly hasRoom: () => boolean;
  /** Why nothing more is accepted; `undefined` while the disk takes what it is given. */
  readonly failure?: () => CalybrisError | undefined;
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
  async grant(command: {
    readonly tenant: string;
    readonly amountMicrocents: Amount;
    readonly id: string;
    readonly by: string;
  }): Promise<Granted> {
    const fields = refuseMistakes({
      tenant: nameField("tenant", command.tenant),
      amount: amountField("amountMicrocents", command.amountMicrocents, 1n),
      id: nameField("id", command.id),
      by: nameField("by", command.by),
    });
    const { ledger } = this.#ports;
    const before = ledger.grantOf(fields.id);
    if (before?.tenant === fields.tenant && before.amount === fields.amount) {
      await this.#pending.get(before.sequence);
      return { tenant: fields.tenant, sequence: before.sequence, repeated: true, balance: this.balance(fields.tenant) };
    }
    const account = ledger.account(fields.tenant);
    if (account !== undefined) this.roll(account);
    const sequence = await this.#order({
      kind: "grant",
      tenant: fields.tenant,
      amountMicrocents: fields.amount,
      id: fields.id,
      by: fields.by,
    });
    return { tenant: fields.tenant, sequence, repeated: false, balance: this.balance(fields.tenant) };
  }

  /** The call ran; it cost `actualMicrocents`. What was not needed comes back; what was not foreseen is an overrun. */
  async settle(command: OfDecision & { readonly actualMicrocents: Amount }): Promise<Settled> {
    const { amount } = refuseMistakes({ amount: amountField("actualMicrocents", command.actualMicrocents, 0n) });
    return this.#move(command, (of) => ({ kind: "settlement", of, actualMicrocents: amount }));
  }

  /** The call never ran: everything comes back. */
  release(command: OfDecision): Promise<Settled> {
    return this.#move(command, (of) => ({ kind: "release", of }));
  }

  /** The call ran and its cost is not known: it stays reserved until it is reconciled, or expires in full. */
  async hold(command: OfDecision & { readonly cause: HoldCause }): Promise<Settled> {
    const { cause } = refuseMistakes({ cause: oneOfField("cause", command.cause, HOLD_CAUSES) });
    return this.#move(command, (of) => ({ kind: "hold", of, cause }));
  }

  /** What a held call cost after all. */
  async reconcile(command: OfDecision & { readonly actualMicrocents: Amount; readonly by: string }): Promise<Settled> {
    const { amount, by } = refuseMistakes({
      amount: amountField("actualMicrocents", command.actualMicrocents, 0n),
      by: nameField("by", command.by),
    });
    return this.#move(command, (of) => ({ kind: "reconciliation", of, actualMicrocents: amount, by }));
  }

  /** What a settled call cost in truth. */
  async correct(command: OfDecision & { readonly actualMicrocents: Amount; readonly by: string }): Promise<Settled> {
    const { amount, by } = refuseMistakes({
      amount: amountField("actualMicrocents", command.actualMicrocents, 0n),
      by: nameField("by", command.by),
    });
    return this.#move(command, (of) => ({ kind: "correction", of, actualMicrocents: amount, by }));
  }

  /** Puts limits in force that differ from those of the journal; returns the tenants that changed. Others stay as they are. */
  async apply(budgets: Budgets, by: string): Promise<readonly string[]> {
    const name = refuseMistakes({ by: nameField("by", by) }).by;
    const { ledger } = this.#ports;
    refuseWhatCannotBe(budgets, ledger);
    const changed: string[] = [];
    let last: Promise<unknown> = Promise.resolve();
    for (const tenantLimit of budgets) {
      const limit: LimitEntry = { kind: "limit", ...tenantLimit, by: name };
      const before = ledger.account(limit.tenant)?.limit;
      if (before !== undefined && sameLimit(before, limit)) continue;
      if (!this.#ports.hasRoom()) await last;
      last = this.#ordered(limit).durable;
      changed.push(limit.tenant);
      const account = ledger.account(limit.tenant) as Account;
      last = this.roll(account) ?? last;
    }
    await last;
    return changed;
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
  async sweep(): Promise<number> {
    const { ledger, nowUs, hasRoom } = this.#ports;
    let count = 0;
    let last: Promise<unknown> | undefined;
    for (;;) {
      if (!hasRoom()) await last;
      const due = ledger.reservations.overdue(nowUs());
      if (due === undefined) break;
      last = this.#ordered({ kind: "expiry", of: due.of }).durable;
      count += 1;
    }
    await last;
    return count;
  }

  /** Begins the periods of an account and those above it that are due. The promise is there when any was. */
  roll(account: Account): Promise<unknown> | undefined {
    let last: Promise<unknown> | undefined;
    const now = this.#ports.nowUs();
    for (const level of account.path) {
      const rule = level.limit.period;
      if (rule === undefined || (level.period !== undefined && now < level.period.endsAt)) continue;
      const period = periodAt(rule, now, level.period, level.periodRule);
      last = this.#ordered({
        kind: "period",
        tenant: level.tenant,
        ...period,
        withdrawnMicrocents: unspent(level) as Microcents,
        allotmentMicrocents: allotmentThatFits(level, rule.allotmentMicrocents),
      }).durable;
    }
    return last;
  }

  async #move(command: OfDecision, entryOf: (of: number) => ReservationEntry): Promise<Settled> {
    const { ledger } = this.#ports;
    const { of, tenant } = this.#bind(command);
    const entry = entryOf(of);
    const first = this.#firstResult(entry);
    if (first !== undefined) {
      await this.#pending.get(first.sequence);
      return { ...first, tenant: tenant.tenant, repeated: true, balance: tenantProof(tenant) };
    }
    const sequence = await this.#order(entry);
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

  async #order(entry: LedgerEntry): Promise<number> {
    const { sequence, durable } = this.#ordered(entry);
    await durable;
    return sequence;
  }

  /** Checks and orders in one step. */
  #ordered(entry: LedgerEntry): { readonly sequence: number; readonly durable: Promise<unknown> } {
    const failure = this.#ports.failure?.();
    if (failure !== undefined) throw failure;
    if (entry.kind !== "limit" && entry.kind !== "period") {
      const refusal = this.#ports.ledger.refusalOf(entry);
      if (refusal !== undefined) throw refusal;
    }
    const { sequence, durable } = this.#ports.append(entry);
    this.#pending.set(sequence, durable);
    // One that failed stays, so that a repetition fails too: only a new process finds out whether it is durable.
    durable.then(
      () => this.#pending.delete(sequence),
      () => undefined,
    );
    return { sequence, durable };
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

/** An allotment that would pass 2^63−1 is granted as far as it fits: a period begins all the same. */
function allotmentThatFits(account: Account, allotment: bigint): Microcents {
  const most = I64_MAX - (account.granted - unspent(account));
  return (allotment < most ? allotment : most) as Microcents;
}

/** Whoever made it. */
function sameLimit(a: LimitEntry, b: LimitEntry): boolean {
  return writeExact({ ...a, by: "" }) === writeExact({ ...b, by: "" });
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
