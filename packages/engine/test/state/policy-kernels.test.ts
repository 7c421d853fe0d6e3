import {
  type Kernel,
  type Policy,
  parseExact,
  policyDigest,
  prescribe,
  snapshotToJson,
  toHex,
  writeExact,
} from "@calybris/kernel";
import { expect, test } from "vitest";
import { nodeSha256 } from "../../src/journal/chain-hash.ts";
import { PolicyBook } from "../../src/state/policy-book.ts";
import type { PolicyVersion } from "../../src/state/policy-version.ts";
import { sampleSnapshot } from "../support/sample-snapshot.ts";

// Goal: a policy owns its kernel, built once while it is active; superseded policies do not keep memory for kernels.

function activate(book: PolicyBook, policyId: number): void {
  const snapshot = sampleSnapshot(BigInt(policyId));
  const embedded = {
    policyId,
    policyDigest: toHex(policyDigest(snapshot.policy, nodeSha256)),
    snapshot: parseExact(writeExact(snapshotToJson(snapshot))),
  };
  const body =
    policyId === 1
      ? ({ kind: "genesis", format: 2, ...embedded, policyId: 1 } as const)
      : ({ kind: "policy", change: "promoted", actor: "system:ana", ...embedded } as const);
  book.check(10 * policyId, 0, body);
  book.apply(10 * policyId, 0, body);
}

test("the active policy builds its kernel once, and of the superseded ones only the last asked for has one", () => {
  const built: bigint[] = [];
  const kernelFor = (policy: Policy): Kernel => {
    built.push(policy.policyEpoch);
    return { prescribe: (request) => prescribe(policy, request).decision };
  };
  const book = new PolicyBook(kernelFor);
  for (let id = 1; id <= 3; id++) {
    activate(book, id);
    expect(book.active.prepared).toBe(book.active.prepared);
  }
  const [one, two, three] = book.all as readonly [PolicyVersion, PolicyVersion, PolicyVersion];
  expect(built).toEqual([1n, 2n, 3n]);
  expect(book.kernelOf(three)).toBe(three.prepared.kernel);
  const kernelOfOne = book.kernelOf(one);
  expect(book.kernelOf(one)).toBe(kernelOfOne);
  expect(built).toEqual([1n, 2n, 3n, 1n]);
  book.kernelOf(two);
  expect(book.kernelOf(one)).not.toBe(kernelOfOne);
  expect(built).toEqual([1n, 2n, 3n, 1n, 2n, 1n]);
  expect(book.kernelOf(three)).toBe(three.prepared.kernel);
  expect(built).toHaveLength(6);
});
