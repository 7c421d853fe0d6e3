import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { Engine, loadPolicy } from "@calybris/engine";
import { beforeAll, describe, expect, test } from "vitest";
import { someOf } from "../../../../test/share.ts";
import { historyOf } from "../../../audit/test/histories/history.ts";
import { runHistory } from "../../../audit/test/histories/run-history.ts";
import { linesOf } from "../../../audit/test/money-workload.ts";
import { KINDS } from "../../src/journal/tail.ts";
import { calybris } from "../support/captured-terminal.ts";
import { newFolder, POLICY, Sandbox } from "../support/sample-files.ts";

const files = new Sandbox();

describe("entries of every kind, from honest histories of a real engine", () => {
  /** Each of these histories has a rare kind. Together they have every kind but those that no history writes. */
  const SEEDS: readonly number[] = [1_000, 1_001, 1_031, 1_047, 1_087];
  const UNMET: readonly string[] = ["attempt", "checkpoint", "clock", "key"];
  const directories: string[] = [];
  const samples = new Map<string, { readonly directory: string; readonly sequence: number }>();

  beforeAll(async () => {
    for (const seed of SEEDS) {
      const { disk } = await runHistory(historyOf(seed));
      const lines = linesOf(disk);
      const directory = newFolder();
      writeFileSync(join(directory, "segment-000001.jsonl"), lines.map((line) => `${line}\n`).join(""));
      directories.push(directory);
      for (const [index, line] of lines.entries()) {
        const kind = /"kind":"([a-z]+)"/.exec(line)?.[1] ?? "";
        if (!samples.has(kind)) samples.set(kind, { directory, sequence: index + 1 });
      }
    }
  });

  test("show explains each in one plain sentence first, as text and as JSON", async () => {
    expect([...samples.keys()].sort()).toEqual(KINDS.filter((kind) => !UNMET.includes(kind)).toSorted());
    for (const [kind, { directory, sequence }] of samples) {
      const { exit, out, complaints } = await calybris("show", String(sequence), "--journal", directory);
      expect({ kind, exit, complaints }).toEqual({ kind, exit: 0, complaints: "" });
      const [sentence = "", place] = out.split("\n");
      expect(sentence, kind).toMatch(/^[A-Za-z][^\n]*[a-z0-9)"%.]\.$/);
      expect(sentence, kind).not.toMatch(/undefined|NaN|\[object|null|microcents/);
      expect(place).toContain(`Entry ${sequence}, `);
      const { out: json } = await calybris("show", String(sequence), "--journal", directory, "--json");
      expect(JSON.parse(json), kind).toMatchObject({ kind, sequence, sentence });
    }
  });

  test("tail prints every entry, each on one line, in order", async () => {
    for (const directory of someOf(directories, 8)) {
      const { out } = await calybris("tail", "--journal", directory, "-n", "100000");
      const sequences = out.split("\n").map((line) => Number(line.split(" ")[0]));
      expect(sequences).toEqual(sequences.map((_sequence, index) => index + 1));
      expect(out).not.toMatch(/undefined|NaN|\[object/);
    }
  });
});

describe("who did what", () => {
  const journal = files.at("journal");
  const policy = files.write("policy.json", JSON.stringify(POLICY));
  let decisionId = "";
  let sequence = 0;
  const at = (...words: string[]) => calybris(...words, "--journal", journal);
  const tailed = async (...words: string[]): Promise<string[]> =>
    (await at("tail", "-n", "100", ...words)).out.split("\n");

  beforeAll(async () => {
    const engine = await Engine.open({ directory: journal, policy: await loadPolicy(policy) });
    const app = engine.keys.introduce({ name: "app", sha256: "a".repeat(64), scopes: ["decide"] });
    await engine.ledger.apply([{ tenant: "acme", metered: true, onShortfall: "substitute", reservationSeconds: 600 }], {
      onBehalfOf: "grace",
    });
    await engine.ledger.grant({ tenant: "acme", amountMicrocents: 2_500_000_000n, id: "invoice-7" }, { actor: app });
    const request = { requested: "grand", inputTokens: 1_200, tenant: "acme", budgetMicrocents: "5000000000" };
    const decided = await engine.decide({ ...request, onBehalfOf: "ada" }, app);
    ({ decisionId, sequence } = decided);
    await engine.decide({ requested: "grand", inputTokens: 10, riskBps: 9_500 });
    await engine.ledger.settle({ decisionId, actualMicrocents: 150_000n }, { actor: app });
    await engine.close();
  });

  test("show takes a sequence or a decision ID", async () => {
    const bySequence = await at("show", String(sequence));
    expect(await at("show", decisionId)).toEqual(bySequence);
    expect(bySequence.exit).toBe(0);
    const wrong = `${sequence}-${decisionId.endsWith("0") ? "1" : "0"}${decisionId.slice(-7)}`;
    expect(await at("show", wrong)).toMatchObject({
      exit: 2,
      complaints: expect.stringContaining("CAL_JOURNAL_DECISION_UNKNOWN"),
    });
  });

  test("a decision says who, what, how much; the claim is said to be one; defaults and replaced values are named", async () => {
    const { out } = await at("show", decisionId);
    expect(out.split("\n")[0]).toMatch(
      /^Key "app" \(entry \d+\), on behalf of "ada" \(claimed\), requested grand and got swift, at an estimated \$0\.\d+ instead of \$0\.\d+: \$0\.\d+ less\.$/,
    );
    expect(out).toMatch(/\n {2}requested +grand, 1,200 tokens in, 500 out/);
    expect(out).toMatch(/\n {2}defaults {3}value \$0\.34, risk 100 bps, confidence 9000 bps, .*not sent by the client/);
    expect(out).toMatch(/\n {2}replaced {3}budget: the client sent \$50, decided with \$0\.\d+/);
  });

  test("other entries say who, and what about which decision", async () => {
    const lines = await tailed("--kind", "settlement", "grant", "limit", "key");
    expect(lines).toHaveLength(4);
    expect(lines[0]).toContain('introduced the key "app", which may decide');
    expect(lines[1]).toMatch(/system:\S+, on behalf of "grace" \(claimed\), limited tenant "acme"/);
    expect(lines[2]).toContain('granted $25 to tenant "acme", under ID "invoice-7"');
    expect(lines[3]).toMatch(
      new RegExp(
        `Key "app" \\(entry \\d+\\) settled decision ${decisionId} at \\$0\\.0015; \\$0\\.\\d+ was reserved\\.`,
      ),
    );
  });

  test("filters by tenant take in what follows a decision of it", async () => {
    const kinds = (await tailed("--tenant", "acme")).map((line) => line.split(/ +/)[3]);
    expect(kinds).toEqual(["limit", "grant", "decision", "settlement"]);
    expect(await tailed("--tenant", "nobody")).toEqual([""]);
  });

  test("filters by actor take a key's name, or a system user with and without its prefix", async () => {
    expect((await tailed("--actor", "app")).map((line) => line.split(/ +/)[3])).toEqual([
      "grant",
      "decision",
      "settlement",
    ]);
    const [line = ""] = await tailed("--kind", "limit");
    const user = /system:([^\s,]+)/.exec(line)?.[1] ?? "";
    expect(await tailed("--actor", user, "--kind", "limit")).toEqual([line]);
    expect(await tailed("--actor", `system:${user}`, "--kind", "limit")).toEqual([line]);
    expect(await tailed("--actor", "ada")).toEqual([""]);
  });

  test("filters by time take a duration or a time", async () => {
    expect(await tailed("--since", "1h")).toEqual(await tailed());
    expect(await tailed("--since", "2099-01-01T00:00Z")).toEqual([""]);
    expect(await tailed("--since", "2020-01-01", "--kind", "decision")).toHaveLength(2);
    for (const time of ["yesterday", "5", "2026-13-01", "1w"])
      expect(await at("tail", "--since", time), time).toMatchObject({
        exit: 2,
        complaints: expect.stringContaining("--since"),
      });
  });
});

test("a call that was observed is said to have run what was asked for, and to have saved nothing", async () => {
  const directory = newFolder();
  const policy = await loadPolicy(files.write("observed.json", JSON.stringify(POLICY)));
  const engine = await Engine.open({ directory, policy });
  const begun = await engine.calls.begin({
    requested: "grand",
    inputTokens: 1_200,
    outputTokens: 100,
    budgetMicrocents: 1_000_000n,
    outputTokensMax: 100,
    promptDigest: "A".repeat(43),
    mode: "observe",
    policyId: 1,
    bounds: policy.policy.candidates.map(({ id }) => ({
      candidate: id,
      input: [{ basis: "bytes" as const, microcents: 1_000n }],
      outputPriceMicrocents: 1_000n,
    })),
  });
  const { decisionId } = begun.decided;
  if ("call" in begun) await begun.call.release({ number: 1, status: 0, latencyMs: 0, costMicrocents: 0n });
  await engine.close();
  const { out } = await calybris("show", decisionId, "--journal", directory);
  expect(out.split("\n")[0]).toMatch(
    /requested grand, and grand ran: observed only\. The policy would have chosen swift, at an estimated \$0\.\d+\.$/,
  );
  expect(out).not.toContain("saved ");
  const json = await calybris("show", decisionId, "--journal", directory, "--json");
  expect(JSON.parse(json.out)).not.toHaveProperty("savedMicrocents");
});
