/**
 * Decisions per second of the kernels. All contestants decide the same requests and must make the same decisions: the
 * records must have the same checksum, and the objects the fields of the reference kernel.
 * @module
 */
import assert from "node:assert/strict";
import { cpus } from "node:os";
import { compileSources, readSources } from "../packages/kernel/assembly/build.ts";
import {
  DECISION_BYTES,
  type Decision,
  type Policy,
  prescribe,
  REQUEST_BYTES,
  type Request,
  WasmKernel,
} from "../packages/kernel/src/index.ts";
import { alternate, allocatedBytes, type Contestant, checksum, markdownTable, type Sampling } from "./harness.ts";
import { boundaryTable } from "./kernel-boundary.ts";
import { threadsTable } from "./kernel-threads.ts";
import { type PlainDecision, plainKernel, plainRequest } from "./plain-kernel.ts";
import { type Workload, WORKLOADS } from "./workload.ts";

export interface BenchOptions {
  /** A million requests and the published number of rounds; otherwise a smoke run, which only tests the benchmark. */
  readonly full: boolean;
}

const SEED = 20_260_101;
/** Target speed relative to the walk over all candidates, by catalog size, on mixed gates. */
const TARGETS: ReadonlyMap<number, number> = new Map([
  [4, 1.7],
  [22, 3.5],
  [64, 6],
]);
/** Objects are two orders of magnitude slower than records, so fewer requests suffice. */
const OBJECT_SHARE = 50;

export async function benchKernel({ full }: BenchOptions): Promise<string> {
  const count = full ? 1_000_000 : 500;
  const sampling: Sampling = full ? { rounds: 7, sampleSeconds: 0.12 } : { rounds: 1, sampleSeconds: 0 };
  const unfiltered = await compileUnfiltered(full ? "-O3" : "-O0");
  const machine = `${cpus()[0]?.model ?? "unknown processor"}, Node ${process.versions.node}`;
  const sections: string[] = [
    `${machine}. ${count} requests a workload, seed ${SEED}, median of ${sampling.rounds} alternating rounds, by processor time.`,
  ];
  for (const workload of Object.values(WORKLOADS)) {
    const sizes = [...TARGETS.keys()];
    const rows = sizes.map((size) => benchSize(workload, size, count, unfiltered, sampling));
    const header = Object.keys(rows[0] ?? {});
    sections.push(
      `Millions of decisions per second, ${workload.title}:`,
      markdownTable(
        header,
        rows.map((row) => Object.values(row)),
      ),
    );
  }
  sections.push(
    "Two threads, mixed gates:",
    await threadsTable(full ? [...TARGETS.keys()] : [4], count, SEED, sampling),
  );
  sections.push("At the boundary, 22 candidates, mixed gates:", boundaryTable(count, SEED, sampling));
  return sections.join("\n\n");
}

/** The kernel without its interval filter, to measure the gain from masks alone. */
async function compileUnfiltered(optimization: "-O0" | "-O3"): Promise<WebAssembly.Module> {
  const sources = new Map(await readSources());
  const masked = sources.get("masked.as.ts") ?? "";
  const unfiltered = masked.replace("FILTER_ABOVE: i64 = 8", "FILTER_ABOVE: i64 = 64");
  assert.notEqual(unfiltered, masked);
  return new WebAssembly.Module(await compileSources(sources.set("masked.as.ts", unfiltered), optimization));
}

function benchSize(
  workload: Workload,
  candidateCount: number,
  count: number,
  unfiltered: WebAssembly.Module,
  sampling: Sampling,
): Readonly<Record<string, string>> {
  const policy = workload.policyOf(candidateCount, SEED);
  const kernel = new WasmKernel(policy, count);
  const masks = new WasmKernel(policy, count, unfiltered);
  const objects: Request[] = [];
  let written = 0;
  for (const request of workload.requestsOf(count, candidateCount, SEED)) {
    if (written < Math.max(count / OBJECT_SHARE, 100)) objects.push(request);
    kernel.writeRequest(written, request);
    masks.writeRequest(written++, request);
  }
  const records = recordContestants(kernel, masks, policy, count);
  const sum = verify(records);
  const hasPlain = workload !== WORKLOADS.extremeMagnitudes;
  verifyObjects(kernel, policy, objects, hasPlain);
  const contestants = [...records, ...objectContestants(policy, objects, hasPlain)];
  const rates = alternate(contestants, sampling);
  const rate = (name: string): number => rates.get(name) ?? Number.NaN;
  const millions = (name: string): string => (rates.has(name) ? (rate(name) / 1e6).toFixed(2) : "–");
  const target = workload === WORKLOADS.mixedGates ? TARGETS.get(candidateCount) : undefined;
  return {
    candidates: `${candidateCount}`,
    "reference (BigInt)": millions("reference"),
    "plain numbers": millions("plain"),
    walk: millions("walk"),
    masks: millions("masks"),
    "batch (masks and filter)": millions("batch"),
    "per call": millions("per call"),
    "per call by index": millions("by index"),
    "per call, records copied": millions("copied"),
    "per call, objects": millions("objects"),
    "batch / walk": (rate("batch") / rate("walk")).toFixed(2),
    target: target?.toFixed(1) ?? "–",
    "per call / batch": (rate("per call") / rate("batch")).toFixed(2),
    "copied / batch": (rate("copied") / rate("batch")).toFixed(2),
    "bytes allocated (batch, call, copied)": allocationOf(records, ["batch", "per call", "copied"]),
    checksum: sum.toString(16),
  };
}

