import { rmSync } from "node:fs";
import fc from "fast-check";
import { type PolicySnapshot, snapshotDigest, toHex } from "@calybris/kernel";
import { Engine, loadPolicy } from "@calybris/engine";
import { parsePolicyFile } from "@calybris/engine/internal";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { memberChanges } from "../../src/policy/members.ts";
import { calybris } from "../support/captured-terminal.ts";
import { CATALOG, POLICY, Sandbox } from "../support/sample-files.ts";

let files: Sandbox;
let policy: string;
beforeEach(() => {
  files = new Sandbox();
  policy = files.write("policy.json", JSON.stringify(POLICY));
});
afterEach(() => rmSync(files.path, { recursive: true, force: true }));

const json = async (...words: string[]): Promise<Record<string, unknown>> => {
  const { out, complaints } = await calybris(...words, "--json");
  expect(complaints).toBe("");
  return JSON.parse(out) as Record<string, unknown>;
};
const writeCases = (...cases: readonly object[]): string => files.write("policy.cases.json", JSON.stringify({ cases }));
const written = (name: string, changes: object): string => files.write(name, JSON.stringify({ ...POLICY, ...changes }));
const digestOf = async (file: string): Promise<string> => toHex(snapshotDigest(await loadPolicy(file)));

describe("policy check", () => {
  test("prints a digest that learning, names and defaults change, the same that a journal is activated with", async () => {
    const learning = written("learning.json", { learning: { features: ["size"] } });
    const renamed = written("renamed.json", { name: "another" });
    const digests = await Promise.all([policy, learning, renamed].map((file) => json("policy", "check", file)));
    expect(new Set(digests.map(({ digest }) => digest)).size).toBe(3);
    expect(new Set(digests.map(({ policyDigest }) => policyDigest)).size).toBe(1);
    const journal = files.at("journal");
    await (await Engine.open({ directory: journal, policy: await loadPolicy(policy) })).close();
    const set = await json("policy", "set", learning, "--journal", journal, "--by", "ada");
    expect(set["digest"]).toBe(digests[1]?.["digest"]);
    const shown = await json("policy", "show", "--journal", journal);
    expect((shown["policies"] as { digest: string }[]).map(({ digest }) => digest)).toEqual([
      digests[0]?.["digest"],
      digests[1]?.["digest"],
    ]);
  });
});

describe("policy show", () => {
  test("lists the policies of a journal while an engine has it open, and prints one in full", async () => {
    const journal = files.at("journal");
    const engine = await Engine.open({ directory: journal, policy: await loadPolicy(policy) });
    try {
      await engine.decide({ inputTokens: 5 });
      await engine.setPolicy(await loadPolicy(written("second.json", { epoch: 2 })), {
        actor: "system:ada",
        onBehalfOf: "bob",
      });
      await engine.reconfigure(
        { policy: await loadPolicy(written("third.json", { epoch: 3 })), policyFrom: "file" },
        () => ({ actor: engine.keys.introduce({ name: "x", sha256: "0".repeat(64), scopes: ["operate"] }) }),
      );
      const { policies } = (await json("policy", "show", "--journal", journal)) as { policies: object[] };
      expect(policies).toMatchObject([
        { policyId: 1, sequence: 1, isFromFile: true, name: "sample", epoch: "1", candidateCount: 2 },
        { policyId: 2, by: 'system:ada, on behalf of "bob" (claimed)', isFromFile: false, epoch: "2" },
        { policyId: 3, by: expect.stringMatching(/^key "x" \(entry [0-9]+\)$/), isFromFile: true, epoch: "3" },
      ]);
      const { out } = await calybris("policy", "show", "--journal", journal, "--id", "2");
      expect(out).toContain(await digestOf(files.at("second.json")));
      expect(out).toMatch(/candidates\.swift\.inputPriceMicrocents: 100000000\n/);
      expect(out).toContain('candidates.swift.regions: ["north"]');
      expect((await calybris("policy", "show", "--journal", journal)).out).toContain("ada");
    } finally {
      await engine.close();
    }
    expect(await calybris("policy", "show", "--journal", journal, "--id", "9")).toMatchObject({
      exit: 2,
      complaints: expect.stringContaining("CAL_POLICY_UNKNOWN"),
    });
    expect(await calybris("policy", "show", "--journal", journal, "--id", "0")).toMatchObject({ exit: 2 });
  });
});

