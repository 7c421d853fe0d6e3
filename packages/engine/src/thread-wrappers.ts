/**
 * Prevents a V8 crash with threads. Node strips the types of a thread's modules with a WebAssembly module, in that
 * thread. V8 compiles a wrapper for each imported function that the module calls often, shares wrappers among all threads,
 * and occasionally frees one twice: `Check failed: jit_page_->allocations_.erase(addr) == 1`, SIGTRAP
 * (docs/adr/0016-threads-without-compiled-wrappers.md).
 * @module
 */
import { setFlagsFromString } from "node:v8";

/** The highest possible budget: no wrapper is ever compiled, so none is freed. The generic wrapper works as well. */
const CALLS_MAX = 2 ** 31 - 1;

/** Call before the first thread starts: V8 reads the budget when WebAssembly is instantiated. */
export function compileNoWrappers(): void {
  if (import.meta.url.endsWith(".ts")) setFlagsFromString(`--wasm-wrapper-tiering-budget=${CALLS_MAX}`);
}
