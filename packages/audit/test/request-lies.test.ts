/**
 * Lies about what a policy makes of a request. The chain is right, the kernel's answer is right for the request as it
 * stands, and the identity binds both; only the snapshot and the entries before say that no client could have sent it.
 */
import { type ClientRequest, Engine, parseBudgets } from "@calybris/engine";
import { InlineDriver, LEARNING_DEFAULTS, Writer } from "@calybris/engine/internal";
import {
  bps,
  candidateId,
  costMicrocents,
  type DecisionEntry,
  type EntryBody,
  type Learning,
  mask,
  microcents,
  NO_BUDGET_LIMIT,
  type PolicyEntry,
  type Recommendation,
  tokens,
} from "@calybris/kernel";
import { beforeAll, describe, expect, test } from "vitest";
import { MemoryDisk } from "../../engine/test/support/memory-disk.ts";
import { sampleSnapshot } from "../../engine/test/support/sample-snapshot.ts";
import { createAudit } from "../src/index.ts";
import { linesOf } from "./money-workload.ts";
import { auditOf, redecided, type Written, written } from "./rechain.ts";
import { chainData } from "./small-journal.ts";

const SEED = new Uint8Array(32).fill(9);
const REQUEST: ClientRequest = { inputTokens: 1_000_000, outputTokens: 500_000, valueMicrocents: 100_000_000 };

interface Made {
  readonly lines: readonly string[];
  readonly entries: readonly Written[];
}

/** A journal in which requests were decided one after another under the sample policy, with another use case. */
async function made(
  requests: readonly ClientRequest[],
  options: { readonly learning?: Learning; readonly org?: object } = {},
): Promise<Made> {
  const disk = new MemoryDisk();
  let now = 1_000_000;
  const sample = sampleSnapshot();
  const useCase = sample.useCases["default"] as (typeof sample.useCases)[string];
  const engine = await Engine.open({
    directory: "memory",
    policy: {
      ...sample,
      useCases: { default: useCase, batch: { ...useCase, riskBps: bps(900) } },
      ...(options.learning === undefined ? {} : { learning: options.learning }),
    },
    disk,
    nowUs: () => ++now,
    randomBytes: () => SEED.slice(),
    driver: (start) => new InlineDriver(new Writer(disk, start, undefined, () => 0)),
  });
  if (options.org !== undefined) {
    await engine.ledger.apply(parseBudgets({ tenants: { org: options.org } }));
    await engine.ledger.grant({ tenant: "org", amountMicrocents: 700, id: "first" });
  }
  for (const request of requests) await engine.decide(request);
  await engine.close();
  const lines = linesOf(disk);
  return { lines, entries: written(lines.map((line) => line.slice(line.indexOf('"data":') + 7, -1))) };
}

/** What is expected instead, where the last decision is recorded otherwise. */
function lie({ entries }: Made, change: (entry: DecisionEntry) => EntryBody): readonly string[] {
  const at = entries.findLastIndex(({ body }) => body.kind === "decision");
  const entry = entries[at] as Written<DecisionEntry>;
  const altered = entries.with(at, { ...entry, body: change(entry.body) });
  return auditOf(altered)
    .findings.filter(({ sequence }) => sequence === at + 1)
    .map(({ problem, expected }) => `${problem}: ${expected}`);
}

describe("what was left to the use case has its values", () => {
  let honest: Made;
  beforeAll(async () => {
    honest = await made([{ inputTokens: 1_000_000 }]);
  });

  test("the honest journal is intact", () => {
    expect(auditOf(honest.entries)).toMatchObject({ status: "intact", findings: [] });
  });

  test.each<[string, Parameters<typeof redecided>[1]]>([
    ["value 100000", { valueMicrocents: microcents(100_001n) }],
    ["risk 1000", { riskBps: bps(999) }],
    ["confidence 9000", { confidenceBps: bps(9_001) }],
    ["floor 5000", { qualityMinBps: bps(4_999) }],
    ["output 500", { outputTokens: tokens(0) }],
  ])("%s", (what, change) => {
    const expected = `request: ${what}, the default of use case "default"`;
    expect(lie(honest, (entry) => redecided(entry, change))).toEqual([expected]);
  });

  test("a tenant that was not named is the default one", () => {
    const found = lie(honest, (entry) => ({ ...entry, tenant: "org", defaulted: [...entry.defaulted, "tenant"] }));
    expect(found).toEqual(['request: tenant "default" where none was named']);
  });

  test.each<[string, Partial<DecisionEntry>, string]>([
    ["a budget", { asked: { budgetMicrocents: costMicrocents(5n) } }, "a budget of 5"],
    ["providers", { asked: { providers: mask(0n) } }, "providers 0"],
    ["a floor", { asked: { qualityMinBps: bps(5_000) } }, "the client's own floor, which nothing replaces"],
  ])("%s asked for that was not replaced", (_what, change, expected) => {
    expect(lie(honest, (entry) => ({ ...entry, ...change }))).toEqual([`request: ${expected}`]);
  });

  test.each<[string, Partial<DecisionEntry>, string]>([
    ["of which too little is reserved", { reservedMicrocents: costMicrocents(1n) }, "251 microcents reserved, or more"],
  ])("a candidate that acts, %s", (_what, change, expected) => {
    expect(lie(honest, (entry) => ({ ...entry, ...change }))).toEqual([`decision: ${expected}`]);
  });

  test("another use case, whose risk is another", () => {
    const found = lie(honest, (entry) => ({ ...entry, useCase: "batch" }));
    expect(found).toEqual(['request: risk 900, the default of use case "batch"']);
  });

  test.each(["other", "constructor", "__proto__", "hasOwnProperty"])(
    "the use case %s, which there is not",
    (useCase) => {
      expect(lie(honest, (entry) => ({ ...entry, useCase }))).toEqual([
        "request: a use case of the policy: default, batch",
      ]);
    },
  );

  test("and nothing of another name is", () => {
    const defaulted: DecisionEntry["defaulted"] = ["value", "colour" as "risk"];
    expect(lie(honest, (entry) => ({ ...entry, defaulted }))).toEqual(["body: the members of decision"]);
  });
});

