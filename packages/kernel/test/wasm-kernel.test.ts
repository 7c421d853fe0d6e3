import { expect, test } from "vitest";
import {
  CANDIDATE_COUNT_MAX,
  DECISION_BYTES,
  InvariantViolation,
  type Policy,
  prescribe,
  REQUEST_BYTES,
  sequence,
  WasmKernel,
} from "../src/index.ts";
import { candidateWith, policyWith, requestWith } from "./cases.ts";
import { RandomCases } from "./random-cases.ts";

test("a kernel keeps its policy as it was when it was built", () => {
  const candidates = [candidateWith()];
  const policy = { ...policyWith(candidates) };
  const kernel = new WasmKernel(policy);
  const before = kernel.prescribe(requestWith());
  candidates.length = 0;
  Object.assign(policy, { policyEpoch: 99n, catalogEpoch: 99n, riskHardLimitBps: 0 });
  expect(kernel.prescribe(requestWith())).toEqual(before);
});

test("requests of a batch do not touch each other, whatever order they are decided in", () => {
  const random = new RandomCases(5);
  const policy = random.policy();
  const requests = Array.from({ length: 50 }, () => random.request(policy));
  const kernel = new WasmKernel(policy, requests.length);
  for (const [index, request] of requests.entries()) kernel.writeRequest(index, request);
  for (let index = requests.length - 1; index >= 0; index--) kernel.decideAt(index);
  const decided = requests.map((_request, index) => kernel.readDecision(index));
  expect(decided).toEqual(requests.map((request) => prescribe(policy, request).decision));
  // Deciding one more leaves the others as they are.
  kernel.writeRequest(7, requestWith({ sequence: 777n }));
  kernel.decideAt(7);
  const others = decided.filter((_decision, index) => index !== 7);
  expect(
    requests.map((_request, index) => kernel.readDecision(index)).filter((_decision, index) => index !== 7),
  ).toEqual(others);
});

test("records are where the kernel says: words written by hand are decided as objects are", () => {
  const policy = policyWith([candidateWith()]);
  const byObject = new WasmKernel(policy, 2);
  byObject.writeRequest(1, requestWith());
  const byWord = new WasmKernel(policy, 2);
  byWord.requestWords().set(byObject.requestWords().subarray(REQUEST_BYTES / 4), REQUEST_BYTES / 4);
  byWord.decide(byWord.requestAddress(1), byWord.decisionAddress(1));
  byObject.decideAt(1);
  expect(byWord.decisionWords()).toEqual(byObject.decisionWords());
  expect(byWord.readDecision(1)).toEqual(prescribe(policy, requestWith()).decision);
  expect(byWord.requestAddress(1) - byWord.requestAddress(0)).toBe(REQUEST_BYTES);
  expect(byWord.decisionAddress(1) - byWord.decisionAddress(0)).toBe(DECISION_BYTES);
});

test("a decision stays what it was when the next is made", () => {
  const kernel = new WasmKernel(policyWith([candidateWith()]));
  const first = kernel.prescribe(requestWith());
  kernel.prescribe(requestWith({ sequence: 2n, riskBps: 9_600 }));
  expect(first).toMatchObject({ sequence: sequence(1n), action: "execute" });
});

test("what lies outside the batch, and catalogs beyond their limit, break an invariant", () => {
  const policy = policyWith([candidateWith()]);
  const kernel = new WasmKernel(policy, 2);
  for (const index of [-1, 2, Number.NaN]) {
    expect(() => kernel.writeRequest(index, requestWith())).toThrow(InvariantViolation);
    expect(() => kernel.decideAt(index)).toThrow(InvariantViolation);
    expect(() => kernel.readDecision(index)).toThrow(InvariantViolation);
    expect(() => kernel.requestAddress(index)).toThrow(InvariantViolation);
  }
  expect(() => kernel.decideBatch(3)).toThrow(InvariantViolation);
  expect(() => kernel.walkBatch(3)).toThrow(InvariantViolation);
  for (const capacity of [0, -1, 1.5, Number.NaN])
    expect(() => new WasmKernel(policy, capacity)).toThrow(InvariantViolation);
  const candidates = new Array(CANDIDATE_COUNT_MAX + 1).fill(candidateWith());
  expect(() => new WasmKernel({ ...policy, candidates } as Policy)).toThrow(InvariantViolation);
});
