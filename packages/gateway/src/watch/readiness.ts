/**
 * Readiness: whether the service can currently keep its guarantee that an answer is on disk. It is not ready if the disk has
 * refused a batch, takes too long for one or is nearly full, if the clock has jumped ahead, or if the engine has stopped.
 * Anyone may ask, so the reason contains no paths and no system messages; the log has those.
 * @module
 */
import { statfs } from "node:fs/promises";
import type { Engine } from "@calybris/engine";

/** A disk that takes longer for a batch counts as stuck. */
const STUCK_MS = 5_000;
const LOOK_EVERY_MS = 500;
/** The journal preallocates 4 MiB at a time and needs room for a rotation. */
const FREE_BYTES_MIN = 64 * 1024 * 1024;

export class Readiness {
  readonly #engine: Engine;
  readonly #directory: string;
  readonly #nowMs: () => number;
  readonly #timer: NodeJS.Timeout;
  #moved: { readonly sequence: number; readonly atMs: number };
  #isStopping = false;

  constructor(engine: Engine, directory: string, nowMs: () => number = () => performance.now()) {
    this.#engine = engine;
    this.#directory = directory;
    this.#nowMs = nowMs;
    this.#moved = { sequence: engine.reading.head.sequence, atMs: nowMs() };
    this.#timer = setInterval(() => this.#look(), LOOK_EVERY_MS);
    this.#timer.unref();
  }

  stopping(): void {
    this.#isStopping = true;
  }

  close(): void {
    clearInterval(this.#timer);
  }

  /** The reason that the service is not ready; `undefined` if it is. */
  async reason(): Promise<string | undefined> {
    if (this.#isStopping) return "it is stopping";
    const { failure } = this.#engine.reading;
    if (failure !== undefined) return `the journal has failed (${failure.code})`;
    if (this.#engine.clockStep !== undefined) return "the system clock went forward by more than 7 days";
    this.#look();
    const stuckMs = this.#nowMs() - this.#moved.atMs;
    if (stuckMs > STUCK_MS) return `the disk has taken nothing for ${Math.round(stuckMs)} ms`;
    return this.#full();
  }

  /** Checks that the head advances, which it does while the disk accepts waiting entries. */
  #look(): void {
    const { head, waitingCount } = this.#engine.reading;
    if (waitingCount > 0 && head.sequence === this.#moved.sequence) return;
    this.#moved = { sequence: head.sequence, atMs: this.#nowMs() };
  }

  async #full(): Promise<string | undefined> {
    try {
      const { bavail, bsize } = await statfs(this.#directory);
      const freeBytes = bavail * bsize;
      return freeBytes < FREE_BYTES_MIN ? "the journal's disk is nearly full" : undefined;
    } catch (error) {
      return `the journal's directory cannot be read (${(error as NodeJS.ErrnoException).code ?? "unknown"})`;
    }
  }
}
