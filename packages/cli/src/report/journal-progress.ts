/**
 * A progress bar for commands that read a complete journal, once or several times.
 * @module
 */
import type { ReadEntry } from "../journal/entries.ts";
import { logFiles } from "../journal/log-lines.ts";
import { placeOf } from "../journal/place.ts";
import { type Progress, startProgress } from "../terminal/progress.ts";
import type { JudgingOptions } from "./judging-options.ts";

const FORMAT = "{bar} {percentage}% | {eta_formatted} left";
const ENTRIES_A_STEP = 4_096;

export class JournalProgress {
  readonly #bar: Progress;
  readonly #passBytes: number;
  #passes = 0;
  #file = "";
  /** Bytes of the files before the current one. */
  #before = 0;
  #bytes = 0;
  #entries = 0;

  private constructor(bar: Progress, passBytes: number) {
    this.#bar = bar;
    this.#passBytes = passBytes;
  }

  /**
   * Starts the bar, if standard error is a terminal and neither `--json` nor `--quiet` was given. With `--url` there is no
   * bar, because a service does not report the size of its journal.
   *
   * @param passes - the number of times that the journal is read.
   */
  static async start(options: JudgingOptions, passes = 1): Promise<JournalProgress> {
    const isShown = options.quiet !== true && options.json !== true && options.url === undefined;
    const bytes = isShown ? logFiles((await placeOf(options)).directory).bytes : 0;
    return new JournalProgress(startProgress(isShown ? passes * bytes : undefined, FORMAT), bytes);
  }

  /** Reports that an entry was read, in order. It is a method because a wrapping iterator would be measurably slower. */
  read({ file, byteEnd }: ReadEntry): void {
    if (file !== this.#file) {
      this.#before = this.#bytes;
      this.#file = file;
    }
    this.#bytes = this.#before + byteEnd;
    this.#entries += 1;
    if (this.#entries % ENTRIES_A_STEP === 0) this.#bar.update(this.#passes * this.#passBytes + this.#bytes);
  }

  /** Reports that the journal is read again from its beginning. */
  nextPass(): void {
    this.#passes += 1;
    [this.#file, this.#before, this.#bytes] = ["", 0, 0];
  }

  /** Removes the bar. */
  stop(): void {
    this.#bar.stop();
  }
}
