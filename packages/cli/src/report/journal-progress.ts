/**
 * A progress bar for commands that read a whole journal, once or several times.
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
  /** Of the files before the one that is read. */
  #before = 0;
  #bytes = 0;
  #entries = 0;

  private constructor(bar: Progress, passBytes: number) {
    this.#bar = bar;
    this.#passBytes = passBytes;
  }

  /**
   * Starts the bar, where standard error is a terminal and neither `--json` nor `--quiet` was given. A service does not say how much
   * there is, so with `--url` there is none.
   *
   * @param passes - how often the journal is read.
   */
  static async start(options: JudgingOptions, passes = 1): Promise<JournalProgress> {
    const isShown = options.quiet !== true && options.json !== true && options.url === undefined;
    const bytes = isShown ? logFiles((await placeOf(options)).directory).bytes : 0;
    return new JournalProgress(startProgress(isShown ? passes * bytes : undefined, FORMAT), bytes);
  }

  /** An entry was read, in order. An iterator around the entries would take as long again as reading some of them. */
  read({ file, byteEnd }: ReadEntry): void {
    if (file !== this.#file) {
      this.#before = this.#bytes;
      this.#file = file;
    }
    this.#bytes = this.#before + byteEnd;
    this.#entries += 1;
    if (this.#entries % ENTRIES_A_STEP === 0) this.#bar.update(this.#passes * this.#passBytes + this.#bytes);
  }

  /** The journal is read again from its beginning. */
  nextPass(): void {
    this.#passes += 1;
    [this.#file, this.#before, this.#bytes] = ["", 0, 0];
  }

  /** Removes the bar. */
  stop(): void {
    this.#bar.stop();
  }
}