test.each<[string, Parameters<typeof redecided>[1], string]>([
  ["a candidate", { requestedId: candidateId(3) }, "a requested candidate of the policy, or 0"],
  ["a provider", { providersAllowed: mask(4n) }, "providers among the 2 of the policy"],
  ["no provider", { providersAllowed: mask(0n) }, "one provider or more"],
  ["a capability", { capabilitiesRequired: mask(8n) }, "capabilities among the 3 of the policy"],
  ["a region", { regionsRequired: mask(4n) }, "regions among the 2 of the policy"],
  ["a share above the whole", { riskBps: bps(10_001) }, "shares up to 10000"],
])("%s that the policy does not have is found", async (_what, change, expected) => {
  const honest = await made([{ ...REQUEST, riskBps: 0 }]);
  expect(lie(honest, (entry) => redecided(entry, change))).toContain(`request: ${expected}`);
});

describe("one request id decided twice", () => {
  const again = (entries: readonly Written[], change: Partial<DecisionEntry>): ReturnType<typeof auditOf> => {
    const [first, second] = entries.filter(({ body }) => body.kind === "decision") as Written<DecisionEntry>[];
    const at = entries.indexOf(second as Written);
    const { requestId = "" } = first?.body ?? {};
    const { kind, ...rest } = (second as Written<DecisionEntry>).body;
    const body = { kind, requestId, ...rest, ...change };
    return auditOf(entries.with(at, { head: (second as Written).head, body }));
  };

  test("is found within the retention", async () => {
    const { entries } = await made([{ ...REQUEST, requestId: "one" }, REQUEST]);
    const report = again(entries, {});
    expect(report.findings).toMatchObject([
      { problem: "request_id", expected: 'request id "one" decided once', found: "decision 1 decided it" },
    ]);
  });

  test("is found whatever was sent, where a tenant has the id", async () => {
    const requests = [
      { ...REQUEST, requestId: "one", tenant: "org" },
      { ...REQUEST, tenant: "org" },
    ];
    const { entries } = await made(requests, { org: {} });
    const report = again(entries, { tags: { team: "blue" } });
    expect(report.findings.map(({ problem }) => problem)).toEqual(["request_id"]);
  });
});

test("a shortage that is left out is found where another arm would have cost more than the headroom", async () => {
  const learning = { ...LEARNING_DEFAULTS, features: ["load"], holdoutBps: 0, explorationBps: 10_000 };
  const requests = Array.from({ length: 12 }, () => ({ ...REQUEST, tenant: "org" }));
  const { entries } = await made(requests, { learning, org: {} });
  const isShort = ({ body }: Written): boolean => body.kind === "decision" && body.headroomMicrocents !== undefined;
  const at = entries.findIndex(isShort);
  expect(at).toBeGreaterThan(0);
  const entry = entries[at] as Written<DecisionEntry>;
  const { headroomMicrocents: _room, asked, ...body } = entry.body;
  const honestBudget = {
    ...body,
    request: { ...body.request, budgetLimitMicrocents: asked?.budgetMicrocents ?? NO_BUDGET_LIMIT },
  };
  const report = auditOf(entries.with(at, { ...entry, body: honestBudget as DecisionEntry }));
  expect(report.findings.map(({ problem, expected }) => `${problem}: ${expected}`)).toContain(
    "headroom: a shortage: an answer costs 750, and the headroom is 700",
  );
});

