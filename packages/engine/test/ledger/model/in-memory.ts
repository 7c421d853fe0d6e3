/**
 * The ledger's commands over a journal in memory: every entry is written as text, read back and folded, as the engine
 * does, without a disk. It refuses entries on request, and starts again from its text.
 * @module
 */
import {
  decisionIdOf,
  type EntryBody,
  entryData,
  entryDataTail,
  identityNumber,
  parseEntryBody,
  parseEntryHead,
  samplePolicy,
  writeExact,
} from "@calybris/kernel";
import { EngineError } from "../../../src/engine-errors.ts";
import { EngineKeys } from "../../../src/flows/keys.ts";
import { FirstResults } from "../../../src/flows/first-results.ts";
import { EngineLedger } from "../../../src/flows/ledger.ts";
import { nodeSha256 } from "../../../src/journal/chain-hash.ts";
import { FailStop } from "../../../src/journal/fail-stop.ts";
import type { Ordered, Ordering } from "../../../src/journal/journal.ts";
import { drive } from "../../../src/ledger/cells.ts";
import { periodsDue } from "../../../src/ledger/due-periods.ts";
import { KeyBook } from "../../../src/state/key-book.ts";
import { Ledger } from "../../../src/ledger/ledger.ts";
import { ledgerStateText } from "../../../src/ledger/ledger-digest.ts";
import { reservationOf } from "../entries.ts";
import type { Reserved, Subject } from "./sequences.ts";

const policy = samplePolicy();
/** Genesis comes first in every journal. */
const FIRST_SEQUENCE = 2;

export class LedgerInMemory implements Subject, Ordering {
  readonly sweepsAtStart: boolean = false;
  readonly ledger: Ledger;
  readonly commands: EngineLedger;
  /** The data of every entry, from {@link FIRST_SEQUENCE} on, and the balances after it. */
  readonly texts: string[];
  readonly states: string[];
  /** Microseconds since the epoch. */
  now: number;
  /** How many of the next steps the journal refuses. */
  refusesNext = 0;
  /** The last entry's. */
  at = 0;

  readonly #grantIds: string[] = [];
  readonly #keys: EngineKeys;
  readonly #closedMax: number | undefined;

  constructor(now: number, closedMax?: number, before: readonly string[] = []) {
    this.now = now;
    this.#closedMax = closedMax;
    this.ledger = new Ledger(closedMax);
    this.texts = [];
    this.states = [];
    for (const text of before) this.#fold(text);
    const failStop = new FailStop();
    const firstResults = new FirstResults(this);
    this.#keys = new EngineKeys({ book: new KeyBook(), journal: this, failStop, user: "system:anna" });
    this.commands = new EngineLedger({
      ledger: this.ledger,
      caused: (caller) => this.#keys.caused(caller),
      journal: this,
      failStop,
      firstResults,
      position: () => this,
      nowUs: () => this.now,
    });
  }

  append(body: EntryBody): Ordered {
    return this.order(body);
  }

  step<T>(work: (at: number) => T): T {
    return work(Math.max(this.at, this.now));
  }

  hasRoom(): boolean {
    return true;
  }

  establishRoom(): void {
    if (this.refusesNext === 0) return;
    this.refusesNext -= 1;
    throw new EngineError("CAL_JOURNAL_OVERLOADED", { waiting: 0 });
  }

  async whenDurable(): Promise<void> {}

  get nextSequence(): number {
    return this.sequence + 1;
  }

  /** The last entry's. */
  get sequence(): number {
    return this.texts.length + FIRST_SEQUENCE - 1;
  }

  get entries(): number {
    return this.texts.length;
  }

