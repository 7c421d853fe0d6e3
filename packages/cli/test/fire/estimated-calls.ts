/**
 * Calls whose reservation is a calibrated estimate, because a bound by bytes is more than their tenant may reserve. What a
 * provider counts scatters widely around the length of a prompt, so that some calls exceed their estimate: how many, by how much,
 * and whether the ledger still ends at the bill.
 * @module
 */
import { type Chance, seededChance } from "../../../engine/test/support/seeded-chance.ts";
import { readEntries } from "../../src/journal/entries.ts";
import { logFiles } from "../../src/journal/log-lines.ts";
import { decisionIdOfIdentity } from "@calybris/kernel";
import { billed, charged, FireViolation, type Ledger, sumOf } from "./fire-books.ts";
import { send } from "./fire-calls.ts";
import { FireWorld } from "./fire-world.ts";

export interface EstimatedBudget {
  readonly seed: number;
  /** After those that the estimator learns from. */
  readonly calls: number;
  readonly milliseconds: number;
  readonly progress?: ((text: string) => void) | undefined;
}

export interface EstimatedReport {
  /** Calls that were reserved by an estimate. */
  readonly estimated: number;
  /** Those whose bill exceeded their reservation. */
  readonly overruns: number;
  /** Of the overruns: what exceeded, and the most in ten-thousandths of a reservation. */
  readonly overrunMicrocents: bigint;
  readonly overrunBpsMax: number;
  readonly reservedMicrocents: bigint;
  readonly billMicrocents: bigint;
}

/** A call of one tenant at a time: each has what its tenant may reserve. */
const LEARNER = "learner";
const TENANTS = Array.from({ length: 16 }, (_none, index) => `tenant-${index}`);
/** The estimator needs 99 for its miss rate of 1 %. */
const LEARNED_CALLS = 400;
/** Less than a bound by bytes of these prompts, 3,600 bytes and more at $2 a million, and more than nearly any estimate. */
const EXPOSURE_CAP_DOLLARS = "0.0075";
const PROMPT_BYTES_MIN = 3_600;
const PROMPT_BYTES_SPREAD = 1_000;
const OUTPUT_TOKENS = 50;
const NO_PACE = { latencyMs: 0, firstTokenMs: 0, tokensPerSecond: 0 };

export async function estimatedCalls(budget: EstimatedBudget): Promise<EstimatedReport> {
  await using world = await FireWorld.make([LEARNER, ...TENANTS], NO_PACE);
  const url = await world.gateway.start();
  await world.fund(url, LEARNER, {});
  for (const tenant of TENANTS) await world.fund(url, tenant, { exposureCapDollars: EXPOSURE_CAP_DOLLARS });
  const chance = seededChance(budget.seed);
  const endMs = performance.now() + budget.milliseconds;
  let number = 0;
  const work = async (key: string, until: number): Promise<void> => {
    while (number < until && performance.now() < endMs) {
      number += 1;
      await call(url, key, number, chance);
      budget.progress?.(`${number} calls`);
    }
  };
  await Promise.all(TENANTS.map(() => work(world.keys[0] ?? "", LEARNED_CALLS)));
  await Promise.all(TENANTS.map((_tenant, index) => work(world.keys[index + 1] ?? "", LEARNED_CALLS + budget.calls)));
  const ledger = (await world.operator(url).ledger()) as Ledger;
  await world.gateway.stop();
  return reportOf(world, ledger);
}

async function call(url: string, key: string, number: number, chance: Chance): Promise<void> {
  const bytes = PROMPT_BYTES_MIN + chance(PROMPT_BYTES_SPREAD);
  const asked = `Call ${number} [[mock: output=${OUTPUT_TOKENS} input=${tokensOf(bytes, chance)}]] `;
  const messages = [{ role: "user", content: asked.padEnd(bytes, "so on and so forth ") }];
  const { status } = await send(url, key, {
    path: "/v1/chat/completions",
    body: { model: "gpt-4.1", messages, max_completion_tokens: OUTPUT_TOKENS },
    ...{ tenant: 0, idempotencyKey: undefined, leavesAfterMs: undefined, isRepeated: false },
  });
  if (status !== 200 && status !== 402) throw new FireViolation(`call ${number} is answered ${status}`);
}

/** A token for four bytes in the middle, and a log-normal scatter around that; never more than there are bytes. */
function tokensOf(bytes: number, chance: Chance): number {
  const uniform = (): number => (chance(1_000_000) + 1) / 1_000_001;
  const normal = Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform());
  return Math.max(1, Math.min(bytes, Math.round((bytes / 4) * Math.exp(0.25 * normal))));
}

function reportOf(world: FireWorld, ledger: Ledger): EstimatedReport {
  const bills = new Map(billed(world.mock).map((row) => [row.request_id, BigInt(row.cost_microcents)]));
  const report = { estimated: 0, overruns: 0, overrunMicrocents: 0n, overrunBpsMax: 0, reservedMicrocents: 0n };
  for (const file of logFiles(world.journal).files)
    for (const { data } of readEntries(file)) {
      const entry = JSON.parse(data) as Data;
      if (entry.kind !== "decision" || entry.basis !== "estimate" || entry.reservedMicrocents === undefined) continue;
      const identity = Buffer.from(entry.identity, "base64url").toString("hex");
      const reserved = BigInt(entry.reservedMicrocents);
      const over = (bills.get(`${decisionIdOfIdentity(entry.sequence, identity)}/1`) ?? 0n) - reserved;
      report.estimated += 1;
      report.reservedMicrocents += reserved;
      if (over <= 0n) continue;
      report.overruns += 1;
      report.overrunMicrocents += over;
      report.overrunBpsMax = Math.max(report.overrunBpsMax, Number((over * 10_000n) / reserved));
    }
  const billMicrocents = sumOf(billed(world.mock));
  if (charged(ledger.total) !== billMicrocents)
    throw new FireViolation(`${billMicrocents} is billed, and ${charged(ledger.total)} is charged`);
  if (BigInt(ledger.total.reservedMicrocents) !== 0n)
    throw new FireViolation(`${ledger.total.reservedMicrocents} is reserved, although each cost is known`);
  return { ...report, billMicrocents };
}

interface Data {
  readonly kind: string;
  readonly sequence: number;
  readonly identity: string;
  readonly basis?: string;
  readonly reservedMicrocents?: string | number;
}
