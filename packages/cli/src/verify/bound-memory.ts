/**
 * The bound of an audit's memory for new objects. Threads load it too, so it imports nothing of the terminal.
 * @module
 */
import { isMainThread } from "node:worker_threads";
import { boundYoungGenerationAt } from "../service/young-generation.ts";

/**
 * Where the memory in which V8 makes new objects ends. An entry leaves a few objects that live on, so more of it makes an audit take up
 * to 130 MB more and saves little time.
 */
const YOUNG_BYTES_MAX = 16 * 1024 * 1024;

/** Bounds the memory of an audit; called again and again while it reads. A thread has its bound from where it was started. */
export function boundMemory(): void {
  if (isMainThread) boundYoungGenerationAt(YOUNG_BYTES_MAX);
}
