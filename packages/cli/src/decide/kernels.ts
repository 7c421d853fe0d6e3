/**
 * All implementations of the kernel, by name: the reference first, the one used in production last.
 * @module
 */
import { type Kernel, type Policy, referenceKernel, wasmKernel } from "@calybris/kernel";

export interface NamedKernel {
  readonly name: string;
  readonly of: (policy: Policy) => Kernel;
}

export const KERNELS: readonly NamedKernel[] = Object.freeze([
  { name: "reference", of: referenceKernel },
  { name: "wasm", of: wasmKernel },
]);

/** The fastest of them. */
export const fastestKernel: NamedKernel["of"] = wasmKernel;
