/**
 * The journal as the engine sees it: entries are appended in order and each is answered once it is durable.
 *
 *     append ─▶ gathering ─▶ batch in flight ─▶ durable
 *                  ▲              │
 *                  └── the next batch gathers while this one reaches the disk
 *
 * Why: a sync costs nearly the same for one entry as for a thousand. Letting a batch gather for as long as the one before
 * it takes needs no timer: an idle journal writes at once, and a busy one grows its batches by itself.
 *
 * Promises:
 * - Sequence, time and the order of entries are fixed in one synchronous step, when `append` is called.
 * - `append` resolves only when its entry is on the disk.
 * - At most `waitingMax` entries wait; {@link Journal.assertRoom} refuses before anything was ordered.
 * - After a failure nothing more is accepted, and whoever waits is told that it is unknown.
 * - After 100 ms without traffic, before a rotation, and at a clean end, a seal entry is written.
 * @module
 */
import { CalybrisError, type EntryBody, entryDataTail } from "@calybris/kernel";
import { SEGMENT_BYTES_MAX } from "./segment.ts";
import type { Batch, Written } from "./writer.ts";

/** Whatever drives a writer: a thread, or a test's own hand. */
export interface WriterDriver {
  /** Takes the entries that come next; never waits. How they are grouped on the way to the disk is the driver's affair. */
  submit(batch: Batch): void;
  onWritten: (written: Written) => void;
  onFailed: (problem: string) => void;
  close(): Promise<void>;
}

export interface JournalOptions {
  readonly driver: WriterDriver;
  /** The last sequence and time of what was recovered. */
  readonly sequence: number;
  readonly at: number;
  readonly sealed: boolean;
  readonly segmentBytes: number;
  readonly nowUs: () => number;
  readonly waitingMax?: number | undefined;
  readonly segmentBytesMax?: number | undefined;
  /** Digest of the state, for the checkpoint that begins a segment. */
  readonly stateDigest: () => string;
  /** Called with every entry in the step that orders it. */
  readonly onOrdered: (sequence: number, at: number, body: EntryBody) => void;
  readonly onWritten?: (written: Written, first: number) => void;
}

export const WAITING_MAX = 4_096;
/** So many entries go on their way even if their turn of the event loop orders more. */
const GATHERED_MAX = 32;
const GATHER_US_MAX = 200;
const IDLE_SEAL_MS = 100;
const CLOSE_MS = 10_000;
/** What a line has around its tail: sequences, hashes and the member names. */
const LINE_OVERHEAD_BYTES = 230;

interface Waiting {
  readonly sequence: number;
  readonly durable: Promise<string>;
  readonly resolve: (entryHash: string) => void;
  readonly reject: (error: CalybrisError) => void;
}

interface Gathering {
  readonly first: number;
  readonly tails: string[];
  readonly rotate: boolean;
  sealed: boolean;
}

export class Journal {
  readonly #options: JournalOptions;
  readonly #waitingMax: number;
  readonly #segmentBytesMax: number;
  readonly #waiting: Waiting[] = [];
  #waitingFrom = 0;
  #gathered: Gathering | undefined;
  #sequence: number;
  #durable: number;
  #at: number;
  #segmentBytes: number;
  #sealed: boolean;
  #failure: CalybrisError | undefined;
  #closing: Promise<boolean> | undefined;
  #flushScheduled = false;
  /** When the first of those that are gathered was ordered. */
  #gatheredFrom = 0;
  #idle: NodeJS.Timeout | undefined;
  #drained: (() => void) | undefined;
  readonly metrics = { entries: 0, batches: 0, fsyncs: 0, bytes: 0 };

  constructor(options: JournalOptions) {
    this.#options = options;
    this.#waitingMax = options.waitingMax ?? WAITING_MAX;
    this.#segmentBytesMax = options.segmentBytesMax ?? SEGMENT_BYTES_MAX;
    this.#sequence = options.sequence;
    this.#durable = options.sequence;
    this.#at = options.at;
    this.#sealed = options.sealed;
    this.#segmentBytes = options.segmentBytes;
    options.driver.onWritten = (written) => this.#written(written);
    options.driver.onFailed = (problem) => this.#failed(problem);
  }

  /** The last sequence ordered. */
  get sequence(): number {
    return this.#sequence;
  }

  get waitingCount(): number {
    return this.#waiting.length - this.#waitingFrom;
  }

  /** Why nothing more is accepted; `undefined` while the disk takes what it is given. */
  get failure(): CalybrisError | undefined {
    return this.#failure;
  }

