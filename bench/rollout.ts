/**
 * Costs of a rollout: the time of a shadow decision, the number of outcomes until the gates pass by effect size, and the
 * rate at which a worse policy passes if the gates are checked after every outcome.
 * @module
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { builtInCatalogPath, type ClientRequest, Engine, loadPolicy, parsePolicyFile } from "@calybris/engine";
import { GATES, readJsonFile, tierFloorsOf } from "@calybris/engine/internal";
import { type ComparedRow, DifferenceTest, kOfLargestWeight } from "@calybris/estimate";
import {
  type DecisionEntry,
  type PolicySnapshot,
  type Recommendation,
  Redecider,
  type Request,
  wasmKernel,
} from "@calybris/kernel";
import { alternate, markdownTable, median, seededBelow } from "./harness.ts";
import { POLICY as LEARNING_POLICY } from "./service-policy.ts";

const POLICY = join(import.meta.dirname, "..", "examples", "demo", "policy.jsonc");

const TIERS = 2;
const EXPLORATION = 0.05;
/** Maximum weight of a decision by an active policy that learns, as fixed before a comparison. */
const K = kOfLargestWeight(TIERS / EXPLORATION);
/** Propensities of the active policy's preferred arm and of an explored one. */
const FAVOURED = 1 - EXPLORATION / TIERS;
const BASE = 0.5;
const SEED = 20_261;

/** Prints the cost of a shadow, and the tables of the gates. Only the first two tables depend on the machine. */
export async function benchRollout({ full }: { readonly full: boolean }): Promise<string> {
  const [runs, most] = full ? [200, 100_000] : [2, 200];
  const policy = await loadPolicy(POLICY);
  return [
    shadowTable(policy, full),
    await engineTable(full),
    powerTable(runs, most),
    falseTable(runs, full ? 20_000 : 200),
  ].join("\n\n");
}

/** Processor time of this thread per decision. */
function shadowTable(policy: PolicySnapshot, full: boolean): string {
  const entries = entriesOf(policy, full ? 5_000 : 50);
  const kernel = wasmKernel(policy.policy);
  const redecider = new Redecider(policy, policy, kernel, tierFloorsOf(policy));
  const decideAgain = (of: readonly DecisionEntry[]) => (): void => {
    for (const entry of of) redecider.decide(entry);
  };
  const learned = entries.map((entry) => ({ ...entry, learning: LEARNED }));
  const rates = alternate(
    [
      {
        name: "the kernel alone",
        count: entries.length,
        run: () => void entries.map((one) => kernel.prescribe(one.request)),
      },
      { name: "the shadow of a decision", count: entries.length, run: decideAgain(entries) },
      { name: "the shadow of a learned decision", count: entries.length, run: decideAgain(learned) },
    ],
    { rounds: full ? 9 : 1, sampleSeconds: full ? 0.3 : 0.01 },
  );
  const rows = [...rates].map(([name, perSecond]) => [name, (1e6 / perSecond).toFixed(2)]);
  return markdownTable([`of a policy of ${policy.policy.candidates.length} candidates`, "µs each"], rows);
}

/**
 * Processor time of an engine's ordering thread per decision, without and with a staged policy, in alternation: the full
 * cost of a shadow, including its bytes in the entry and its counts.
 */
async function engineTable(full: boolean): Promise<string> {
  const { value: catalog } = await readJsonFile(builtInCatalogPath("llm"));
  const of = (epoch: number, learning?: object): PolicySnapshot =>
    parsePolicyFile({ ...LEARNING_POLICY, epoch, learning }, catalog);
  const rows: string[][] = [];
  for (const [name, learning] of [
    ["does not learn", undefined],
    ["learns", {}],
  ] as const) {
    const [alone, staged] = await inTurns(of(1, learning), of(2, learning), full ? [11, 20_000] : [1, 200]);
    rows.push([name, alone.toFixed(2), staged.toFixed(2), (staged - alone).toFixed(2)]);
  }
  return markdownTable(["an engine whose policy", "µs a decision", "with a staged policy", "a shadow takes"], rows);
}

