/**
 * Keeps threads from ending the process. Node strips the types of a thread's modules by WebAssembly of its own, in that
 * thread. V8 compiles a wrapper for each function which that imports and calls often, shares wrappers among all threads,
 * and now and then frees one twice: `Check failed: jit_page_->allocations_.erase(addr) == 1`, SIGTRAP
 * (docs/adr/0016-threads-without-compiled-wrappers.md).
 * @module
 */
import { setFlagsFromString } from "node:v8";

/** As many calls as there can be: no wrapper is ever compiled, so none is freed. The general one serves as well. */
const CALLS_MAX = 2 ** 31 - 1;

/** For before the first thread starts: V8 takes the number down when WebAssembly is instantiated. */
export function compileNoWrappers(): void {
  if (import.meta.url.endsWith(".ts")) setFlagsFromString(`--wasm-wrapper-tiering-budget=${CALLS_MAX}`);
}