interface RecordContestant extends Contestant {
  /** Its decisions after a run. */
  readonly decisions: Uint32Array;
}

/** Contestants that read and write records. */
function recordContestants(kernel: WasmKernel, masks: WasmKernel, policy: Policy, count: number): RecordContestant[] {
  const { decide } = kernel;
  const decisions = kernel.decisionWords();
  const inPlace = (name: string, run: () => void): RecordContestant => ({ name, count, run, decisions });
  return [
    inPlace("walk", () => kernel.walkBatch(count)),
    { ...inPlace("masks", () => masks.decideBatch(count)), decisions: masks.decisionWords() },
    inPlace("batch", () => kernel.decideBatch(count)),
    inPlace("per call", () => {
      let request = kernel.requestAddress(0);
      let decision = kernel.decisionAddress(0);
      for (let at = 0; at < count; at++) {
        decide(request, decision);
        request += REQUEST_BYTES;
        decision += DECISION_BYTES;
      }
    }),
    inPlace("by index", () => {
      for (let at = 0; at < count; at++) kernel.decideAt(at);
    }),
    copying(kernel, policy, count),
  ];
}

/** Copies each record in from the caller's memory, and the decision out: marshalling without objects. */
function copying(kernel: WasmKernel, policy: Policy, count: number): RecordContestant {
  const single = new WasmKernel(policy);
  const { decide } = single;
  const [request, decision] = [single.requestAddress(0), single.decisionAddress(0)];
  const [into, out] = [inDoubles(single.requestWords()), inDoubles(single.decisionWords())];
  const from = inDoubles(kernel.requestWords().slice());
  const decisions = new Uint32Array(kernel.decisionWords().length);
  const to = inDoubles(decisions);
  const run = (): void => {
    for (let at = 0; at < count; at++) {
      for (let word = 0; word < into.length; word++) into[word] = from[at * into.length + word] as bigint;
      decide(request, decision);
      for (let word = 0; word < out.length; word++) to[at * out.length + word] = out[word] as bigint;
    }
  };
  return { name: "copied", count, run, decisions };
}

/** The same memory in 64-bit words, of which half as many are copied. */
function inDoubles(words: Uint32Array): BigUint64Array {
  return new BigUint64Array(words.buffer, words.byteOffset, words.length / 2);
}

/** Contestants that take and return objects. */
function objectContestants(policy: Policy, objects: readonly Request[], hasPlain: boolean): Contestant[] {
  const count = objects.length;
  const single = new WasmKernel(policy);
  const decidePlainly = plainKernel(policy);
  const plainRequests = objects.map(plainRequest);
  let sink: Decision | PlainDecision | undefined;
  const plain: Contestant = {
    name: "plain",
    count,
    run: () => {
      for (const request of plainRequests) sink = decidePlainly(request);
    },
  };
  return [
    ...(hasPlain ? [plain] : []),
    {
      name: "objects",
      count,
      run: () => {
        for (const request of objects) sink = single.prescribe(request);
      },
    },
    {
      name: "reference",
      count,
      run: () => {
        for (const request of objects) sink = prescribe(policy, request).decision;
        assert(sink !== undefined);
      },
    },
  ];
}

/** Bytes allocated on the heap per decision, for each named contestant. */
function allocationOf(contestants: readonly RecordContestant[], names: readonly string[]): string {
  const some = contestants.filter(({ name }) => names.includes(name));
  return some.map(({ run, count }) => allocatedBytes(run, count)).join(", ");
}

/** Checks that all contestants write the same records. Returns their checksum. */
function verify(contestants: readonly RecordContestant[]): number {
  const sums = contestants.map(({ run, decisions }) => {
    run();
    return checksum(decisions);
  });
  assert.equal(new Set(sums).size, 1, `checksums ${sums}`);
  return sums[0] ?? 0;
}

/** Checks the decisions of the first requests against the reference kernel, and those of the plain kernel. */
function verifyObjects(kernel: WasmKernel, policy: Policy, objects: readonly Request[], hasPlain: boolean): void {
  const decidePlainly = plainKernel(policy);
  for (const [index, request] of objects.entries()) {
    const decision = kernel.readDecision(index);
    assert.deepEqual(decision, prescribe(policy, request).decision);
    if (!hasPlain) continue;
    const { selectedId, costMicrocents, utilityMicrocents, counterfactualId, eligibleCount } = decision;
    const cost = Number(costMicrocents);
    const utility = Number(utilityMicrocents);
    const found = decidePlainly(plainRequest(request));
    assert.deepEqual(found, { selectedId, cost, utility, counterfactualId, eligibleCount });
  }
}