const BATCH = 250;

/** Medians over alternating rounds. */
async function inTurns(
  active: PolicySnapshot,
  staged: PolicySnapshot,
  [rounds, count]: readonly [number, number],
): Promise<readonly [number, number]> {
  const directory = mkdtempSync(join(tmpdir(), "calybris-rollout-"));
  const engine = await Engine.open({ directory, policy: active });
  const below = seededBelow(SEED);
  const request = (): ClientRequest => ({
    inputTokens: 50 + below(6_000),
    outputTokens: 20 + below(1_500),
    valueMicrocents: 20_000_000 + below(80_000_000),
    riskBps: below(3_000),
  });
  const round = async (): Promise<number> => {
    const before = process.threadCpuUsage();
    for (let done = 0; done < count; done += BATCH) await engine.decideMany(Array.from({ length: BATCH }, request));
    const { user, system } = process.threadCpuUsage(before);
    return (user + system) / count;
  };
  const [alone, beside]: [number[], number[]] = [[], []];
  try {
    for (let turn = 0; turn <= rounds; turn += 1) {
      const first = await round();
      await engine.rollout.stage(staged);
      const second = await round();
      await engine.rollout.rollBack(1);
      // The first turn warms up.
      if (turn === 0) continue;
      alone.push(first);
      beside.push(second);
    }
  } finally {
    await engine.close();
    rmSync(directory, { recursive: true });
  }
  return [median(alone), median(beside)];
}

const LEARNED: Recommendation = {
  regime: 3,
  score: 500,
  features: [1_000, 500],
  floorBps: 6_000,
  source: "tracker",
  anomalous: false,
  holdout: false,
  belief: 7,
  draw: 5,
  tier: 1,
  propensity: 2 ** 31,
  explored: false,
};

function entriesOf(policy: PolicySnapshot, count: number): readonly DecisionEntry[] {
  const below = seededBelow(SEED);
  const kernel = wasmKernel(policy.policy);
  const [first] = Object.keys(policy.useCases);
  return Array.from({ length: count }, (_, index) => {
    const request = {
      sequence: BigInt(index + 1),
      requestedId: policy.policy.candidates[below(policy.policy.candidates.length)]?.id ?? 0,
      inputTokens: 50 + below(6_000),
      outputTokens: 20 + below(1_500),
      valueMicrocents: BigInt(100_000 + below(400_000_000)),
      budgetLimitMicrocents: 2n ** 64n - 1n,
      riskBps: below(3_000),
      confidenceBps: 9_000,
      qualityMinBps: 5_000,
      latencyMaxMs: 0,
      capabilitiesRequired: 0n,
      providersAllowed: 2n ** 64n - 1n,
      regionsRequired: 0n,
    } as unknown as Request;
    const decision = kernel.prescribe(request);
    return { kind: "decision", useCase: first ?? "default", defaulted: ["floor"], request, decision, identity: "" };
  });
}

/** A candidate policy that chooses the other arm in a share of decisions, where the reward is higher by `effect`. */
interface Candidate {
  readonly changedShare: number;
  readonly effect: number;
}

interface Run {
  /** Outcomes until the gate passed; `undefined` if it did not. */
  readonly passedAt: number | undefined;
}

/** Simulates outcomes of a policy that explores 5 %, until the test passes or `most` is reached. */
function watch({ changedShare, effect }: Candidate, margin: number, most: number, seed: number): Run {
  const below = seededBelow(seed);
  const uniform = (): number => below(2 ** 30) / 2 ** 30;
  const judged = new DifferenceTest({ alpha: GATES.alpha, k: K, margin });
  const logged = [FAVOURED, 1 - FAVOURED];
  const other = [1 - FAVOURED, FAVOURED];
  for (let outcome = 1; outcome <= most; outcome++) {
    const isChanged = uniform() < changedShare;
    const chosen = uniform() < FAVOURED ? 0 : 1;
    const mean = isChanged && chosen === 1 ? BASE + effect : BASE;
    const reward = uniform() < mean ? 1 : 0;
    const row: ComparedRow = {
      logged,
      incumbent: logged,
      target: isChanged ? other : logged,
      predicted: [BASE, BASE],
      chosen,
      reward,
    };
    judged.add(row);
    if (judged.passedAt !== undefined) return { passedAt: outcome };
  }
  return { passedAt: undefined };
}

