/**
 * Regret while the engine serves. A separate thread folds the journal's durable lines, so that the deciding thread only
 * passes bytes. It starts with the first query. Its measure is kept in state snapshots: after a restart it continues from
 * there, and otherwise it reads the journal from the beginning. Both give the same figures.
 * @module
 */
import { Worker } from "node:worker_threads";
import { EngineError, errorOfThread } from "../engine-errors.ts";
import type { EngineReading } from "../reading.ts";
import { compileNoWrappers } from "../thread-wrappers.ts";
import type { KeptRegret } from "./kept-regret.ts";
import type { RegretReport } from "./regret-report.ts";
import type { RegretAnswer, RegretQuestion, RegretThreadData } from "./regret-thread.ts";

/** A regret report, and the entries it covers. */
export interface MeasuredRegret {
  /** The last entry that the report covers. */
  readonly sequence: number;
  /** The last durable entry at the time of the query. It is above `sequence` while the thread catches up. */
  readonly headSequence: number;
  readonly report: RegretReport;
}

export interface RegretOptions {
  /** Maximum time to wait for entries that are not measured yet, in milliseconds. Default 2,000; 0 does not wait. */
  readonly waitMs?: number | undefined;
}

const WAIT_MS = 2_000;
/** Most allocations are short-lived; a large young generation would only take memory. */
const YOUNG_MIB = 8;
const SETTINGS: RegretThreadData["measuresRegret"] = { alpha: 0.05, margin: 0.01 };

/** Entries that can be measured in the time that it takes to write and restore one byte of a measure. */
const ENTRIES_PER_BYTE = 1 / 128;

const ENDED = "the thread that measures it ended";

type Taken = Extract<RegretAnswer, { readonly sequence: number }>;

type Asking = Exclude<RegretQuestion, { readonly asks: "lines" }>["asks"] | { readonly lines: Uint8Array<ArrayBuffer> };

interface Asked {
  readonly resolve: (answer: Taken) => void;
  readonly reject: (error: Error) => void;
}

export class EngineRegret {
  readonly #reading: Pick<EngineReading, "head" | "lines">;
  readonly #kept: KeptRegret;
  readonly #asked = new Map<number, Asked>();
  #thread: Worker | undefined;
  #last = 0;
  /** The last entry sent to the thread; `undefined` until the thread has reported its position. */
  #given: number | undefined;
  #following: Promise<void> | undefined;
  #isClosed = false;

  /** @param kept - the previous measure, and where it is kept. */
  constructor(reading: Pick<EngineReading, "head" | "lines">, kept: KeptRegret) {
    this.#reading = reading;
    this.#kept = kept;
  }

