/**
 * Costs around a decision of the Wasm kernel: the call, the records, the memory and the build; and the error of a benchmark
 * that repeats its requests.
 * @module
 */
import { prescribe, type Request, WasmKernel } from "../packages/kernel/src/index.ts";
import { readDecisionAt, viewsOf, writeRequestAt } from "../packages/kernel/src/wasm/records.ts";
import { allocatedBytes, alternate, markdownTable, type Sampling } from "./harness.ts";
import { WORKLOADS } from "./workload.ts";

const CANDIDATES = 22;
const REPEATED = 1_000;

export function boundaryTable(count: number, seed: number, sampling: Sampling): string {
  const { policyOf, requestsOf } = WORKLOADS.mixedGates;
  const policy = policyOf(CANDIDATES, seed);
  const requests = [...requestsOf(Math.min(count, 20_000), CANDIDATES, seed)];
  const many = requests.length;
  const kernel = new WasmKernel(policy, many);
  for (const [index, request] of requests.entries()) kernel.writeRequest(index, request);
  kernel.decideBatch(many);
  const decisions = kernel.decisionWords().slice();
  const views = viewsOf(decisions.buffer);
  const memory = viewsOf(new ArrayBuffer(80));
  const view = new DataView(new ArrayBuffer(80));
  const repeated = Math.min(REPEATED, many);
  const single = new WasmKernel(policy);
  let sink: unknown;
  const each = (run: (request: Request, index: number) => void) => (): void => {
    for (let index = 0; index < many; index++) run(requests[index] as Request, index);
  };
  const contestants = [
    { name: "loop", count: many, run: each((request) => (sink = request)) },
    { name: "write", count: many, run: each((request) => writeRequestAt(memory, 0, request)) },
    { name: "write view", count: many, run: each((request) => writeThroughView(view, request)) },
    { name: "read", count: many, run: each((_request, index) => (sink = readDecisionAt(views, index * 48, policy))) },
    { name: "round trip", count: many, run: each((request) => (sink = single.prescribe(request))) },
    { name: "batch", count: many, run: () => kernel.decideBatch(many) },
    {
      name: "repeated",
      count: repeated * Math.ceil(many / repeated),
      run: () => {
        for (let round = 0; round < Math.ceil(many / repeated); round++) kernel.decideBatch(repeated);
      },
    },
    { name: "build", count: 5, run: () => [1, 2, 3, 4, 5].map(() => new WasmKernel(policy)) },
  ];
  const rates = alternate(contestants, sampling);
  const loopNs = 1e9 / (rates.get("loop") ?? Number.NaN);
  /** Nanoseconds per item, minus the loop's overhead (`less`) for contestants that run once per request. */
  const ns = (name: string, less = 0): string => `${(1e9 / (rates.get(name) ?? Number.NaN) - less).toFixed(1)} ns`;
  const some = requests.slice(0, 100);
  for (const request of requests.slice(0, 5_000)) sink = prescribe(policy, request);
  const rows = [
    ["writing a request record through typed arrays", ns("write", loopNs)],
    ["the same through a DataView", ns("write view", loopNs)],
    ["reading a decision record into an object", ns("read", loopNs)],
    ["a round trip from object to object", ns("round trip", loopNs)],
    ["a decision within a batch, no two requests alike", ns("batch")],
    [`the same, ${repeated} requests repeated`, ns("repeated")],
    [
      "building a kernel for a policy",
      ns("build").replace(/[\d.]+ ns/, (text) => `${(Number.parseFloat(text) / 1e6).toFixed(2)} ms`),
    ],
    [
      "bytes on the heap for a round trip",
      `${allocatedBytes(() => some.map((request) => single.prescribe(request)), some.length)}`,
    ],
    [
      "bytes on the heap for a reference decision",
      `${allocatedBytes(() => some.map((request) => prescribe(policy, request)), some.length)}`,
    ],
  ];
  if (sink === undefined) throw new Error("every contestant has run");
  return markdownTable(["what", "takes"], rows);
}

/** The straightforward way: fields by name, 64-bit ones as BigInt. */
function writeThroughView(view: DataView, request: Request): void {
  view.setBigUint64(0, request.sequence, true);
  view.setUint32(8, request.requestedId, true);
  view.setUint32(12, request.inputTokens, true);
  view.setUint32(16, request.outputTokens, true);
  view.setBigInt64(24, request.valueMicrocents, true);
  view.setBigUint64(32, request.budgetLimitMicrocents, true);
  view.setUint16(40, request.riskBps, true);
  view.setUint16(42, request.confidenceBps, true);
  view.setUint16(44, request.qualityMinBps, true);
  view.setUint32(48, request.latencyMaxMs, true);
  view.setBigUint64(56, request.capabilitiesRequired, true);
  view.setBigUint64(64, request.providersAllowed, true);
  view.setBigUint64(72, request.regionsRequired, true);
}
