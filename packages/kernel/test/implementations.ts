/**
 * Every implementation of the kernel that ships, by name, the definition first. Each is asked the same questions.
 * @module
 */
import { type Kernel, type Policy, referenceKernel, WasmKernel, wasmKernel } from "../src/index.ts";

export interface Implementation {
  readonly name: string;
  readonly kernelOf: (policy: Policy) => Kernel;
}

export const IMPLEMENTATIONS: readonly Implementation[] = [
  { name: "reference", kernelOf: referenceKernel },
  { name: "wasm", kernelOf: wasmKernel },
  { name: "wasm walk", kernelOf: walkKernel },
];

/** The loop over candidates, which decides catalogs too long for masks, here for catalogs of any length. */
export function walkKernel(policy: Policy): Kernel {
  const kernel = new WasmKernel(policy);
  return {
    prescribe: (request) => {
      kernel.writeRequest(0, request);
      kernel.walkBatch(1);
      return kernel.readDecision(0);
    },
  };
}

/** A Wasm kernel of a module of one's own: what altered sources compile to. */
export function kernelsOf(module: WebAssembly.Module): Implementation["kernelOf"] {
  return (policy) => new WasmKernel(policy, 1, module);
}