describe("policy diff", () => {
  test("names what was changed, added and removed; nothing for the same policy", async () => {
    const [grand, swift] = CATALOG["candidates"] as [object, object];
    const other = written("other.json", {
      epoch: 2,
      catalog: {
        ...CATALOG,
        candidates: [
          { ...grand, qualityBps: 9_100 },
          { ...swift, name: "swifter" },
        ],
      },
    });
    const { out, exit } = await calybris("policy", "diff", policy, other);
    expect(exit).toBe(1);
    expect(out).toContain("~ policyEpoch: 1 -> 2");
    expect(out).toContain("~ candidates.grand.qualityBps: 9000 -> 9100");
    expect(out).toContain("- candidates.swift.id: 2");
    expect(out).toContain("+ candidates.swifter.id: 2");
    expect(await calybris("policy", "diff", policy, policy)).toMatchObject({
      exit: 0,
      out: `no difference: both have digest ${await digestOf(policy)}`,
    });
  });

  test("compares a file with the active policy of a journal, or with an earlier one", async () => {
    const journal = files.at("journal");
    const second = written("second.json", { epoch: 2 });
    const engine = await Engine.open({ directory: journal, policy: await loadPolicy(policy) });
    await engine.setPolicy(await loadPolicy(second));
    await engine.close();
    expect((await calybris("policy", "diff", second, "--journal", journal)).exit).toBe(0);
    expect((await calybris("policy", "diff", policy, "--journal", journal, "--id", "1")).exit).toBe(0);
    const changed = await json("policy", "diff", policy, "--journal", journal);
    expect(changed).toEqual({
      before: await digestOf(second),
      after: await digestOf(policy),
      changes: [{ path: "policyEpoch", before: "2", after: "1" }],
    });
    expect(await calybris("policy", "diff", policy)).toMatchObject({ exit: 2 });
    expect(await calybris("policy", "diff", policy, second, "--journal", journal)).toMatchObject({ exit: 2 });
  });

  test("finds a difference exactly where the digests differ", async () => {
    const name = fc.constantFrom("a", "b");
    const bps = fc.integer({ min: 0, max: 1 });
    const [grand, swift] = CATALOG["candidates"] as [object, object];
    const snapshot: fc.Arbitrary<PolicySnapshot> = fc
      .record({
        name,
        quality: bps,
        flips: fc.boolean(),
        learns: fc.boolean(),
        more: fc.boolean(),
        disables: fc.boolean(),
      })
      .map(({ name: named, quality, flips, learns, more, disables }) => {
        const candidates = [{ ...grand, qualityBps: quality }, swift];
        const useCase = (POLICY["useCases"] as { default: object }).default;
        const extra: [string, object][] = [["extra", useCase]];
        return parsePolicyFile({
          ...POLICY,
          name: named,
          catalog: { ...CATALOG, candidates: flips ? candidates.toReversed() : candidates },
          ...(learns ? { learning: {} } : {}),
          ...(disables ? { disabled: ["grand"] } : {}),
          useCases: Object.fromEntries([...(flips && more ? extra : []), ["default", useCase], ...(more ? extra : [])]),
        });
      });
    fc.assert(
      fc.property(snapshot, snapshot, (before, after) => {
        const isSame = toHex(snapshotDigest(before)) === toHex(snapshotDigest(after));
        expect(memberChanges(before, after).length === 0).toBe(isSame);
      }),
      { numRuns: 300 },
    );
  });
});

describe("policy test", () => {
  const short = { inputTokens: 300, requested: "grand" };

  test("holds cases beside the policy, decided as the service decides them", async () => {
    const engine = await Engine.open({ directory: files.at("journal"), policy: await loadPolicy(policy) });
    const { decision } = await engine.decide(short);
    await engine.close();
    const cost = String(decision.costMicrocents);
    writeCases(
      {
        name: "one",
        request: short,
        expect: { action: decision.action, reason: decision.reason, costMicrocents: cost },
      },
      { name: "the same id", request: { ...short, requestId: "x" }, expect: { costMaxMicrocents: cost } },
      { name: "again", request: { ...short, requestId: "x", inputTokens: 9 }, expect: { action: "execute" } },
      { name: "refused", request: { inputTokens: -1 }, expect: { error: "CAL_REQUEST_INVALID" } },
      { name: "rejected", request: { ...short, riskBps: 9_500 }, expect: { reason: "risk_hard_limit" } },
    );
    expect(await calybris("policy", "test", policy)).toMatchObject({ exit: 0, out: "5 of 5 cases hold" });
  });

  test("fails with what was expected and what came, for each member", async () => {
    writeCases(
      { name: "holds", request: short, expect: { costMaxMicrocents: "99999999999" } },
      { name: "wrong", request: short, expect: { selected: "nobody", costMaxMicrocents: 1 } },
      { name: "not refused", request: short, expect: { error: "CAL_REQUEST_INVALID" } },
      { name: "refused", request: {}, expect: { action: "execute" } },
    );
    const { out, exit } = await calybris("policy", "test", policy);
    expect(exit).toBe(1);
    expect(out).toMatch(
      /FAILED wrong\n {2}selected: expected nobody, got (swift|grand)\n {2}costMaxMicrocents: expected at most 1, got \d+\n/,
    );
    expect(out).toMatch(/FAILED not refused\n {2}error: expected CAL_REQUEST_INVALID, got (execute|substitute) \(/);
    expect(out).toContain("FAILED refused\n  action: expected execute, got CAL_REQUEST_INVALID\n1 of 4 cases hold");
    const { passed, results } = await json("policy", "test", policy);
    expect([passed, (results as { passed: boolean }[]).map((each) => each.passed)]).toEqual([
      false,
      [true, false, false, false],
    ]);
  });

  test("of a policy that learns does not depend on what a learner would draw", async () => {
    const learning = written("learning.json", { learning: { features: ["size"], explorationBps: 10_000 } });
    const cases = writeCases(
      ...Array.from({ length: 30 }, (_, index) => ({
        name: `case ${index}`,
        request: { ...short, features: { size: index } },
        expect: { selected: "swift" },
      })),
    );
    const plain = await calybris("policy", "test", policy, "--cases", cases);
    expect(await calybris("policy", "test", learning, "--cases", cases)).toEqual(plain);
  });

  test.each([
    ["no file", undefined, "CAL_INPUT_UNREADABLE"],
    ["no cases", { cases: [] }, "CAL_CASES_INVALID"],
    ["an expectation of nothing", { cases: [{ name: "x", request: {}, expect: {} }] }, "expects nothing"],
    ["an unknown expectation", { cases: [{ name: "x", request: {}, expect: { selcted: "a" } }] }, "selected"],
    [
      "an error and a decision",
      { cases: [{ name: "x", request: {}, expect: { error: "E", action: "reject" } }] },
      "error",
    ],
  ])("refuses %s", async (_what, cases, complaint) => {
    if (cases !== undefined) files.write("policy.cases.json", JSON.stringify(cases));
    const { exit, complaints } = await calybris("policy", "test", policy);
    expect([exit, complaints]).toEqual([2, expect.stringContaining(complaint)]);
  });
});
