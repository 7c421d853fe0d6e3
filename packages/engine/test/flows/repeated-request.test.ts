import { mkdtempSync, readdirSync, renameSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  type DecisionEntry,
  type EntryHead,
  entryData,
  entryDataTail,
  parseEntryHead,
  parseEntryLine,
  sequence,
} from "@calybris/kernel";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type Decided, Engine } from "../../src/engine.ts";
import { plainDecided } from "../../src/flows/decided.ts";
import { parseBudgets } from "../../src/intake/budgets-file.ts";
import type { ClientRequest } from "../../src/intake/client-request.ts";
import { readBody } from "../../src/state/read-entry.ts";
import { EngineState } from "../../src/state/state.ts";
import { CommandWorld } from "../support/command-world.ts";
import { sampleSnapshot } from "../support/sample-snapshot.ts";

// Goal: a request sent again is the same when it means the same under the policy that it was decided under.
// Method: one request and its variations; each either gets the first decision or is refused.

const ASKED: ClientRequest = {
  requestId: "order-17",
  inputTokens: 1_000,
  valueMicrocents: 100_000,
  requested: "better",
  promptDigest: "A".repeat(43),
  tags: { team: "search" },
};

let world: CommandWorld;
beforeEach(async () => {
  world = await CommandWorld.open({ policy: sampleSnapshot() });
});
afterEach(() => world.engine.close());

describe("a request sent again", () => {
  test.each<[string, Partial<ClientRequest>]>([
    ["with its value in quotes", { valueMicrocents: "100000" }],
    ["with its candidate by id", { requested: 1 }],
    ["with other tags", { tags: { team: "mail", stage: "live" } }],
    ["without tags", { tags: undefined }],
    ["in a session", { session: "s-1" }],
    ["on behalf of another", { onBehalfOf: "ana" }],
    ["with a limit that is none", { latencyMaxMs: 0 }],
  ])("%s gets its decision, in flight and after it", async (_what, change) => {
    const [one, other] = ["one", "other"].map((name) =>
      world.engine.keys.introduce({ name, sha256: "0".repeat(64), scopes: ["decide"] }),
    );
    const first = world.engine.decide(ASKED, one);
    expect(await world.engine.decide({ ...ASKED, ...change }, other)).toEqual({ ...(await first), repeated: true });
    expect(await world.engine.decide({ ...ASKED, ...change })).toEqual({ ...(await first), repeated: true });
  });

  test.each<[string, Partial<ClientRequest>]>([
    ["another prompt", { promptDigest: "B".repeat(42).concat("A") }],
    ["no prompt", { promptDigest: undefined }],
    ["another value", { valueMicrocents: 100_001 }],
    ["a value left to the policy, which is the same", { valueMicrocents: undefined }],
    ["another candidate", { requested: "cheaper" }],
    ["a budget", { budgetMicrocents: 10_000 }],
    ["a use case that its policy does not have", { useCase: "nowhere" }],
  ])("with %s is refused, in flight and after it", async (_what, change) => {
    const first = world.engine.decide(ASKED);
    const refused = { code: "CAL_REQUEST_ID_REUSED", details: { sequence: 2 } };
    await expect(world.engine.decide({ ...ASKED, ...change })).rejects.toMatchObject(refused);
    await first;
    await expect(world.engine.decide({ ...ASKED, ...change })).rejects.toMatchObject(refused);
  });

  test("above the headroom, is compared with the budget that was sent", async () => {
    const { engine } = world;
    await engine.ledger.apply(parseBudgets({ tenants: { acme: {} } }));
    const asked = { ...ASKED, tenant: "acme", inputTokens: 1_000_000, budgetMicrocents: 2_000_000 };
    const first = await engine.decide(asked);
    expect(first.shortfall).toEqual({ headroomMicrocents: 0n, askedMicrocents: 2_000_000n });
    expect(await engine.decide(asked)).toEqual({ ...plainDecided(first), repeated: true });
    for (const budgetMicrocents of [undefined, 0, 2_000_001])
      await expect(engine.decide({ ...asked, budgetMicrocents })).rejects.toMatchObject({
        code: "CAL_REQUEST_ID_REUSED",
      });
  });
});

test("a retry whose entry lies in an archive that is gone is refused and never decided again", async () => {
  const directory = mkdtempSync(join(tmpdir(), "calybris-archive-"));
  const engine = await Engine.open({ directory, policy: sampleSnapshot(), segmentBytesMax: 4_096 });
  for (let number = 0; number < 40; number++) await engine.decide({ requestId: `r-${number}`, inputTokens: 1 });
  const segments = readdirSync(directory).filter((file) => file.startsWith("segment-"));
  expect(segments.length).toBeGreaterThan(2);
  const first = join(directory, segments[0] as string);
  renameSync(first, `${first}.moved`);
  symlinkSync(join(directory, "unmounted", segments[0] as string), first);
  await expect(engine.decide({ requestId: "r-0", inputTokens: 1 })).rejects.toMatchObject({
    code: "CAL_JOURNAL_ARCHIVE_UNREACHABLE",
    status: 503,
    details: { sequence: 2, file: segments[0] },
  });
  expect((await engine.decide({ inputTokens: 1 })).request.sequence).toBe(41n);
  rmSync(first);
  renameSync(`${first}.moved`, first);
  expect(await engine.decide({ requestId: "r-0", inputTokens: 1 })).toMatchObject({ repeated: true, sequence: 2 });
  await engine.close();
  rmSync(directory, { recursive: true });
});

test.each([
  [1, "a decision names its policy where a canary made it"],
  [9, "no policy 9 precedes it"],
])("an entry that names policy %s, which did not decide it, is refused", async (policyId, problem) => {
  const { decision, request, identity } = await world.engine.decide(ASKED);
  const decided: DecisionEntry = { kind: "decision", useCase: "default", defaulted: [], request, decision, identity };
  const body = { ...decided, policyId, request: { ...request, sequence: sequence(1n) } };
  const data = entryData(2, 1, entryDataTail({ sequence: 2, at: 1, body }));
  const head = parseEntryHead(data) as EntryHead;
  const state = new EngineState();
  const [line] = await Array.fromAsync(world.engine.reading.lines(1, 1));
  const text = parseEntryLine(String(line).trimEnd())?.data ?? "";
  state.apply(1, 0, readBody({ ...entryOf(text), head: parseEntryHead(text) as EntryHead }, state));
  expect(() => state.apply(2, 1, readBody({ ...entryOf(data), head }, state))).toThrow(problem);
});

function entryOf(data: string): {
  readonly data: string;
  readonly segment: number;
  readonly offset: number;
  readonly entryHash: string;
} {
  return { data, segment: 1, offset: 0, entryHash: "" };
}

test.each([1, 2, 3, 4, 5])(
  "an id that the client's own object has decided while it is read for the %sth time is not decided again",
  async (at) => {
    const { engine } = world;
    const inner: Promise<Decided>[] = [];
    let reads = 0;
    const sent = {
      requestId: "own",
      get inputTokens() {
        reads += 1;
        if (reads === at) inner.push(engine.decide({ requestId: "own", inputTokens: 7 }));
        return 9;
      },
    };
    await expect(engine.decide(sent)).rejects.toMatchObject({ code: "CAL_REQUEST_ID_REUSED" });
    expect(reads).toBeGreaterThanOrEqual(at);
    expect(await inner[0]).toMatchObject({ repeated: false, request: { inputTokens: 7, sequence: 1n } });
    expect((await engine.decide({ inputTokens: 1 })).request.sequence).toBe(2n);
  },
);
