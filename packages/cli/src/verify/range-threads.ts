/**
 * Audits a journal in ranges: the first in this thread, each other one in its own.
 * @module
 */
import { once } from "node:events";
import { setImmediate as turn } from "node:timers/promises";
import { Worker } from "node:worker_threads";
import {
  type AuditOptions,
  type AuditReport,
  awaitedOf,
  type ComparedOutcomes,
  joinRanges,
  proofOfRanges,
} from "@calybris/audit";
import type { ConservationProof } from "@calybris/kernel";
import type { LogRange } from "./log-ranges.ts";
import { type RangeData, RangeReading, type ReadRange } from "./range-reading.ts";
import type { RangeMessage, RangeQuestion } from "./range-thread.ts";
import { repeatedPrints } from "./request-prints.ts";

export interface AuditedRanges {
  readonly report: AuditReport;
  readonly prove: (at?: number) => ConservationProof | undefined;
}

/** Reads a range, in this thread or another. */
interface Reader {
  read(onBytes: (bytes: number) => void): Promise<ReadRange | undefined>;
  compareAwaited(question: RangeQuestion): Promise<ComparedOutcomes>;
  close(): Promise<void>;
}

/**
 * The audit of an intact journal; otherwise `undefined`, and an audit of the whole journal must find the damage.
 *
 * @param ranges - two or more.
 * @param options - options of that audit.
 * @param onDone - called with the total number of bytes read.
 * @param onThreadFailure - called if a thread fails, which costs time and does not change the result.
 */
export async function auditInRanges(
  ranges: readonly LogRange[],
  options: AuditOptions,
  data: Omit<RangeData, "range" | "isLast">,
  onDone: (bytes: number) => void,
  onThreadFailure: (problem: string) => void,
): Promise<AuditedRanges | undefined> {
  const readers = ranges.map((range, at): Reader => {
    const own = { ...data, range, isLast: at === ranges.length - 1 };
    return at === 0 ? new HereReader(own) : new ThreadReader(own);
  });
  let done = 0;
  const onBytes = (bytes: number): void => {
    done += bytes;
    onDone(done);
  };
  try {
    const read = await allOrNone(readers.map((reader) => reader.read(onBytes)));
    if (read === undefined || repeatedPrints(read.map(({ prints }) => prints)).size > 0) return undefined;
    const found = read.map(({ range }) => range);
    const compared: ComparedOutcomes[] = [];
    for (const { range, ...question } of awaitedOf(found))
      compared.push(await (readers[range] as Reader).compareAwaited(question));
    const report = joinRanges({ ranges: found, compared, hasForgotten: false }, options);
    return report && { report, prove: (at) => proofOfRanges(found, at) };
  } catch (error) {
    if (!(error instanceof ThreadFailure)) throw error;
    onThreadFailure(error.cause instanceof Error ? error.cause.message : error.message);
    return undefined;
  } finally {
    await Promise.all(readers.map((reader) => reader.close()));
  }
}

class ThreadFailure extends Error {}

/** The results of all ranges; `undefined` as soon as one has a finding. */
async function allOrNone(
  reading: readonly Promise<ReadRange | undefined>[],
): Promise<readonly ReadRange[] | undefined> {
  const failed = new Promise<undefined>((resolve, reject) => {
    for (const each of reading) each.then((read) => read === undefined && resolve(undefined), reject);
  });
  const all = Promise.all(reading).then((found) => found.filter((read) => read !== undefined));
  return Promise.race([failed, all.then((found) => (found.length === reading.length ? found : undefined))]);
}

class HereReader implements Reader {
  readonly #reading: RangeReading;
  #isClosed = false;

  constructor(data: RangeData) {
    this.#reading = new RangeReading(data);
  }

  async read(onBytes: (bytes: number) => void): Promise<ReadRange | undefined> {
    const steps = this.#reading.read();
    for (;;) {
      const step = steps.next();
      if (step.done === true) return step.value;
      onBytes(step.value);
      await turn();
      if (this.#isClosed) return undefined;
    }
  }

  async compareAwaited({ awaited, more }: RangeQuestion): Promise<ComparedOutcomes> {
    return this.#reading.compareAwaited(awaited, more);
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#reading.close();
  }
}

/** The limit of `boundMemory` for threads. V8's young generation counts as three semi-spaces. */
const resourceLimits = { maxYoungGenerationSizeMb: 24 } as const;

class ThreadReader implements Reader {
  readonly #worker: Worker;
  readonly #failed: Promise<never>;

  constructor(workerData: RangeData) {
    this.#worker = new Worker(new URL("./range-thread.ts", import.meta.url), { workerData, resourceLimits });
    this.#failed = once(this.#worker, "exit").then(
      () => Promise.reject(new ThreadFailure("it ended before it had answered")),
      (cause: unknown) => Promise.reject(new ThreadFailure("it failed", { cause })),
    );
    this.#failed.catch(() => undefined);
  }

  read(onBytes: (bytes: number) => void): Promise<ReadRange | undefined> {
    const read = new Promise<ReadRange | undefined>((resolve) => {
      this.#worker.on("message", (message: RangeMessage) => {
        if ("bytes" in message) onBytes(message.bytes);
        if ("read" in message) resolve(message.read);
      });
    });
    return Promise.race([read, this.#failed]);
  }

  compareAwaited(question: RangeQuestion): Promise<ComparedOutcomes> {
    const compared = new Promise<ComparedOutcomes>((resolve) => {
      this.#worker.on("message", (message: RangeMessage) => {
        if ("compared" in message) resolve(message.compared);
      });
    });
    this.#worker.postMessage(question);
    return Promise.race([compared, this.#failed]);
  }

  async close(): Promise<void> {
    await this.#worker.terminate();
  }
}
