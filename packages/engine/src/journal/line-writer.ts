/**
 * The consumer of the ring, on whichever thread runs it: takes entries from the ring and makes them durable.
 *
 *     ring ─▶ lines, chained ─▶ one write ─▶ one fdatasync ─▶ reported ─▶ head
 * @module
 */
import type { ChainHash, MerkleFrontier } from "@calybris/kernel";
import type { ChainStart } from "./chain-start.ts";
import type { LineFiles } from "./line-files.ts";
import { LineStage } from "./line-stage.ts";
import type { Result } from "./results.ts";
import type { SharedMemory } from "./shared-memory.ts";

export interface LineWriterPorts {
  readonly files: LineFiles;
  /** Returns the tail of the next entry that did not fit the ring. */
  readonly outsideTail: () => string;
  /** Called when lines are durable, before the head is written. */
  readonly onDurable: (result: Result, tree: MerkleFrontier) => void;
}

export class LineWriter {
  readonly #ports: LineWriterPorts;
  readonly #stage: LineStage;
  readonly #files: LineFiles;

  /** @param chain - the keyed chain; without one, the plain SHA-256 chain. */
  constructor(memory: SharedMemory, start: ChainStart, chain: ChainHash | undefined, ports: LineWriterPorts) {
    this.#ports = ports;
    this.#stage = new LineStage(memory, start, chain, ports.files.tree?.add);
    this.#files = ports.files;
  }

  hasWork(): boolean {
    return this.#stage.hasWork();
  }

  /**
   * Makes the next lines durable. After a failure every call throws.
   *
   * @returns the number of entries; 0 if none waits.
   * @throws CalybrisError `CAL_JOURNAL_FAILED` when the disk refused a call, now or before.
   */
  step(): number {
    const { outsideTail, onDurable } = this.#ports;
    const lines = this.#stage.take(outsideTail);
    if (lines === undefined) return 0;
    const began = performance.now();
    const place = this.#files.append(lines);
    this.#stage.written(lines);
    const tookUs = (performance.now() - began) * 1_000;
    onDurable({ ...place, first: lines.first, durable: lines.last, tookUs }, this.#stage.tree());
    this.#files.writeHead(lines);
    this.#files.tree?.flush();
    return lines.last - lines.first + 1;
  }

  /** Prepares space for the next burst; see `SegmentWriter.prepareAhead`. */
  prepareAhead(): boolean {
    return this.#files.prepareAhead();
  }

  /** Truncates the prepared space and closes. Only after the last entry. */
  close(): void {
    this.#files.close();
  }
}