describe("learning", () => {
  const LEARNING: Learning = { ...LEARNING_DEFAULTS, warmUpRequests: 8 };
  const learned =
    (change: (found: Recommendation) => Partial<Recommendation>) =>
    (entry: DecisionEntry): EntryBody => {
      const learning = entry.learning as Recommendation;
      return { ...entry, learning: { ...learning, ...change(learning) } };
    };
  const asked = Array.from({ length: 10 }, (_, at) => ({ ...REQUEST, inputTokens: 1_000_000 + at }));

  test("without names, the features of a request are its tokens", async () => {
    const honest = await made(asked, { learning: LEARNING });
    expect(auditOf(honest.entries)).toMatchObject({ status: "intact", findings: [] });
    const found = lie(
      honest,
      learned(({ features: [input = 0, output = 0] }) => ({ features: [input, output + 1] })),
    );
    expect(found).toContain("request: features 1000009,500000");
  });

  test("as many features as the policy names, each of 32 bits", async () => {
    const honest = await made(asked, { learning: { ...LEARNING, features: ["load"] } });
    expect(
      lie(
        honest,
        learned(() => ({ features: [1, 2] })),
      ),
    ).toContain("request: 1 features");
    const range = "request: features from −2147483647 to 2147483647";
    expect(
      lie(
        honest,
        learned(() => ({ features: [2 ** 31] })),
      ),
    ).toContain(range);
    expect(
      lie(
        honest,
        learned(() => ({ textScore: -(2 ** 31) })),
      ),
    ).toContain(range);
  });

  test("a warm-up that goes on after it is over", async () => {
    const { entries } = await made(asked, { learning: { ...LEARNING, features: ["load"] } });
    const at = entries.findIndex(({ body }) => body.kind === "regimes");
    const without: Written = { ...(entries[at] as Written), body: { kind: "seal", cause: "idle" } };
    const { findings } = auditOf(entries.with(at, without));
    expect(findings[0]).toMatchObject({
      problem: "learning",
      expected: "the regimes that the warm-up leads to, before it",
    });
  });

  test.each([
    [0, true],
    [10_000, false],
  ])("with holdouts of %i in 10,000, one recorded the other way", async (holdoutBps, holdout) => {
    const honest = await made(asked, { learning: { ...LEARNING, holdoutBps } });
    expect(
      lie(
        honest,
        learned(() => ({ holdout })),
      ),
    ).toContain(`learning: holdouts of ${holdoutBps} in 10,000`);
  });

  test("the seed's digest is in the first policy that learns, and only there", async () => {
    const { entries } = await made([], { learning: LEARNING });
    const genesis = entries[0] as Written<PolicyEntry>;
    const { seedDigest, ...without } = genesis.body;
    const expected = "the digest of a seed in the first policy that learns, and only there";
    expect(auditOf(entries.with(0, { ...genesis, body: without })).findings[0]).toMatchObject({ expected });
    const { snapshot, policyDigest } = genesis.body;
    const policy = { kind: "policy", change: "promoted", policyId: 2, snapshot, policyDigest } as const;
    const caused = { actor: "system:ada" } as const;
    const [, last] = entries;
    const promoted = { ...(last as Written), body: { ...policy, seedDigest, ...caused } as PolicyEntry };
    expect(auditOf(entries.with(1, promoted)).findings[0]).toMatchObject({ sequence: 2, expected });
    expect(auditOf(entries.with(1, { ...promoted, body: { ...policy, ...caused } as PolicyEntry })).findings).toEqual(
      [],
    );
  });

  test("with the seed, draws and holdouts are established; without it that is said", async () => {
    const honest = await made(asked, { learning: LEARNING });
    const report = (lines: readonly string[], drawSeed?: Uint8Array) => {
      const audit = createAudit(drawSeed === undefined ? {} : { drawSeed });
      for (const [index, line] of lines.entries()) audit.line(line.trimEnd(), { file: "journal", byteOffset: index });
      return audit.finish();
    };
    const open = /draws and holdouts follow from the secret seed/;
    expect(report(honest.lines).notEstablished.join("\n")).toMatch(open);
    expect(report(honest.lines, SEED)).toMatchObject({ status: "intact", findings: [] });
    expect(report(honest.lines, SEED).notEstablished.join("\n")).not.toMatch(open);
    expect(
      report(
        honest.lines,
        SEED.map(() => 1),
      ).findings[0],
    ).toMatchObject({ sequence: 1, problem: "learning" });
    // Another draw may fall on the same arm: then only the seed shows it.
    const altered = honest.lines.map((line) =>
      line.slice(line.indexOf('"data":') + 7, -1).replace(/"draw":(\d+)/, '"draw":1'),
    );
    expect(report(chainData(altered), SEED).findings.some(({ expected }) => expected.startsWith("draw {"))).toBe(true);
  });
});
