import { readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { expect, test } from "vitest";
import {
  ACTION_CODES,
  type Decision,
  DECISION_AT,
  DECISION_BYTES,
  REASON_CODES,
  REQUEST_AT,
  REQUEST_BYTES,
  type Request,
  readDecisionAt,
  readRequestAt,
  writeDecisionAt,
  writeRequestAt,
} from "../src/index.ts";
import { viewsOf } from "../src/wasm/records.ts";

const requestAt: Readonly<Record<keyof Request, number>> = REQUEST_AT;
const decisionAt: Readonly<Record<keyof Omit<Decision, "policyEpoch" | "catalogEpoch">, number>> = DECISION_AT;

/** The constants of the kernel's own layout that are plain numbers, with their widths. */
function layout(): ReadonlyMap<string, { readonly at: number; readonly type: string | undefined }> {
  const text = readFileSync(join(import.meta.dirname, "..", "assembly", "layout.as.ts"), "utf8");
  const lines = text.matchAll(/^export const (\w+): usize = (\d+);(?: \/\/ (\w+))?/gm);
  return new Map([...lines].map(([, name = "", at, type]) => [name, { at: Number(at), type }]));
}

test("each field of a request's record is where the kernel reads it", () => {
  const kernels = layout();
  expect(kernels.get("REQUEST_BYTES")?.at).toBe(REQUEST_BYTES);
  expect(kernels.get("DECISION_BYTES")?.at).toBe(DECISION_BYTES);
  for (const [field, at] of Object.entries(requestAt)) {
    const name = field
      .replace(/Microcents$/, "")
      .replaceAll(/[A-Z]/g, "_$&")
      .toUpperCase();
    expect({ field, at: kernels.get(name)?.at }).toEqual({ field, at });
  }
});

const u16 = fc.nat(0xffff);
const u32 = fc.nat(0xffff_ffff);
const u64 = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });
const i64 = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });
const request = fc.record({
  sequence: u64,
  requestedId: u32,
  inputTokens: u32,
  outputTokens: u32,
  valueMicrocents: i64,
  budgetLimitMicrocents: u64,
  riskBps: u16,
  confidenceBps: u16,
  qualityMinBps: u16,
  latencyMaxMs: u32,
  capabilitiesRequired: u64,
  providersAllowed: u64,
  regionsRequired: u64,
}) as unknown as fc.Arbitrary<Request>;
const decision = fc.record({
  sequence: u64,
  action: fc.constantFrom(...Object.keys(ACTION_CODES)),
  reason: fc.constantFrom(...Object.keys(REASON_CODES)),
  selectedId: u32,
  selectedIndex: u16,
  costMicrocents: u64,
  utilityMicrocents: i64,
  counterfactualId: u32,
  counterfactualUtilityMicrocents: i64,
  evaluatedCount: u16,
  eligibleCount: u16,
  policyEpoch: u64,
  catalogEpoch: u64,
}) as unknown as fc.Arbitrary<Decision>;

test("a record is read as it was written, wherever it is, and leaves nothing of what was there", () => {
  fc.assert(
    fc.property(request, decision, fc.nat(8), fc.nat(255), (asked, made, place, before) => {
      const views = viewsOf(new ArrayBuffer(256));
      views.u8.fill(before);
      const [from, to] = [8 * place, 8 * place + REQUEST_BYTES];
      writeRequestAt(views, from, asked);
      writeDecisionAt(views, to, made);
      expect(readRequestAt(views, from)).toEqual(asked);
      expect(readDecisionAt(views, to, made)).toEqual(made);
      expect(views.u8.subarray(0, from).every((byte) => byte === before)).toBe(true);
      expect(views.u8.subarray(to + DECISION_BYTES).every((byte) => byte === before)).toBe(true);
      const clean = viewsOf(new ArrayBuffer(256));
      writeRequestAt(clean, from, asked);
      writeDecisionAt(clean, to, made);
      expect(views.u8.slice(from, to + DECISION_BYTES)).toEqual(clean.u8.slice(from, to + DECISION_BYTES));
    }),
  );
});

test("no two fields of a record share a byte", () => {
  for (const places of [requestAt, decisionAt])
    expect(new Set(Object.values(places)).size).toBe(Object.keys(places).length);
});
