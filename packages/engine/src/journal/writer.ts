/**
 * The whole path from ordered entries to the disk, in the caller's thread: the same ring, lines and files as in the writer
 * thread, one step at a time. For tests, simulations, and where threads are not available.
 *
 *     batch ─▶ ring ─▶ lines, chained ─▶ one write ─▶ one fdatasync ─▶ report ─▶ head
 * @module
 */
import type { ChainHash, MerkleFrontier } from "@calybris/kernel";
import type { ChainStart } from "./chain-start.ts";
import type { Disk } from "./disk.ts";
import { EntryFeed } from "./entry-feed.ts";
import type { LineFiles } from "./line-files.ts";
import { LineWriter } from "./line-writer.ts";
import { drainResults, publishResult, type Result } from "./results.ts";
import { SegmentWriter, type WriterStart } from "./segment-writer.ts";
import { type SharedMemory, sharedBytes, sharedMemory } from "./shared-memory.ts";
import type { Batch, Written } from "./writer-driver.ts";

export type { WriterStart } from "./segment-writer.ts";

export class StepWriter {
  readonly #memory: SharedMemory = sharedMemory(sharedBytes());
  readonly #outside: string[] = [];
  readonly #feed: EntryFeed;
  readonly #lines: LineWriter;
  readonly #tree = (): MerkleFrontier => this.#memory.frontiers.current();
  /** Receives the reports of the running step. */
  #onWritten: (written: Written) => void = () => undefined;

  /** @param chain - the keyed chain; without one, the plain SHA-256 chain. */
  constructor(files: LineFiles, start: ChainStart, chain?: ChainHash) {
    this.#feed = new EntryFeed(this.#memory, start.sequence, (tail) => this.#outside.push(tail));
    this.#lines = new LineWriter(this.#memory, start, chain, {
      files,
      outsideTail: () => this.#outside.shift() as string,
      onDurable: (result, tree) => {
        publishResult(this.#memory, result, tree);
        drainResults(this.#memory, (read) => this.#report(read));
      },
    });
  }

  /** Takes the next entries; nothing is written yet. */
  submit(batch: Batch): void {
    this.#feed.push(batch);
  }

  /**
   * Makes the next entries durable, as many as one write takes.
   *
   * @param onWritten - called with the durable entries, before the head is written.
   * @returns false if no entry waits.
   * @throws CalybrisError `CAL_JOURNAL_FAILED` when the disk refused a call, now or before.
   */
  step(onWritten: (written: Written) => void): boolean {
    this.#onWritten = onWritten;
    return this.#lines.step() > 0;
  }

  /** Prepares space ahead, as the thread does when idle; returns whether there is more to prepare. */
  prepareAhead(): boolean {
    return this.#lines.prepareAhead();
  }

  /** Truncates the prepared space and closes. Only after the last batch. */
  close(): void {
    this.#lines.close();
  }

  #report({ first, durable, segment, offset, bytes, fsyncs }: Result): void {
    const { proofs } = this.#memory;
    const tree = this.#tree;
    this.#onWritten({ first, durable, hash: proofs.hashOf(durable), proofs, tree, segment, offset, bytes, fsyncs });
    this.#feed.free(durable);
  }
}

/** A writer into the segments of a directory. */
export class Writer extends StepWriter {
  /** @param chain - the keyed chain; without one, the plain SHA-256 chain. */
  constructor(disk: Disk, start: WriterStart, chain?: ChainHash, nowMs: () => number = () => performance.now()) {
    super(new SegmentWriter(disk, start, chain, nowMs), start, chain);
  }
}
