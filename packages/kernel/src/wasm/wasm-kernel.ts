/**
 * The fast kernel: WebAssembly with 64-bit integers in linear memory. It equals the reference on every input; the reference
 * is the definition and gives explanations.
 *
 * {@link wasmKernel} decides one request at a time. {@link WasmKernel} also exposes the records, so that
 * a batch needs one call and no allocation.
 * @module
 */
import type { Decision, Kernel } from "../decision.ts";
import { invariant } from "../invariant.ts";
import { CANDIDATE_COUNT_MAX, type Policy } from "../policy.ts";
import type { Request } from "../request.ts";
import { KERNEL_WASM_BASE64 } from "./binary.ts";
import {
  CANDIDATE_BYTES,
  DECISION_BYTES,
  type Epochs,
  REQUEST_BYTES,
  readDecisionAt,
  type Views,
  viewsOf,
  writePolicy,
  writeRequestAt,
} from "./records.ts";

/** The exports of the module; addresses are byte offsets in its memory. */
interface KernelExports {
  readonly headerAddress: () => number;
  readonly candidatesAddress: () => number;
  readonly build: () => void;
  readonly decide: (request: number, decision: number) => void;
  readonly batch: (request: number, decision: number, count: number) => void;
  readonly walkBatch: (request: number, decision: number, count: number) => void;
}

export {
  DECISION_AT,
  DECISION_BYTES,
  REQUEST_AT,
  REQUEST_BYTES,
  readDecisionAt,
  readRequestAt,
  type Views,
  writeDecisionAt,
  writeRequestAt,
} from "./records.ts";

const PAGE_BYTES = 65_536;
/** The tables end below this; the catalog follows them. */
const FIXED_BYTES = 4 * PAGE_BYTES;

let compiled: WebAssembly.Module | undefined;

/** The module is compiled once, when first needed, and shared by all kernels. */
function kernelModule(): WebAssembly.Module {
  compiled ??= new WebAssembly.Module(Uint8Array.from(atob(KERNEL_WASM_BASE64), (char) => char.charCodeAt(0)));
  return compiled;
}

/**
 * Creates the fast kernel for a policy. The policy is copied; later changes to it have no effect.
 *
 * @example
 * ```ts
 * import { samplePolicy, sampleRequest, wasmKernel } from "@calybris/kernel";
 * wasmKernel(samplePolicy()).prescribe(sampleRequest()).utilityMicrocents; // 77098n
 * ```
 */
export function wasmKernel(policy: Policy): Kernel {
  return new WasmKernel(policy);
}

/**
 * A kernel with room for `capacity` requests and their decisions. `module` is by default the package's own; tests pass
 * another one. It is a `WebAssembly.Module`, a type that only programs with DOM types have.
 */
export class WasmKernel implements Kernel {
  readonly capacity: number;
  /**
   * The raw export: decides the request record at one address and writes the decision record at another. It checks nothing,
   * and an address beyond the memory traps.
   */
  readonly decide: (requestAddress: number, decisionAddress: number) => void;
  readonly #epochs: Epochs;
  readonly #exports: KernelExports;
  readonly #views: Views;
  readonly #requests: number;
  readonly #decisions: number;

  constructor(policy: Policy, capacity: number = 1, module: object = kernelModule()) {
    const count = policy.candidates.length;
    invariant(count <= CANDIDATE_COUNT_MAX, `a catalog holds at most ${CANDIDATE_COUNT_MAX} candidates, got ${count}`);
    invariant(Number.isInteger(capacity) && capacity > 0, `a capacity is a positive whole number, got ${capacity}`);
    const bytes = FIXED_BYTES + count * CANDIDATE_BYTES + capacity * (REQUEST_BYTES + DECISION_BYTES);
    const memory = new WebAssembly.Memory({ initial: Math.ceil(bytes / PAGE_BYTES) });
    const instance = new WebAssembly.Instance(module, { env: { memory } });
    this.#exports = instance.exports as unknown as KernelExports;
    this.decide = this.#exports.decide;
    this.#views = viewsOf(memory.buffer);
    this.#epochs = { policyEpoch: policy.policyEpoch, catalogEpoch: policy.catalogEpoch };
    this.capacity = capacity;
    const candidates = this.#exports.candidatesAddress();
    invariant(candidates <= FIXED_BYTES && candidates % 16 === 0, "the catalog begins where the host has room for it");
    this.#requests = candidates + count * CANDIDATE_BYTES;
    this.#decisions = this.#requests + capacity * REQUEST_BYTES;
    writePolicy(this.#views, this.#exports.headerAddress(), candidates, policy);
    this.#exports.build();
  }

  prescribe(request: Request): Decision {
    writeRequestAt(this.#views, this.#requests, request);
    this.decide(this.#requests, this.#decisions);
    return readDecisionAt(this.#views, this.#decisions, this.#epochs);
  }

  /** Puts a request into the batch. */
  writeRequest(index: number, request: Request): void {
    this.#checkIndex(index);
    writeRequestAt(this.#views, this.#requests + index * REQUEST_BYTES, request);
  }

  /** The address of a request of the batch, for {@link decide}; the next is {@link REQUEST_BYTES} further. */
  requestAddress(index: number): number {
    this.#checkIndex(index);
    return this.#requests + index * REQUEST_BYTES;
  }

  /** The address of its decision; the next is {@link DECISION_BYTES} further. */
  decisionAddress(index: number): number {
    this.#checkIndex(index);
    return this.#decisions + index * DECISION_BYTES;
  }

  /** Decides the first `count` requests of the batch. Allocates nothing. */
  decideBatch(count: number): void {
    this.#checkCount(count);
    this.#exports.batch(this.#requests, this.#decisions, count);
  }

  /** Decides one request of the batch. Allocates nothing. */
  decideAt(index: number): void {
    this.#checkIndex(index);
    this.decide(this.#requests + index * REQUEST_BYTES, this.#decisions + index * DECISION_BYTES);
  }

  /** Like {@link decideBatch} with the plain loop: the same decisions; the baseline of the benchmark. */
  walkBatch(count: number): void {
    this.#checkCount(count);
    this.#exports.walkBatch(this.#requests, this.#decisions, count);
  }

  /** The decision on a request of the batch. */
  readDecision(index: number): Decision {
    this.#checkIndex(index);
    return readDecisionAt(this.#views, this.#decisions + index * DECISION_BYTES, this.#epochs);
  }

  /** The request records as 32-bit words, twenty each, for callers that write them without objects. Padding is ignored. */
  requestWords(): Uint32Array {
    return this.#views.u32.subarray(this.#requests >>> 2, (this.#requests + this.capacity * REQUEST_BYTES) >>> 2);
  }

  /** The decision records as 32-bit words, twelve each, for callers that read them without objects. */
  decisionWords(): Uint32Array {
    return this.#views.u32.subarray(this.#decisions >>> 2, (this.#decisions + this.capacity * DECISION_BYTES) >>> 2);
  }

  #checkIndex(index: number): void {
    // The claim is a constant: a template would be built on every decision.
    invariant(index >= 0 && index < this.capacity, "an index of the batch is below its capacity");
  }

  #checkCount(count: number): void {
    invariant(count >= 0 && count <= this.capacity, "a batch holds at most its capacity");
  }
}
