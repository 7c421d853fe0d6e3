/**
 * The journal as the engine sees it: entries are ordered in steps, and each is answered once it is durable.
 *
 *     step ─▶ gathering ─▶ batch in flight ─▶ durable
 *                 ▲              │
 *                 └── the next batch gathers while this one reaches the disk
 *
 * Reason: a sync costs nearly the same for one entry as for a thousand. A batch that gathers while the previous one is
 * written needs no timer: an idle journal writes at once, and a busy one forms larger batches by itself.
 *
 * Promises:
 * - Sequence, time and order of entries are fixed in one synchronous step; all entries of a step have one time.
 * - A step's entries go to the disk together, and only after the step has ended. Any error thrown after its first
 *   entry was ordered stops the engine, and none of its entries reaches the disk.
 * - `order` and `append` resolve only when their entry is on the disk.
 * - At most `waitingMax` entries wait; {@link Journal.establishRoom} refuses before anything is ordered.
 * - After a disk failure nothing more is accepted, and waiting entries are reported as unknown.
 * - After 100 ms without traffic, before a rotation, and at a clean end, a seal entry is written.
 * @module
 */
import { type CalybrisError, type EntryBody, invariant } from "@calybris/kernel";
import { EngineError } from "../engine-errors.ts";
import type { DecisionRecord } from "./decision-record.ts";
import type { Tail } from "./entry-ring.ts";
import { FailStop } from "./fail-stop.ts";
import type { Gathered } from "./gathering.ts";
import { type JournalOptions, WAITING_MAX } from "./journal-options.ts";
import type { Ordered, WaiterOrdering } from "./ordering.ts";
import { Outlet } from "./outlet.ts";
import { Placement } from "./placement.ts";
import { SEGMENT_BYTES_MAX } from "./segment.ts";
import { type EntryWaiter, promisedEntry } from "./waiting-list.ts";

type Writable<Type> = { -readonly [Key in keyof Type]: Type[Key] };

export { type JournalOptions, WAITING_MAX } from "./journal-options.ts";
export type { Ordered, Ordering, WaiterOrdering } from "./ordering.ts";
export type { WriterDriver } from "./writer-driver.ts";

const IDLE_SEAL_MS = 100;

/** A step; its entries are sent at its end. */
interface Step extends Writable<Gathered> {
  readonly tails: Tail[];
  hasRoom: boolean;
}

export class Journal implements WaiterOrdering {
  readonly #options: JournalOptions;
  readonly #failStop: FailStop;
  readonly #waitingMax: number;
  readonly #segmentBytesMax: number;
  readonly #placement: Placement;
  readonly #outlet: Outlet;
  #step: Step | undefined;
  /** Reused for every step: only one runs at a time. */
  readonly #only: Step = { first: 0, tails: [], at: 0, sealed: false, hasRoom: false };
  #closing: Promise<boolean> | undefined;
  #idle: NodeJS.Timeout | undefined;

  constructor(options: JournalOptions) {
    this.#options = options;
    this.#failStop = options.failStop ?? new FailStop();
    this.#waitingMax = options.waitingMax ?? WAITING_MAX;
    this.#segmentBytesMax = options.segmentBytesMax ?? SEGMENT_BYTES_MAX;
    const { nowUs, onOrdered, driver, onWritten } = options;
    this.#placement = new Placement(options, { failStop: this.#failStop, nowUs, onOrdered });
    this.#outlet = new Outlet(options.sequence, { driver, onWritten, onIdle: () => this.#sealWhenIdle() });
  }

  /** The last sequence ordered. */
  get sequence(): number {
    return this.#placement.sequence;
  }

  get waitingCount(): number {
    return this.#outlet.waitingCount;
  }

  /** The error after which the disk accepts nothing more; `undefined` while it accepts writes. */
  get failure(): CalybrisError | undefined {
    return this.#outlet.failure;
  }

  get metrics(): Outlet["metrics"] {
    return this.#outlet.metrics;
  }

