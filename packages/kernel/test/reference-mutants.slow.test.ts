import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { prescribe } from "../src/index.ts";
import { CONTRACT, type Decide } from "./contract.ts";
import { loadPlanted, type Stripped, stripSources } from "./planted-copy.ts";
import { readVectors } from "./vectors.ts";

// Goal: the definition is pinned down by what is written about it. A slip in any of its rules contradicts a published
// vector or a claim of the contract; one of the two is enough.
// Method: the sources are copied, one piece of text is replaced, and the copy is loaded.
const VECTORS = readVectors();

const MUTANTS: readonly (readonly [fault: string, file: string, from: string, to: string])[] = [
  [
    "a risk at the hard limit passes",
    "prescribe",
    "request.riskBps >= policy.riskHardLimitBps",
    "request.riskBps > policy.riskHardLimitBps",
  ],
  [
    "a confidence at its least is refused",
    "prescribe",
    "request.confidenceBps < policy",
    "request.confidenceBps <= policy",
  ],
  [
    "a quality at the threshold is refused",
    "gates",
    "candidate.qualityBps >= request",
    "candidate.qualityBps > request",
  ],
  [
    "a latency at the limit is refused",
    "gates",
    "candidate.latencyP95Ms <= request",
    "candidate.latencyP95Ms < request",
  ],
  [
    "one capability is enough",
    "gates",
    "candidate.capabilities) === request.capabilitiesRequired",
    "candidate.capabilities) !== 0n",
  ],
  [
    "provider 64 is admitted to all providers",
    "gates",
    "candidate.providerId <= PROVIDER_ID_MAX",
    "candidate.providerId <= 64",
  ],
  [
    "all regions are required",
    "gates",
    "(request.regionsRequired & candidate.regions) !== 0n",
    "(request.regionsRequired & candidate.regions) === request.regionsRequired",
  ],
  ["a risk at the ceiling is refused", "gates", "request.riskBps <= candidate", "request.riskBps < candidate"],
  [
    "a cost at the budget is refused",
    "gates",
    "cost(request, candidate) <= request",
    "cost(request, candidate) < request",
  ],
  ["no utility is enough", "gates", "utilityMicrocents > 0n", "utilityMicrocents >= 0n"],
  ["the first of tied reasons is given", "gates", "counts[name] >= (dominant", "counts[name] > (dominant"],
  [
    "tied reasons go to region and not to provider",
    "gates",
    '  "region",\n  "provider",\n  "quality",\n  "risk_ceiling",',
    '  "provider",\n  "region",\n  "quality",\n  "risk_ceiling",',
  ],
  ["a cost is rounded down", "arithmetic", "(dividend + divisor - 1n) / divisor", "dividend / divisor"],
  ["a cost wraps", "arithmetic", "total > U64_MAX ? U64_MAX : total", "total & U64_MAX"],
  [
    "risk is weighed by confidence",
    "arithmetic",
    "value * BigInt(request.riskBps)",
    "value * BigInt(request.confidenceBps)",
  ],
  [
    "a negative value counts",
    "arithmetic",
    "request.valueMicrocents > 0n ? request.valueMicrocents : 0n",
    "request.valueMicrocents",
  ],
  [
    "a utility is not clamped above",
    "arithmetic",
    "exact > I64_MAX ? I64_MAX : exact < I64_MIN",
    "exact > I64_MAX ? 0n : exact < I64_MIN",
  ],
  [
    "the more expensive of equals is preferred",
    "prescribe",
    "a.costMicrocents < b.costMicrocents ? -1 : 1",
    "a.costMicrocents > b.costMicrocents ? -1 : 1",
  ],
  [
    "the worse of equals is preferred",
    "prescribe",
    "b.candidate.qualityBps - a.candidate.qualityBps",
    "a.candidate.qualityBps - b.candidate.qualityBps",
  ],
  [
    "the higher id of equals is preferred",
    "prescribe",
    "a.candidate.id - b.candidate.id",
    "b.candidate.id - a.candidate.id",
  ],
  [
    "a hard limit walks the catalog",
    "prescribe",
    '"risk_hard_limit", 0)',
    '"risk_hard_limit", policy.candidates.length)',
  ],
  ["the runner-up is left out", "prescribe", "runnerUp?.candidate.id ?? NONE", "NONE"],
];

describe("a slip in the definition is noticed", () => {
  let folder: string;
  let stripped: Stripped;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "calybris-mutants-"));
    stripped = await stripSources();
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  async function load(name: string, file: string, from: string, to: string): Promise<Decide> {
    const copy = join(folder, name);
    const altered = await loadPlanted<{ prescribe: typeof prescribe }>(stripped, { file, from, to }, copy, "prescribe");
    return (policy, request) => altered.prescribe(policy, request).decision;
  }

  test("but nothing where none was made", async () => {
    expect(contradiction(await load("unaltered", "gates", "export const GATES", "export const GATES"))).toBeUndefined();
  });

  test.each(MUTANTS)("%s", async (fault, file, from, to) => {
    expect(contradiction(await load(fault.replaceAll(" ", "-"), file, from, to))).toBeDefined();
  });
});

/** The first claim that does not hold of it, or the first vector that it decides otherwise. */
function contradiction(decide: Decide): string | undefined {
  const claim = Object.entries(CONTRACT).find(([, holds]) => !does(() => holds(decide)));
  if (claim !== undefined) return claim[0];
  return VECTORS.find(
    ({ policy, request, expected }) => !does(() => expect(decide(policy, request)).toMatchObject(expected)),
  )?.name;
}

function does(hold: () => void): boolean {
  try {
    hold();
    return true;
  } catch {
    return false;
  }
}
