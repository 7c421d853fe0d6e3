/**
 * The kernels at hand: the reference always, the Wasm kernel where the build has it.
 * @module
 */
import * as kernel from "@calybris/kernel";

export interface NamedKernel {
  readonly name: string;
  readonly of: (policy: kernel.Policy) => kernel.Kernel;
}

const wasm = (kernel as unknown as { readonly wasmKernel?: NamedKernel["of"] }).wasmKernel;

export const KERNELS: readonly NamedKernel[] = Object.freeze([
  { name: "reference", of: kernel.referenceKernel },
  ...(wasm === undefined ? [] : [{ name: "wasm", of: wasm }]),
]);

/** The fastest of them. */
export function fastestKernel(policy: kernel.Policy): kernel.Kernel {
  return (KERNELS.at(-1)?.of ?? kernel.referenceKernel)(policy);
}
