/**
 * Bytes of a decision's entry, including its newline: as written by the service, and the addition of each optional member.
 * @module
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { builtInCatalogPath, type ClientRequest, Engine, parseBudgets, parsePolicyFile } from "@calybris/engine";
import { readJsonFile } from "@calybris/engine/internal";
import {
  bps,
  candidateId,
  costMicrocents,
  DECISION_FIELDS,
  type DecisionEntry,
  decisionMembers,
  mask,
  microcents,
  parseEntryBody,
  parseEntryHead,
  parseEntryLine,
} from "@calybris/kernel";
import type { BenchOptions } from "./bench.ts";
import { seededBelow } from "./harness.ts";
import { POLICY } from "./service-policy.ts";

const REQUESTED = ["gpt-5.1", "gpt-5-mini", "gpt-4.1"] as const;

/** The example value of each optional member. */
const EXAMPLES: Readonly<Partial<DecisionEntry>> = {
  policyId: 12,
  actor: 1_234,
  onBehalfOf: "ana@example.com",
  useCase: "support",
  reservationSeconds: 600,
  headroomMicrocents: microcents(12_345_678n),
  asked: { budgetMicrocents: costMicrocents(12_345_678n), providers: mask(3n), qualityMinBps: bps(7_500) },
  tags: { team: "search", stage: "live" },
  session: "0193f6d2-7a61-7c33-9a41-0123456789ab",
  promptDigest: "A".repeat(43),
  acted: candidateId(12),
  reservedMicrocents: costMicrocents(12_345_678n),
  basis: "estimate",
  shadow: { action: "substitute", candidateId: candidateId(12) },
};

export async function benchEntry({ full, requests = full ? 5_000 : 200 }: BenchOptions): Promise<string> {
  const directory = mkdtempSync(join(tmpdir(), "calybris-bench-"));
  try {
    await decide(directory, requests);
    const lines = readdirSync(directory)
      .filter((file) => file.endsWith(".jsonl"))
      .sort()
      .flatMap((file) => readFileSync(join(directory, file), "utf8").split("\n"));
    return [...sizes(lines), "", ...memberSizes(lines)].join("\n");
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/** Decides requests like those of the service benchmark: each learns and reserves, and names its actor. */
async function decide(directory: string, count: number): Promise<void> {
  const catalog = await readJsonFile(builtInCatalogPath("llm"));
  const engine = await Engine.open({ directory, policy: parsePolicyFile(POLICY, catalog.value) });
  await engine.ledger.apply(parseBudgets({ tenants: { acme: {} } }));
  await engine.ledger.grant({ tenant: "acme", amountMicrocents: 2n ** 62n, id: "all" });
  const below = seededBelow(1);
  const all = Array.from(
    { length: count },
    (_, index): ClientRequest => ({
      requestId: `run-1-${index}`,
      tenant: "acme",
      requested: REQUESTED[below(REQUESTED.length)],
      inputTokens: 50 + below(6_000),
      outputTokens: 20 + below(1_500),
      valueMicrocents: 20_000_000 + below(80_000_000),
      riskBps: below(5_000),
      capabilities: ["tools"],
      regions: ["eu"],
    }),
  );
  const actor = engine.keys.introduce({ name: "bench", sha256: "0".repeat(64), scopes: ["decide"] });
  for (let from = 0; from < count; from += 1_000) await engine.decideMany(all.slice(from, from + 1_000), actor);
  await engine.close();
}

function sizes(lines: readonly string[]): readonly string[] {
  const bytes = lines
    .filter((line) => line.includes('"kind":"decision"'))
    .map((line) => Buffer.byteLength(line) + 1)
    .sort((a, b) => a - b);
  const mean = Math.round(bytes.reduce((total, each) => total + each, 0) / bytes.length);
  const at = (share: number): number => bytes[Math.floor((bytes.length - 1) * share)] ?? 0;
  return [
    "| decisions | mean bytes | median | 99% | most |",
    "| --- | --- | --- | --- | --- |",
    `| ${bytes.length} | ${mean} | ${at(0.5)} | ${at(0.99)} | ${at(1)} |`,
  ];
}

function memberSizes(lines: readonly string[]): readonly string[] {
  const line = lines.findLast((each) => each.includes('"kind":"decision"')) ?? "";
  const data = parseEntryLine(line)?.data ?? "";
  const head = parseEntryHead(data);
  const policy = { candidates: [] } as never;
  const entry = head && (parseEntryBody(head, data, () => ({ policy, spendLimit: "none" })) as DecisionEntry);
  if (entry === undefined) throw new Error("the journal holds no decision");
  const whole = { ...entry, ...EXAMPLES };
  const rows = DECISION_FIELDS.flatMap(({ key, write }) => {
    const value = write(whole);
    if (value === undefined) return [];
    const isThere = write(entry) !== undefined;
    return [`| \`${key}\` | ${Buffer.byteLength(`,"${key}":${value}`)} | ${isThere ? "yes" : ""} | \`${value}\` |`];
  });
  const text = Buffer.byteLength(decisionMembers(entry));
  return [
    "| member | bytes | in the entries above | measured with |",
    "| --- | --- | --- | --- |",
    ...rows,
    "",
    `Members of a decision above: ${text} bytes; head and chain: ${Buffer.byteLength(line) + 1 - text}.`,
  ];
}
