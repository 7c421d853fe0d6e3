/**
 * Wasm = reference: on given cases, or on as many random ones as asked for.
 * @module
 */
import assert from "node:assert/strict";
import { type Decision, type Policy, prescribe, type Request, WasmKernel } from "../src/index.ts";
import { RandomCases } from "./random-cases.ts";

export interface EqualityOptions {
  readonly cases: number;
  readonly seed: number;
}

/** A policy, requests, and what the definition says of them. */
export interface Batch {
  readonly policy: Policy;
  readonly requests: readonly Request[];
  readonly expected: readonly Decision[];
}

const REQUESTS_PER_POLICY = 250;

/** Decides random requests with both kernels, masks and walk; throws at the first difference, with the case. */
export function checkEquality(options: EqualityOptions): { cases: number } {
  let cases = 0;
  for (const batch of randomBatches(options)) {
    const difference = firstDifference(batch);
    assert.equal(difference, undefined, `seed ${options.seed}: ${difference}`);
    cases += batch.requests.length;
  }
  return { cases };
}

/** The same cases for the same seed. */
export function* randomBatches({ cases, seed }: EqualityOptions): Generator<Batch> {
  const random = new RandomCases(seed);
  for (let done = 0; done < cases; ) {
    const policy = random.policy();
    const count = Math.min(policy.candidates.length > 70 ? 40 : REQUESTS_PER_POLICY, cases - done);
    const requests = Array.from({ length: count }, () => random.request(policy));
    yield batchOf(policy, requests);
    done += count;
  }
}

/** Every way of the Wasm kernel against the reference, on these requests. */
export function compare(policy: Policy, requests: readonly Request[]): void {
  assert.equal(firstDifference(batchOf(policy, requests)), undefined);
}

export function batchOf(policy: Policy, requests: readonly Request[]): Batch {
  return { policy, requests, expected: requests.map((request) => prescribe(policy, request).decision) };
}

/** The first decision that is not the expected one, with its case: of batch, of walk, of a single call. */
export function firstDifference(batch: Batch, module?: WebAssembly.Module): string | undefined {
  const { policy, requests, expected } = batch;
  const kernel = new WasmKernel(policy, Math.max(requests.length, 1), module);
  for (const [index, request] of requests.entries()) kernel.writeRequest(index, request);
  const decide = {
    batch: () => kernel.decideBatch(requests.length),
    walk: () => kernel.walkBatch(requests.length),
    call: () => kernel.decideAt(0),
  };
  for (const [way, run] of Object.entries(decide)) {
    run();
    for (const [index, decision] of expected.entries()) {
      const found = kernel.readDecision(index);
      const field = (Object.keys(decision) as (keyof Decision)[]).find((name) => found[name] !== decision[name]);
      if (field !== undefined)
        return `${way}: ${field} is ${found[field]}, expected ${decision[field]}; ${show(policy, requests[index])}`;
      if (way === "call") break;
    }
  }
  return undefined;
}

function show(policy: Policy, request: Request | undefined): string {
  return JSON.stringify({ policy, request }, (_key, field: unknown) =>
    typeof field === "bigint" ? `${field}n` : field,
  );
}
