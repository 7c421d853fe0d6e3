/**
 * Verifies, while the engine serves, the entries before the snapshot that it started from: their chain, from the first
 * available entry to the one that the snapshot ends with; and, up to the first missing segment, the content of each
 * (`older-content.ts`).
 *
 *     lines of older segments ─▶ chain and content, a slice at a time ─▶ the hash that the start began with
 *
 * Promises:
 * - A slice is about 64 KiB, and the slices of a second do not exceed the rate, so that no command waits long.
 * - A broken chain, or an entry with inconsistent content, is reported once, with entry, file and byte offset.
 * - A segment that is unavailable, or that the disk cannot read, is not a break: the result is then incomplete.
 * @module
 */
import { CalybrisError, type ChainHash, GENESIS_HASH, parseChainedLine } from "@calybris/kernel";
import { EngineError } from "../engine-errors.ts";
import { ChainCheck, type ChainPosition } from "../journal/chain-check.ts";
import { OlderContent } from "./older-content.ts";
import type { OlderGap, OlderLine, OlderVerification, OlderVerifier, VerifyOlder } from "./storage.ts";

export interface OlderEntriesOptions extends VerifyOlder {
  /** The available lines before the start, in order. */
  readonly lines: AsyncIterable<OlderLine | OlderGap>;
  readonly chain: ChainHash;
  /** Called after each slice. */
  readonly onSlice?: ((status: OlderVerification) => void) | undefined;
}

/** Default rate. */
export const OLDER_BYTES_PER_SECOND: number = 4 * 1024 * 1024;
const SLICE_BYTES = 64 * 1024;

export class OlderEntries implements OlderVerifier {
  readonly #options: OlderEntriesOptions;
  #state: OlderVerification["state"];
  #problem: string | undefined;
  #check: ChainCheck | undefined;
  /** `undefined` after a gap: the policies in it are unknown. */
  #content: OlderContent | undefined = new OlderContent();
  /** Unavailable files; and whether the last of them is after all lines read so far. */
  readonly #absent: string[] = [];
  #isAfterGap = false;
  #isClosed = false;
  #timer: NodeJS.Timeout | undefined;
  #wake: () => void = () => undefined;
  #done: Promise<void> = Promise.resolve();

  constructor(options: OlderEntriesOptions) {
    this.#options = options;
    this.#state = options.until.sequence === 0 ? "none" : "running";
  }

  get status(): OlderVerification {
    return {
      state: this.#state,
      verifiedSequence: this.#check?.last.sequence ?? 0,
      untilSequence: this.#options.until.sequence,
      problem: this.#problem,
    };
  }

  /** Starts the verification. Call once. */
  start(): void {
    if (this.#state === "running") this.#done = this.#verify();
  }

  /** Stops after the current slice. */
  close(): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    this.#wake();
    return this.#done;
  }

  async #verify(): Promise<void> {
    try {
      await this.#pause(SLICE_BYTES);
      let bytes = 0;
      if (this.#isClosed) return;
      for await (const line of this.#options.lines) {
        bytes += this.#take(line);
        if (bytes < SLICE_BYTES) continue;
        this.#options.onSlice?.(this.status);
        await this.#pause(bytes);
        bytes = 0;
        if (this.#isClosed) return;
      }
      this.#finish();
    } catch (error) {
      this.#fail(error);
    }
  }

  #take(item: OlderLine | OlderGap): number {
    if ("absentFile" in item) {
      this.#absent.push(item.absentFile);
      this.#isAfterGap = true;
      this.#content = undefined;
      return 0;
    }
    const { bytes, ended, ...place } = item;
    const { chain, key } = this.#options;
    if (this.#check === undefined || this.#isAfterGap)
      this.#check = new ChainCheck(chain, key !== undefined, beginOf(bytes, this.#isAfterGap));
    this.#isAfterGap = false;
    const taken = this.#check.take(bytes, ended);
    if ("expected" in taken) throw corrupt(this.#check.last.sequence + 1, place, taken);
    try {
      this.#content?.check(taken.head, taken.line.data);
    } catch (error) {
      const found = `${taken.head.kind}: ${error instanceof Error ? error.message : String(error)}`;
      throw corrupt(taken.head.sequence, place, { expected: "an entry that is what it says", found });
    }
    return bytes.byteLength;
  }

  /**
   * The last entry must be the one that the snapshot ends with; this proves that all entries read belong to this journal.
   */
  #finish(): void {
    const { until } = this.#options;
    const last = this.#check?.last ?? GENESIS;
    const isSame = last.sequence === until.sequence && last.hash === until.hash;
    if (!this.#isAfterGap && !isSame) {
      const [expected, found] = [until, last].map(({ sequence, hash }) => `entry ${sequence} with hash ${hash}`);
      throw corrupt(until.sequence, LAST, { expected: expected as string, found: found as string });
    }
    this.#state = this.#absent.length === 0 ? "intact" : "incomplete";
    if (this.#absent.length > 0) this.#problem = `unavailable: ${this.#absent.join(", ")}`;
    this.#options.onEnd(this.status, undefined);
  }

  #fail(error: unknown): void {
    this.#problem = error instanceof Error ? error.message : String(error);
    const isBroken = error instanceof CalybrisError && error.code === "CAL_JOURNAL_CORRUPT";
    this.#state = isBroken ? "broken" : "incomplete";
    this.#options.onEnd(this.status, isBroken ? error : undefined);
  }

  /** Waits as long as the rate requires for this many bytes. */
  #pause(bytes: number): Promise<void> {
    return new Promise((resolve) => {
      if (this.#isClosed) return resolve();
      this.#wake = resolve;
      this.#timer = setTimeout(resolve, (bytes * 1_000) / this.#options.bytesPerSecond);
      this.#timer.unref();
    });
  }
}

const LAST = { file: "the last segment before the start", byteOffset: 0 };

/** After a gap the previous entry is unknown: the chain continues from the line's own values, and the end decides. */
function beginOf(bytes: Buffer, isAfterGap: boolean): ChainPosition {
  const line = isAfterGap ? parseChainedLine(bytes) : undefined;
  return line === undefined ? GENESIS : { sequence: line.sequence - 1, hash: line.previousHash };
}

const GENESIS: ChainPosition = { sequence: 0, hash: GENESIS_HASH };

function corrupt(
  sequence: number,
  { file, byteOffset }: { readonly file: string; readonly byteOffset: number },
  { expected, found }: { readonly expected: string; readonly found: string },
): CalybrisError {
  return new EngineError("CAL_JOURNAL_CORRUPT", { file, sequence, byteOffset, expected, found });
}