  /** A process that starts now: everything folded from the text, and found to be as it was after every entry. */
  async restarted(): Promise<LedgerInMemory> {
    const again = new LedgerInMemory(this.now, this.#closedMax, this.texts);
    again.refusesNext = this.refusesNext;
    const differs = this.states.findIndex((state, index) => state !== again.states[index]);
    if (differs >= 0 || again.states.length !== this.states.length)
      throw new Error(`folded, the ledger differs after ${this.texts[differs]}`);
    if (again.#digest() !== this.#digest()) throw new Error("folded, the ledger has another digest");
    return again;
  }

  async reserve(tenant: string, amount: bigint, seconds: number | undefined): Promise<Reserved | undefined> {
    const decisionId = this.decide(tenant, amount, seconds);
    return decisionId === undefined ? undefined : { decisionId, costMicrocents: amount };
  }

  /** A decision that may cost `amount`, as the engine makes it. Returns its id, or nothing when there is no headroom. */
  decide(tenant: string, amount: bigint, reservationSeconds?: number): string | undefined {
    const account = this.ledger.account(tenant);
    if (account === undefined) throw new EngineError("CAL_LEDGER_TENANT_UNKNOWN", { tenant });
    const periods = periodsDue(account, Math.max(this.at, this.now));
    const { cells } = this.ledger;
    const headroom = this.ledger.headroom(account, periods);
    if (periods.length > 0 || headroom === undefined || headroom >= amount) this.establishRoom();
    for (const period of periods) this.order(period);
    const levels = this.ledger.cellsOf(account);
    if (!drive(cells.reserve(levels, amount))) return undefined;
    const entry = {
      ...reservationOf(tenant, amount),
      ...(reservationSeconds === undefined ? {} : { reservationSeconds }),
    };
    try {
      this.ledger.preDebited(entry);
      const { sequence } = this.order(entry);
      return decisionIdOf(sequence, identityNumber(entry.identity));
    } catch (error) {
      drive(cells.undo(levels, amount));
      throw error;
    }
  }

  /** Orders, writes and applies an entry in one step. */
  order(body: EntryBody): Ordered {
    this.at = Math.max(this.at, this.now);
    const sequence = this.sequence + 1;
    const text = entryData(sequence, 0, entryDataTail({ sequence, at: this.at, body }));
    this.ledger.apply(sequence, this.at, body);
    this.#note(text, sequence, body);
    return { sequence, durable: Promise.resolve("") };
  }

  #fold(text: string): void {
    const head = parseEntryHead(text);
    const body = head === undefined ? undefined : parseEntryBody(head, text, () => ({ policy, spendLimit: "none" }));
    if (head === undefined || body === undefined) throw new Error(`this is no entry: ${text}`);
    this.ledger.apply(head.sequence, head.at, body);
    this.at = head.at;
    this.#note(text, head.sequence, body);
  }

  /** All that the digest covers, as text: to hash it after every entry would take most of the time. */
  #note(text: string, sequence: number, body: EntryBody): void {
    if (body.kind === "grant") this.#grantIds.push(body.id);
    let state = `${sequence} ${this.ledger.reservations.openCount}`;
    for (const {
      tenant,
      grantedMicrocents,
      remainingMicrocents,
      reservedMicrocents,
      settledMicrocents,
      debtMicrocents,
    } of this.ledger.accounts()) {
      const isInRange =
        remainingMicrocents >= 0n &&
        reservedMicrocents >= 0n &&
        settledMicrocents >= 0n &&
        debtMicrocents >= 0n &&
        grantedMicrocents < 2n ** 63n;
      if (!isInRange || grantedMicrocents !== remainingMicrocents + reservedMicrocents + settledMicrocents)
        throw new Error(`the money of ${tenant} is not conserved after ${text}`);
      state += ` ${tenant} ${grantedMicrocents} ${remainingMicrocents} ${reservedMicrocents} ${settledMicrocents} ${debtMicrocents}`;
    }
    this.texts.push(text);
    this.states.push(state);
  }

  /** With what the digest does not cover and the future depends on. */
  #digest(): string {
    const { reservations } = this.ledger;
    const sequences = this.texts.map((_text, index) => FIRST_SEQUENCE + index);
    const closed = sequences.flatMap((of) => reservations.closed(of) ?? []);
    return writeExact({
      ledger: ledgerStateText(this.ledger, this.sequence, nodeSha256),
      parts: [...reservations.allOpen(), ...closed].map(({ of, parts }) => [
        of,
        ...parts.flatMap(({ account, endedCount }) => [account.tenant, endedCount]),
      ]),
      closed: closed.map(({ of, identity, account, state, sequence, actualMicrocents }) => [
        of,
        identity,
        account.tenant,
        state,
        sequence,
        actualMicrocents,
      ]),
      grants: this.#grantIds.map((id) => {
        const { sequence, tenant, amountMicrocents } = this.ledger.grantOf(id) ?? {
          sequence: 0,
          tenant: "",
          amountMicrocents: 0n,
        };
        return [id, sequence, tenant, amountMicrocents];
      }),
      ended: [...this.ledger.accounts()].map(({ endedCount, billedBeforeMicrocents }) => [
        endedCount,
        billedBeforeMicrocents,
      ]),
    });
  }
}