  /**
   * Runs a step. An error that `work` throws before it has ordered anything is passed on; nothing was changed.
   *
   * @throws CalybrisError `CAL_ENGINE_STOPPED`, `CAL_JOURNAL_FAILED`, `CAL_ENGINE_CLOSED`, `CAL_ENGINE_CLOCK`, or the error
   *   of `work`.
   */
  step<T>(work: (at: number) => T): T {
    const outer = this.#step;
    if (outer !== undefined) return this.#within(outer, work);
    this.#failStop.assertRunning();
    const { failure } = this.#outlet;
    if (failure !== undefined) throw failure;
    if (this.#closing !== undefined) throw new EngineError("CAL_ENGINE_CLOSED", {});
    try {
      return this.#newStep(work);
    } catch (error) {
      throw this.#failStop.stoppedUnlessCoded(error);
    }
  }

  #newStep<T>(work: (at: number) => T): T {
    const at = this.#placement.now();
    const refusal = this.#options.clockRefusal?.();
    if (refusal !== undefined) throw refusal;
    const step = this.#only;
    step.at = at;
    empty(step.tails);
    step.first = this.sequence + 1;
    step.hasRoom = false;
    this.#step = step;
    try {
      const result = this.#within(step, work);
      this.#failStop.assertRunning();
      return result;
    } catch (error) {
      this.#withdraw(step);
      throw error;
    } finally {
      this.#step = undefined;
      this.#release(step);
    }
  }