  /** Throws unless one more entry may be ordered now. Call it before deciding anything. */
  assertRoom(): void {
    if (this.#failure !== undefined) throw this.#failure;
    if (this.#closing !== undefined) throw new CalybrisError("CAL_ENGINE_CLOSED", {});
    if (this.waitingCount >= this.#waitingMax)
      throw new CalybrisError("CAL_JOURNAL_OVERLOADED", { waiting: this.waitingCount });
  }

  /** Orders an entry now; the promise resolves with the entry's hash when it is durable. */
  append(body: EntryBody): { readonly sequence: number; readonly durable: Promise<string> } {
    this.assertRoom();
    if (this.#segmentBytes >= this.#segmentBytesMax) this.#rotate();
    const sequence = this.#order(body);
    const { promise: durable, resolve, reject } = Promise.withResolvers<string>();
    this.#waiting.push({ sequence, durable, resolve, reject });
    this.#schedule();
    return { sequence, durable };
  }

  /**
   * Waits for everything, seals and closes the files. Afterwards {@link Journal.failure} says whether that was done.
   *
   * Whoever stops a service must be told when the disk does not answer, before losing patience with the process. So after
   * 10 s it gives up: what waits is refused as unknown, and the files stay with the writer, which may still be at it.
   *
   * @returns false when it gave up. Then nobody else may open the journal before this process has ended.
   */
  close(): Promise<boolean> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<boolean> {
    clearTimeout(this.#idle);
    if (this.#failure === undefined && !this.#sealed) {
      this.#order({ kind: "seal", cause: "close" });
      this.#flush();
    }
    const isDrained = this.#failure !== undefined || this.#durable === this.#sequence || (await inTime(this.#drain()));
    const isClosed = isDrained && (await inTime(this.#options.driver.close()));
    if (!isClosed) this.#failed(`it has not answered for ${CLOSE_MS / 1_000} s`);
    return isClosed;
  }

  #drain(): Promise<void> {
    return new Promise((resolve) => {
      this.#drained = resolve;
    });
  }

  /** One step: number, time, state and place in the queue. If the state refuses the entry, nothing happened. */
  #order(body: EntryBody, rotate = false): number {
    const sequence = this.#sequence + 1;
    const at = Math.max(this.#at, this.#options.nowUs());
    const tail = entryDataTail({ sequence, at, body });
    this.#options.onOrdered(sequence, at, body);
    this.#sequence = sequence;
    this.#at = at;
    this.#sealed = body.kind === "seal";
    this.#segmentBytes += tail.length + LINE_OVERHEAD_BYTES;
    if (rotate) this.#flush();
    if (this.#gathered === undefined) {
      this.#gathered = { first: sequence, tails: [], rotate, sealed: false };
      this.#gatheredFrom = at;
    }
    this.#gathered.sealed = this.#sealed;
    const count = this.#gathered.tails.push(tail);
    if (count >= GATHERED_MAX || at - this.#gatheredFrom >= GATHER_US_MAX) this.#flush();
    return sequence;
  }

  #rotate(): void {
    this.#order({ kind: "seal", cause: "rotation" });
    this.#segmentBytes = 0;
    this.#order({ kind: "checkpoint", stateDigest: this.#options.stateDigest() }, true);
  }

  /**
   * Entries go out together: those of one step when nothing is on its way to the disk; else those of one turn of the event
   * loop, so that the writer is not woken for each, but none later than 200 µs after the first.
   */
  #schedule(): void {
    if (this.#flushScheduled) return;
    this.#flushScheduled = true;
    if (this.#durable + 1 < this.#sequence) setImmediate(this.#flushDue);
    else queueMicrotask(this.#flushDue);
  }

  readonly #flushDue = (): void => {
    this.#flushScheduled = false;
    this.#flush();
  };

  #flush(): void {
    const batch = this.#gathered;
    this.#gathered = undefined;
    if (batch !== undefined && this.#failure === undefined) this.#options.driver.submit(batch);
  }

  #written(written: Written): void {
    const { durable, fsyncs, bytes, hashes } = written;
    const first = durable - hashes.length + 1;
    this.#durable = durable;
    this.metrics.entries += hashes.length;
    this.metrics.batches += 1;
    this.metrics.fsyncs += fsyncs;
    this.metrics.bytes += bytes;
    this.#options.onWritten?.(written, first);
    this.#answer(first, hashes);
    if (durable < this.#sequence) return;
    this.#drained?.();
    this.#sealWhenIdle();
  }

  #answer(first: number, hashes: readonly string[]): void {
    const durable = first + hashes.length - 1;
    for (
      let next = this.#waiting[this.#waitingFrom];
      next !== undefined && next.sequence <= durable;
      next = this.#waiting[this.#waitingFrom]
    ) {
      this.#waitingFrom += 1;
      next.resolve(hashes[next.sequence - first] as string);
    }
    // What is answered is let go soon: kept for long, it would be moved among what lives long, and be collected late.
    if (this.#waitingFrom * 2 >= this.#waiting.length) {
      this.#waiting.splice(0, this.#waitingFrom);
      this.#waitingFrom = 0;
    }
  }

  /** A journal that only begins has nothing to seal: its first decision is its second entry, however long it takes to come. */
  #sealWhenIdle(): void {
    if (this.#sealed || this.#closing !== undefined || this.#sequence <= 1) return;
    if (this.#idle !== undefined) {
      this.#idle.refresh();
      return;
    }
    this.#idle = setTimeout(() => this.#sealNow(), IDLE_SEAL_MS);
    this.#idle.unref();
  }

  #sealNow(): void {
    if (this.#sealed || this.#closing !== undefined || this.#failure !== undefined || this.#durable < this.#sequence)
      return;
    this.#order({ kind: "seal", cause: "idle" });
    this.#flush();
  }

  #failed(problem: string): void {
    const unknown = this.waitingCount;
    this.#failure ??= new CalybrisError("CAL_JOURNAL_FAILED", { unknown, problem });
    for (const { durable, reject } of this.#waiting.splice(this.#waitingFrom)) {
      // Not every entry is waited for; one that is not, and fails, must not end the process.
      durable.catch(() => undefined);
      reject(this.#failure);
    }
    this.#waiting.length = 0;
    this.#waitingFrom = 0;
    this.#gathered = undefined;
    this.#drained?.();
  }
}

/** Whether it came to an end within the time that a close may take. */
async function inTime(work: Promise<void>): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<false>((resolve) => {
    timer = setTimeout(() => resolve(false), CLOSE_MS);
  });
  const isInTime = await Promise.race([work.then(() => true), late]);
  clearTimeout(timer);
  return isInTime;
}
