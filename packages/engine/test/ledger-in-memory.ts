/**
 * The ledger's commands over a journal in memory: every entry is written as text, read back and folded, as the engine
 * does, without a disk. It refuses entries when told to, and starts again from its text.
 * @module
 */
import {
  CalybrisError,
  type EntryBody,
  entryData,
  entryDataTail,
  parseEntryBody,
  parseEntryHead,
  samplePolicy,
  toHex,
} from "@calybris/kernel";
import { EngineLedger } from "../src/engine-ledger.ts";
import { nodeSha256 } from "../src/journal/chain-hash.ts";
import { drive } from "../src/ledger/cells.ts";
import { decisionIdOf, identityNumber } from "../src/ledger/decision-id.ts";
import { Ledger } from "../src/ledger/ledger.ts";
import { digestOf } from "../src/ledger/proof.ts";
import { reservationOf } from "./ledger-entries.ts";

const policy = samplePolicy();
/** Genesis comes first in every journal. */
const FIRST_SEQUENCE = 2;

export class LedgerInMemory {
  readonly ledger: Ledger;
  readonly commands: EngineLedger;
  /** The data of every entry, from {@link FIRST_SEQUENCE} on, and the digest of the ledger after it. */
  readonly texts: string[];
  readonly digests: string[];
  /** Microseconds since the epoch. */
  now: number;
  /** How many of the next entries the journal refuses. */
  refusesNext = 0;
  /** The last entry's. */
  at = 0;

  constructor(now: number, closedMax?: number, before: readonly string[] = []) {
    this.now = now;
    this.ledger = new Ledger(closedMax);
    this.texts = [];
    this.digests = [];
    for (const text of before) this.#fold(text);
    this.commands = new EngineLedger({
      ledger: this.ledger,
      append: (body) => this.append(body),
      position: () => this,
      nowUs: () => this.now,
      hasRoom: () => true,
    });
  }

  /** The last entry's. */
  get sequence(): number {
    return this.texts.length + FIRST_SEQUENCE - 1;
  }

  /** What a process that starts now would have: everything folded from the text. */
  restarted(closedMax?: number): LedgerInMemory {
    return new LedgerInMemory(this.now, closedMax, this.texts);
  }

  /** A decision that may cost `amount`, as the engine makes it. Returns its id, or nothing when there is no room. */
  reserve(tenant: string, amount: bigint, reservationSeconds?: number): string | undefined {
    const account = this.ledger.account(tenant);
    if (account === undefined) throw new CalybrisError("CAL_LEDGER_TENANT_UNKNOWN", { tenant });
    this.commands.roll(account);
    const { cells } = this.ledger;
    const levels = this.ledger.cellsOf(account);
    if (!drive(cells.reserve(levels, amount))) return undefined;
    const entry = {
      ...reservationOf(tenant, amount),
      ...(reservationSeconds === undefined ? {} : { reservationSeconds }),
    };
    try {
      this.ledger.ranAhead(entry);
      const { sequence } = this.append(entry);
      return decisionIdOf(sequence, identityNumber(entry.identity));
    } catch (error) {
      drive(cells.undo(levels, amount));
      throw error;
    }
  }

  /** Orders, writes and applies an entry in one step. */
  append(body: EntryBody): { readonly sequence: number; readonly durable: Promise<void> } {
    if (this.refusesNext > 0) {
      this.refusesNext -= 1;
      throw new CalybrisError("CAL_JOURNAL_OVERLOADED", { waiting: 0 });
    }
    this.at = Math.max(this.at, this.now);
    const sequence = this.sequence + 1;
    const text = entryData(sequence, 0, entryDataTail({ sequence, at: this.at, body }));
    this.ledger.apply(sequence, this.at, body);
    this.#note(text, sequence);
    return { sequence, durable: Promise.resolve() };
  }

  #fold(text: string): void {
    const head = parseEntryHead(text);
    const body = head === undefined ? undefined : parseEntryBody(head, text, () => policy);
    if (head === undefined || body === undefined) throw new Error(`this is no entry: ${text}`);
    this.ledger.apply(head.sequence, head.at, body);
    this.at = head.at;
    this.#note(text, head.sequence);
  }

  #note(text: string, sequence: number): void {
    this.texts.push(text);
    this.digests.push(toHex(digestOf(this.ledger, sequence, nodeSha256)));
  }
}