  establishRoom(count: number): void {
    if (this.#step?.hasRoom === true) return;
    const waiting = this.waitingCount;
    if (waiting > 0 && !this.hasRoom(count)) throw new EngineError("CAL_JOURNAL_OVERLOADED", { waiting });
    if (this.#step !== undefined) this.#step.hasRoom = true;
  }

  /** @throws CalybrisError `CAL_JOURNAL_OVERLOADED` for more entries than the queue can hold. */
  refuseBeyondQueue(count: number): void {
    if (count > this.#waitingMax) throw new EngineError("CAL_JOURNAL_OVERLOADED", { waiting: this.waitingCount });
  }

  async whenDurable(sequence: number): Promise<void> {
    if (sequence <= this.#outlet.durable) return;
    const failure = this.#outlet.failure ?? (sequence > this.sequence ? this.#failStop.failure : undefined);
    if (failure !== undefined) throw failure;
    invariant(sequence <= this.sequence, "who waits for an entry waits for one that was ordered");
    const { durable, waiter } = promisedEntry();
    this.#outlet.waitLate(sequence, waiter);
    await durable;
  }

  hasRoom(count: number): boolean {
    return this.waitingCount + count <= this.#waitingMax;
  }

  get nextSequence(): number {
    return this.sequence + 1 + (this.#isRotationDue() ? ROTATION_ENTRIES : 0);
  }

  /**
   * Rotates if the segment is full, before the first entry of a step that has room, as ordering that entry would.
   *
   * @returns whether it rotated.
   */
  endSegmentIfFull(): boolean {
    const step = this.#step;
    invariant(step?.hasRoom === true, "a segment is ended in a step that has room");
    if (!this.#isRotationDue()) return false;
    this.#rotate(step);
    return true;
  }

  order(body: EntryBody): Ordered {
    const { durable, waiter } = promisedEntry();
    return { sequence: this.orderFor(body, waiter), durable };
  }

  orderFor(body: EntryBody, waiter: EntryWaiter, record?: DecisionRecord): number {
    const step = this.#step;
    invariant(step?.hasRoom === true, "entries are ordered in a step that has room for them");
    if (this.#isRotationDue()) this.#rotate(step);
    step.tails.push(this.#placement.place(body, step.at, record));
    const { sequence } = this.#placement;
    this.#outlet.wait(sequence, waiter);
    return sequence;
  }

  append(body: EntryBody): Ordered {
    return this.step(() => {
      this.establishRoom(1);
      return this.order(body);
    });
  }

  appendFor(body: EntryBody, waiter: EntryWaiter): number {
    return this.step(() => {
      this.establishRoom(1);
      return this.orderFor(body, waiter);
    });
  }

  /**
   * Waits for all entries, seals, and closes the files. Afterwards {@link Journal.failure} tells whether that succeeded.
   *
   * Gives up after 10 s, so that an operator who stops a service learns that the disk does not answer: waiting entries are
   * reported as unknown, and the files stay with the writer, which may still use them.
   *
   * @returns false if it gave up. Then the journal must not be opened again before this process has ended.
   */
  close(): Promise<boolean> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<boolean> {
    clearTimeout(this.#idle);
    if (this.failure === undefined && !this.#placement.sealed) this.#seal("close");
    return this.#outlet.close();
  }

  /** Until the first entry of its step is ordered, an error is a refusal; from then on any error stops the engine. */
  #within<T>(step: Step, work: (at: number) => T): T {
    const before = this.sequence;
    try {
      return work(step.at);
    } catch (error) {
      throw this.sequence === before ? error : this.#failStop.stop(error);
    }
  }

  /** Takes back the entries of a failed step, and rejects their waiters. */
  #withdraw(step: Step): void {
    const { tails, first } = step;
    const { failure } = this.#failStop;
    if (failure === undefined) return;
    this.#outlet.reject(failure, tails.length);
    this.#placement.withdraw(first - 1);
    empty(tails);
  }

  /** Sends the entries of a step to the disk. */
  #release(step: Step): void {
    const { first } = step;
    if (step.tails.length > 0) this.#outlet.add(step);
    this.#outlet.schedule(this.#outlet.durable < first - 1);
  }

  /** A segment ends before a step, never during one. */
  #isRotationDue(): boolean {
    return this.#placement.segmentBytes >= this.#segmentBytesMax && (this.#step?.tails.length ?? 0) === 0;
  }

  /**
   * Both entries belong to the journal itself: they stay, whatever happens to the step that reached the end of the segment.
   */
  #rotate(step: Step): void {
    const { at } = step;
    const seal = this.#placement.place({ kind: "seal", cause: "rotation" }, at);
    this.#outlet.add({ first: this.sequence, tails: [seal], at, sealed: true });
    this.#placement.beginSegment();
    const digests = this.#failStop.stopOnError(this.#options.digests);
    const state = this.#placement.place({ kind: "state", ...digests }, at);
    this.#outlet.add({ first: this.sequence, tails: [state], at, rotate: true, sealed: false });
    step.first = this.sequence + 1;
  }

  /** An engine that has stopped, or stops here, leaves its journal without a seal. */
  #seal(cause: "idle" | "close"): void {
    if (this.#failStop.failure !== undefined) return;
    try {
      this.#failStop.stopOnError(() => {
        const at = this.#placement.now();
        const tail = this.#placement.place({ kind: "seal", cause }, at);
        this.#outlet.add({ first: this.sequence, tails: [tail], at, sealed: true });
      });
      this.#outlet.flush();
    } catch {
      // The engine has stopped; its next command and `close` report it.
    }
  }

  /** A new journal with only its genesis entry is not sealed: its first decision is its second entry, however late. */
  #sealWhenIdle(): void {
    if (this.#placement.sealed || this.#closing !== undefined || this.sequence <= 1) return;
    if (this.#idle !== undefined) {
      this.#idle.refresh();
      return;
    }
    this.#idle = setTimeout(() => this.#sealNow(), IDLE_SEAL_MS);
    this.#idle.unref();
  }

  #sealNow(): void {
    if (this.#placement.sealed || this.#closing !== undefined) return;
    if (this.failure !== undefined || this.#outlet.durable < this.sequence) return;
    this.#seal("idle");
  }
}

/** The seal that ends a segment, and the state entry that begins the next. */
const ROTATION_ENTRIES = 2;

/** Keeps the array's memory, which setting its length would free. */
function empty(tails: Tail[]): void {
  while (tails.length > 0) tails.pop();
}
