/**
 * The path from ordered entries to the driver and back: entries gather into batches while their waiters are held, and
 * reports of durability or failure settle them.
 *
 *     add ─▶ gathering ─▶ driver ─▶ durable ─▶ waiters
 * @module
 */
import type { CalybrisError } from "@calybris/kernel";
import { EngineError } from "../engine-errors.ts";
import { type Gathered, Gathering } from "./gathering.ts";
import { CLOSE_MS, inTime } from "./in-time.ts";
import { type EntryWaiter, WaitingList } from "./waiting-list.ts";
import type { Batch, WriterDriver, Written } from "./writer-driver.ts";

export interface OutletPorts {
  readonly driver: WriterDriver;
  /** Called with every report, before the waiters. */
  readonly onWritten: ((written: Written) => void) | undefined;
  /** Called when all ordered entries are durable. */
  readonly onIdle: () => void;
}

export class Outlet {
  readonly #ports: OutletPorts;
  readonly #waiting: WaitingList = new WaitingList();
  readonly #gathering: Gathering = new Gathering((batch) => this.#submit(batch));
  /** The last entry added, and the last durable one. */
  #last: number;
  #durable: number;
  #failure: CalybrisError | undefined;
  #drained: (() => void) | undefined;
  readonly metrics = { entries: 0, batches: 0, fsyncs: 0, bytes: 0 };

  /** @param sequence - the last durable entry. */
  constructor(sequence: number, ports: OutletPorts) {
    this.#ports = ports;
    this.#last = sequence;
    this.#durable = sequence;
    ports.driver.onWritten = (written) => this.#written(written);
    ports.driver.onFailed = (problem) => this.fail(problem);
  }

  get waitingCount(): number {
    return this.#waiting.count;
  }

  get durable(): number {
    return this.#durable;
  }

  /** The error after which the disk accepts nothing more; `undefined` while it accepts writes. */
  get failure(): CalybrisError | undefined {
    return this.#failure;
  }

  /** Calls a waiter when an entry is durable, or when that cannot be known. */
  wait(sequence: number, waiter: EntryWaiter): void {
    this.#waiting.add(sequence, waiter);
  }

  /** Like `wait`, for an entry ordered earlier that already has a waiter. */
  waitLate(sequence: number, waiter: EntryWaiter): void {
    this.#waiting.addLate(sequence, waiter);
  }

  /** Rejects the latest waiters, whose entries are never sent. */
  reject(error: CalybrisError, count: number): void {
    this.#waiting.reject(error, count);
  }

  add(gathered: Gathered): void {
    this.#last = gathered.first + gathered.tails.length - 1;
    this.#gathering.add(gathered);
  }

  /** Sends the gathered entries at the end of this step, or of this turn of the event loop. */
  schedule(isBusy: boolean): void {
    this.#gathering.schedule(isBusy);
  }

  flush(): void {
    this.#gathering.flush();
  }

  /** Accepts nothing more; it is unknown whether the waiting entries are on the disk. */
  fail(problem: string): void {
    const unknown = this.waitingCount;
    this.#failure ??= new EngineError("CAL_JOURNAL_FAILED", { unknown, problem });
    this.#waiting.reject(this.#failure);
    this.#gathering.discard();
    this.#drained?.();
  }

  /**
   * Waits for all entries and closes the driver.
   *
   * @returns false if the disk has not answered for 10 s.
   */
  async close(): Promise<boolean> {
    this.#gathering.flush();
    const isDrained = this.#failure !== undefined || this.#isDurable() || (await inTime(this.#drain()));
    const isClosed = isDrained && (await inTime(this.#closeDriver()));
    if (!isClosed) this.fail(`it has not answered for ${CLOSE_MS / 1_000} s`);
    return isClosed;
  }

  async #closeDriver(): Promise<void> {
    try {
      await this.#ports.driver.close();
    } catch (error) {
      this.fail(messageOf(error));
    }
  }

  #drain(): Promise<void> {
    return new Promise((resolve) => {
      this.#drained = resolve;
    });
  }

  #isDurable(): boolean {
    return this.#durable === this.#last;
  }

  #submit(batch: Batch): void {
    if (this.#failure !== undefined) return;
    try {
      this.#ports.driver.submit(batch);
    } catch (error) {
      this.fail(messageOf(error));
    }
  }

  #written(written: Written): void {
    const { first, durable, fsyncs, bytes, proofs } = written;
    this.#durable = durable;
    this.metrics.entries += durable - first + 1;
    this.metrics.batches += 1;
    this.metrics.fsyncs += fsyncs;
    this.metrics.bytes += bytes;
    this.#ports.onWritten?.(written);
    this.#waiting.resolve(durable, proofs);
    if (durable < this.#last) return;
    this.#drained?.();
    this.#ports.onIdle();
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