  /**
   * The rewards of the journal's decisions, and those that other policies would have earned, from every outcome: the same
   * figures as `calybris regret`, with 95 % confidence intervals that are valid at any time.
   *
   * @returns a report that covers every entry that is durable at the time of the query, unless measuring takes longer than
   *   `waitMs`. In that case, `sequence` is the last entry covered, and measuring continues for later queries.
   * @throws CalybrisError `CAL_JOURNAL_ENTRY_MALFORMED` for an altered entry; `CAL_JOURNAL_UNREADABLE` if the disk cannot
   *   read one; `CAL_JOURNAL_ARCHIVE_UNREACHABLE` if its segment is unavailable; `CAL_REGRET_UNAVAILABLE` if the thread
   *   ended; `CAL_ENGINE_CLOSED`.
   */
  async report({ waitMs = WAIT_MS }: RegretOptions = {}): Promise<MeasuredRegret> {
    this.#requireOpen();
    const headSequence = this.#reading.head.sequence;
    // After a timeout, measuring continues in the background.
    await withinMs(this.#followed(), waitMs);
    const { sequence, report } = await this.#ask("report");
    if (report === undefined) throw unavailable("the thread answered without a report");
    return { sequence, headSequence: Math.max(headSequence, sequence), report };
  }

  /**
   * Measures new entries in the background if regret was queried since the start, so that the next snapshot keeps the
   * result.
   */
  follow(): void {
    // The next query reports an unreadable journal.
    if (this.#thread !== undefined && !this.#isClosed) this.#followed().catch(() => undefined);
  }

  /** Ends the thread. Pending queries are rejected with `CAL_ENGINE_CLOSED`. */
  async close(): Promise<void> {
    this.#isClosed = true;
    const thread = this.#thread;
    this.#thread = undefined;
    this.#refuse(new EngineError("CAL_ENGINE_CLOSED", {}));
    await thread?.terminate();
  }

  #followed(): Promise<void> {
    this.#following ??= this.#follow().finally(() => {
      this.#following = undefined;
    });
    return this.#following;
  }

  /** Sends all durable entries to the thread until none is left. */
  async #follow(): Promise<void> {
    let given = await this.#position();
    while (given < this.#reading.head.sequence) {
      const before = given;
      for await (const piece of this.#reading.lines(before + 1, this.#reading.head.sequence)) {
        ({ sequence: given } = await this.#ask({ lines: Uint8Array.from(piece) }));
        this.#given = given;
        if (given - this.#kept.sequence > this.#kept.byteLength * ENTRIES_PER_BYTE) await this.#keep();
      }
      if (given === before) return;
    }
  }

  /** The position of the thread. */
  async #position(): Promise<number> {
    if (this.#given !== undefined && this.#thread !== undefined) return this.#given;
    const { sequence } = await this.#ask("position");
    if (sequence < this.#kept.sequence) this.#kept.forget();
    this.#given = sequence;
    return sequence;
  }

  async #keep(): Promise<void> {
    const { sequence, measure } = await this.#ask("measure");
    if (measure !== undefined) this.#kept.keep({ sequence, bytes: measure });
  }

  #ask(asking: Asking): Promise<Taken> {
    return new Promise((resolve, reject) => {
      this.#requireOpen();
      this.#thread ??= this.#start();
      const id = ++this.#last;
      this.#asked.set(id, { resolve, reject });
      // A pending query keeps the process alive.
      this.#thread.ref();
      const question: RegretQuestion =
        typeof asking === "string" ? { id, asks: asking } : { id, asks: "lines", lines: asking.lines };
      this.#thread.postMessage(question, typeof asking === "string" ? [] : [asking.lines.buffer]);
    });
  }

  #start(): Worker {
    compileNoWrappers();
    const workerData: RegretThreadData = { measuresRegret: SETTINGS, kept: this.#kept.measure };
    const thread = new Worker(new URL("./regret-thread.ts", import.meta.url), {
      workerData,
      resourceLimits: { maxYoungGenerationSizeMb: YOUNG_MIB },
    });
    thread.unref();
    thread.on("message", (answer: RegretAnswer) => this.#take(answer));
    thread.on("error", (error) => this.#ended(thread, error instanceof Error ? error.message : String(error)));
    thread.on("exit", () => this.#ended(thread, ENDED));
    this.#given = undefined;
    return thread;
  }

  #take(answer: RegretAnswer): void {
    const asked = this.#asked.get(answer.id);
    this.#asked.delete(answer.id);
    if (this.#asked.size === 0) this.#thread?.unref();
    if ("sequence" in answer) asked?.resolve(answer);
    else {
      // The thread has taken only a part of the lines, so the next query starts a new one.
      const thread = this.#thread;
      this.#thread = undefined;
      void thread?.terminate();
      asked?.reject("code" in answer ? errorOfThread(answer.code, answer.details) : unavailable(answer.problem));
      this.#refuse(unavailable(ENDED));
    }
  }

  #ended(thread: Worker, problem: string): void {
    if (thread !== this.#thread) return;
    this.#thread = undefined;
    this.#refuse(unavailable(problem));
  }

  #refuse(error: Error): void {
    const asked = [...this.#asked.values()];
    this.#asked.clear();
    for (const { reject } of asked) reject(error);
  }

  #requireOpen(): void {
    if (this.#isClosed) throw new EngineError("CAL_ENGINE_CLOSED", {});
  }
}

function unavailable(problem: string): EngineError {
  return new EngineError("CAL_REGRET_UNAVAILABLE", { problem });
}

async function withinMs(done: Promise<void>, waitMs: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, waitMs);
  });
  try {
    await Promise.race([done, late]);
  } finally {
    clearTimeout(timer);
  }
}