/** The difference in reward per decision. */
function gain({ changedShare, effect }: Candidate): number {
  return changedShare * effect * (2 * FAVOURED - 1);
}

function runsOf(candidate: Candidate, margin: number, runs: number, most: number): readonly Run[] {
  return Array.from({ length: runs }, (_, run) => watch(candidate, margin, most, SEED + run));
}

function percentile(runs: readonly Run[], share: number, most: number): string {
  const sorted = runs.map(({ passedAt = Number.POSITIVE_INFINITY }) => passedAt).sort((one, other) => one - other);
  const found = sorted[Math.min(sorted.length - 1, Math.ceil(share * sorted.length) - 1)] ?? Number.POSITIVE_INFINITY;
  return Number.isFinite(found) ? found.toLocaleString("en") : `over ${most.toLocaleString("en")}`;
}

function powerTable(runs: number, most: number): string {
  const better = [0.2, 0.1, 0.05, 0.03].map((effect): readonly [string, Candidate, number] => [
    "(b) better",
    { changedShare: 1, effect: effect / (2 * FAVOURED - 1) },
    GATES.margin,
  ]);
  const near: readonly (readonly [string, Candidate, number])[] = [
    ["(a) no worse", { changedShare: 0, effect: 0 }, -GATES.margin],
    ["(a) no worse", { changedShare: 0.01, effect: 0 }, -GATES.margin],
    ["(a) no worse", { changedShare: 0.03, effect: 0 }, -GATES.margin],
    ["(a) no worse", { changedShare: 0.05, effect: 0 }, -GATES.margin],
  ];
  const rows = [...better, ...near].map(([gate, candidate, margin]) => {
    const found = runsOf(candidate, margin, runs, most);
    const passed = found.filter(({ passedAt }) => passedAt !== undefined).length;
    return [
      gate,
      `${(100 * candidate.changedShare).toFixed(0)} %`,
      gain(candidate).toFixed(3),
      percentile(found, 0.5, most),
      percentile(found, 0.9, most),
      `${passed} of ${runs}`,
    ];
  });
  return markdownTable(
    ["gate", "actions that differ", "difference of reward", "outcomes, median", "90 % of runs", "passed"],
    rows,
  );
}

/** False passes at the margin: the hardest case, because such a policy is the best of those that count as worse. */
function falseTable(runs: number, most: number): string {
  const spread = 2 * FAVOURED - 1;
  const cases: readonly (readonly [string, Candidate, number])[] = [
    ["(a) no worse", { changedShare: 0.05, effect: -GATES.margin / 0.05 / spread }, -GATES.margin],
    ["(a) no worse", { changedShare: 1, effect: -GATES.margin / spread }, -GATES.margin],
    ["(a) no worse", { changedShare: 1, effect: -0.05 / spread }, -GATES.margin],
    ["(b) better", { changedShare: 1, effect: GATES.margin / spread }, GATES.margin],
    ["(b) better", { changedShare: 1, effect: 0 }, GATES.margin],
  ];
  const rows = cases.map(([gate, candidate, margin]) => {
    const passed = runsOf(candidate, margin, runs, most).filter(({ passedAt }) => passedAt !== undefined).length;
    const changed = `${(100 * candidate.changedShare).toFixed(0)} %`;
    return [
      gate,
      changed,
      gain(candidate).toFixed(3),
      `${passed} of ${runs}`,
      `${((100 * passed) / runs).toFixed(1)} %`,
    ];
  });
  return markdownTable(["gate", "actions that differ", "difference of reward", "passed", "share, at most 5 %"], rows);
}
