/**
 * Limits V8's young generation during an audit. Threads load this module too, so it imports no terminal code.
 * @module
 */
import { isMainThread } from "node:worker_threads";
import { boundYoungGenerationAt } from "../service/young-generation.ts";

/**
 * Maximum size of V8's young generation. Each entry leaves a few long-lived objects, so a larger one makes an audit take up
 * to 130 MB more and saves little time.
 */
const YOUNG_BYTES_MAX = 16 * 1024 * 1024;

/**
 * Sets the limit; call it repeatedly while the audit reads. In a thread it does nothing: the parent sets the limit there.
 */
export function boundMemory(): void {
  if (isMainThread) boundYoungGenerationAt(YOUNG_BYTES_MAX);
}
