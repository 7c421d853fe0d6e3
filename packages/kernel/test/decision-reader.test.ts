import fc from "fast-check";
import { expect, test } from "vitest";
import { readDecision } from "../src/decision-reader.ts";
import {
  ALL_PROVIDERS,
  bps,
  candidateId,
  costMicrocents,
  DEFAULTED,
  type Decision,
  type DecisionEntry,
  decisionFromJson,
  type EntryHead,
  type EntryPolicy,
  entryData,
  entryDataTail,
  FLOOR_SOURCES,
  I64_MAX,
  I64_MIN,
  mask,
  microcents,
  milliseconds,
  NO_BUDGET_LIMIT,
  PROPENSITY_ONE,
  parseEntryBody,
  parseEntryHead,
  parseExact,
  prescribe,
  RESERVATION_BASES,
  type RecordedDecision,
  type Request,
  samplePolicy,
  sampleRequest,
  sequence,
  systemActor,
  tokens,
  U64_MAX,
} from "../src/index.ts";

// Goal: the fast reader of decisions says what the general one says, or nothing.
// Method: entries with every member present or absent and numbers at the edges of what a double holds, as they are written
// and with a piece of the text altered, through both.

const policy = samplePolicy();
const policyOf = (): EntryPolicy => ({ policy, spendLimit: "none" });

/** Read by way of JSON alone, and held to what would be written; `undefined` when it is refused. */
function readGenerally(data: string): DecisionEntry | undefined {
  try {
    const head = parseEntryHead(data) as EntryHead;
    const { sequence: _, durable: _d, at: _a, kind: _k, ...members } = parseExact(data) as Record<string, never>;
    const body = decisionFromJson(members, policyOf);
    const again = entryData(head.sequence, head.durable, entryDataTail({ sequence: head.sequence, at: head.at, body }));
    return again === data ? body : undefined;
  } catch {
    return undefined;
  }
}

const u64 = fc.oneof(
  fc.bigInt({ min: 0n, max: U64_MAX }),
  fc.constantFrom(
    0n,
    1n,
    999_999_999_999_999n,
    10n ** 15n,
    2n ** 53n - 1n,
    2n ** 53n,
    2n ** 53n + 1n,
    U64_MAX - 1n,
    U64_MAX,
  ),
);
const i64 = fc.oneof(
  fc.bigInt({ min: I64_MIN, max: I64_MAX }),
  fc.constantFrom(0n, -1n, -999_999_999_999_999n, -(10n ** 15n), -(2n ** 53n) - 1n, I64_MIN, I64_MAX),
);
const u16 = fc.oneof(fc.nat(10_000), fc.constantFrom(0, 65_535));
const u32 = fc.oneof(fc.nat(100_000), fc.constantFrom(0, 0xffff_ffff));
const text = fc.oneof(
  fc.string({ minLength: 1 }),
  fc.string({ minLength: 1, unit: "grapheme" }),
  fc.constant("support"),
);

const request: fc.Arbitrary<Request> = fc
  .record({ n: u64, value: i64, budget: fc.oneof(fc.constant(NO_BUDGET_LIMIT), u64), masks: fc.tuple(u64, u64, u64) })
  .chain(({ n, value, budget, masks: [capabilities, providers, regions] }) =>
    fc
      .tuple(u32, u32, u32, u16, u16, u16, u32, fc.boolean())
      .map(([requested, input, output, risk, confidence, quality, latency, plain]) => ({
        sequence: sequence(n),
        requestedId: candidateId(requested % 4),
        inputTokens: tokens(input),
        outputTokens: tokens(output),
        valueMicrocents: microcents(value),
        budgetLimitMicrocents: costMicrocents(budget),
        riskBps: bps(risk),
        confidenceBps: bps(confidence),
        qualityMinBps: bps(plain ? 0 : quality),
        latencyMaxMs: milliseconds(plain ? 0 : latency),
        capabilitiesRequired: mask(plain ? 0n : capabilities),
        providersAllowed: mask(plain ? ALL_PROVIDERS : providers),
        regionsRequired: mask(plain ? 0n : regions),
      })),
  );

/** Members that are absent as often as not. */
const optional: fc.Arbitrary<Partial<DecisionEntry>> = fc.record(
  {
    actor: fc.oneof(
      fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }),
      fc.constantFrom(systemActor("ana"), systemActor("Zoë")),
    ),
    onBehalfOf: fc.constantFrom("ana", "Zoë"),
    asked: fc
      .record(
        { budgetMicrocents: u64.map(costMicrocents), providers: u64.map(mask), qualityMinBps: u16.map(bps) },
        { requiredKeys: [] },
      )
      .filter((asked) => Object.keys(asked).length > 0),
    session: fc.constant("s-1"),
    promptDigest: fc.constant("A".repeat(43)),
    learning: fc.record({
      regime: fc.nat(8),
      score: fc.integer({ min: -30_000, max: 30_000 }),
      features: fc.oneof(fc.array(fc.integer(), { maxLength: 4 }), fc.constant([0, 0])),
      floorBps: fc.nat(10_000),
      source: fc.constantFrom(...FLOOR_SOURCES),
      anomalous: fc.boolean(),
      holdout: fc.boolean(),
      belief: fc.nat(1_000),
      draw: u32,
      tier: fc.integer({ min: -1, max: 7 }),
      propensity: fc.oneof(fc.constant(PROPENSITY_ONE), u32),
      explored: fc.boolean(),
    }),
  },
  { requiredKeys: [] },
);

/** Read from text there are no more members than these. */
function recorded({ action, reason, selectedId, selectedIndex, costMicrocents: cost }: Decision): RecordedDecision {
  return { action, reason, selectedId, selectedIndex, costMicrocents: cost };
}

/** Written seldom, and left to the general reader. */
const rare: fc.Arbitrary<Partial<DecisionEntry>> = fc.record(
  {
    policyId: fc.integer({ min: 1, max: 9 }),
    tags: fc.dictionary(fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9_.:-]{0,8}$/), fc.constantFrom("a", "b c"), {
      minKeys: 1,
      maxKeys: 3,
    }),
    acted: fc.integer({ min: 0, max: 9 }).map(candidateId),
    reservedMicrocents: fc.bigInt({ min: 2n ** 60n, max: U64_MAX }).map(costMicrocents),
    basis: fc.constantFrom(...RESERVATION_BASES),
    shadow: fc.constantFrom(
      { action: "reject" as const, candidateId: candidateId(0) },
      { action: "execute" as const, candidateId: candidateId(2) },
    ),
  },
  { requiredKeys: [] },
);

const entry: fc.Arbitrary<DecisionEntry> = fc
  .record({
    request,
    ids: fc.option(fc.record({ requestId: text }), { nil: {} }),
    useCase: text,
    defaulted: fc.subarray([...DEFAULTED]),
    tenant: fc.option(
      fc.record(
        {
          tenant: text,
          reservationSeconds: u32.map(tokens),
          headroomMicrocents: i64.map(microcents),
        },
        { requiredKeys: ["tenant"] },
      ),
      { nil: {} },
    ),
    others: optional,
    identity: fc.uint8Array({ minLength: 32, maxLength: 32 }).map((bytes) => Buffer.from(bytes).toString("hex")),
  })
  .map(({ request: asked, ids, useCase, defaulted, tenant, others, identity }) => ({
    kind: "decision",
    ...ids,
    ...others,
    useCase,
    defaulted,
    ...tenant,
    request: asked,
    decision: recorded(prescribe(policy, asked).decision),
    identity,
  }));

const data = fc
  .record({ entry, sequence: fc.integer({ min: 1, max: 2 ** 40 }), at: fc.nat() })
  .map(({ entry: body, sequence: number, at }) =>
    entryData(number, number - 1, entryDataTail({ sequence: number, at, body })),
  );

test("what is written as everyday decisions are is read as by way of JSON", () => {
  let read = 0;
  fc.assert(
    fc.property(data, (written) => {
      const fast = readDecision(written, policyOf);
      const general = readGenerally(written);
      expect(general).toBeDefined();
      if (fast !== undefined) expect(fast).toEqual(general);
      const isRare = /"asked":\{[^}]*"qualityMinBps"/.test(written) || /"actor":[0-9]{16}/.test(written);
      if (!isRare && !/[\\\ud800-\udfff]/.test(written)) expect(fast).toBeDefined();
      expect(parseEntryBody(parseEntryHead(written) as EntryHead, written, policyOf)).toEqual(general);
      read += fast === undefined ? 0 : 1;
    }),
    { numRuns: 2_000 },
  );
  expect(read).toBeGreaterThan(80);
});

test("members that are written seldom are read back as they were written", () => {
  fc.assert(
    fc.property(entry, rare, (common, seldom) => {
      const body = { ...common, ...seldom };
      const written = entryData(7, 6, entryDataTail({ sequence: 7, at: 9, body }));
      expect(parseEntryBody(parseEntryHead(written) as EntryHead, written, policyOf)).toEqual(body);
    }),
    { numRuns: 500 },
  );
});

test.each<[string, string, string]>([
  ["acted that is no candidate", '"acted":-1', "acted"],
  ["a basis of another name", '"basis":"guess"', "basis"],
  ["a rejection that names a candidate", '"shadow":{"action":"reject","candidate":1}', "shadow"],
  ["tags that are none", '"tags":{}', "tags"],
  ["a tag without text", '"tags":{"team":""}', "tags"],
  ["an actor without a name", '"actor":"system:"', "actor"],
  ["a digest that is too short", '"promptDigest":"AAAA"', "promptDigest"],
])("%s is refused by name", (_what, member, name) => {
  const plain = everyday();
  const key = member.slice(1, member.indexOf('"', 1));
  const before = ["acted", "basis", "shadow"].includes(key) ? ',"identity"' : ',"request"';
  const altered = plain.replace(before, `,${member}${before}`);
  expect(readDecision(altered, policyOf)).toBeUndefined();
  expect(() => parseEntryBody(parseEntryHead(altered) as EntryHead, altered, policyOf)).toThrow(name);
});

test("an unknown member is reported by name", () => {
  const altered = everyday().replace(',"identity"', ',"later":1,"identity"');
  expect(() => parseEntryBody(parseEntryHead(altered) as EntryHead, altered, policyOf)).toThrow(
    expect.objectContaining({
      code: "CAL_JOURNAL_MEMBER_UNKNOWN",
      details: { sequence: 1, kind: "decision", member: "later" },
    }),
  );
});

function everyday(): string {
  const asked = sampleRequest();
  const { decision } = prescribe(policy, asked);
  const body: DecisionEntry = {
    kind: "decision",
    useCase: "default",
    defaulted: [],
    request: asked,
    decision,
    identity: "0".repeat(64),
  };
  return entryData(1, 0, entryDataTail({ sequence: 1, at: 1, body }));
}

test("what is altered anywhere is read alike, or left to the general reader", () => {
  const pieces = [
    "",
    "0",
    "00",
    "-",
    "-0",
    "1",
    ".0",
    "e3",
    '"',
    "\\",
    ",",
    "}",
    " ",
    "null",
    "\u0000",
    '"x":1,',
    "18446744073709551616",
  ];
  let accepted = 0;
  fc.assert(
    fc.property(data, fc.nat(), fc.nat(6), fc.constantFrom(...pieces), (written, where, removed, piece) => {
      const from = written.indexOf('"kind"') + 17;
      const at = from + (where % (written.length - from + 1));
      const altered = written.slice(0, at) + piece + written.slice(at + removed);
      const fast = readDecision(altered, policyOf);
      if (fast === undefined) return;
      accepted += 1;
      expect(fast).toEqual(readGenerally(altered));
    }),
    { numRuns: 20_000 },
  );
  expect(accepted).toBeGreaterThan(20);
});

test("a member at its default, or one that the rest implies, is not read when it is written out", () => {
  const written = (members: string): string => {
    const request = `{"sequence":1,"requested":1,"inputTokens":1,"outputTokens":1,"valueMicrocents":1,"riskBps":1,"confidenceBps":1,"qualityMinBps":1}`;
    return `{"sequence":1,"durable":0,"at":1,"kind":"decision","useCase":"a","request":${request},"decision":{"action":"reject","reason":"latency"},"identity":"${"A".repeat(43)}"}`.replace(
      '"confidenceBps":1',
      `"confidenceBps":1${members}`,
    );
  };
  const plain = written("");
  expect(readDecision(plain, policyOf)).toEqual(readGenerally(plain));
  const more = (key: string, value: unknown): string =>
    plain.replace('"qualityMinBps":1', `"qualityMinBps":1,"${key}":${value}`);
  for (const altered of [
    more("latencyMaxMs", 0),
    more("capabilities", 0),
    more("providers", U64_MAX),
    more("regions", 0),
    plain.replace('"valueMicrocents":1', `"valueMicrocents":1,"budgetMicrocents":${U64_MAX}`),
    plain.replace('"useCase":"a"', '"useCase":"a","defaulted":0'),
    plain.replace('"useCase":"a"', '"useCase":"a","defaulted":64'),
    plain.replace('"useCase":"a"', '"useCase":"a","defaulted":["floor"]'),
    plain.replace('"useCase":"a"', '"useCase":"a","tenant":""'),
    plain.replace('"riskBps":1', '"riskBps":65536'),
    plain.replace('"riskBps":1', '"riskBps":01'),
    plain.replace('"sequence":1,"requested"', '"sequence":18446744073709551616,"requested"'),
    plain.replace('"valueMicrocents":1', '"valueMicrocents":-0'),
    plain.replace(`"${"A".repeat(43)}"`, `"${"A".repeat(42)}B"`),
    `${plain} `,
  ]) {
    expect(readDecision(altered, policyOf), altered).toBeUndefined();
    expect(readGenerally(altered), altered).toBeUndefined();
  }
});

test("a policy that nobody knows is for the general reader to refuse", () => {
  const written = fc.sample(data, { numRuns: 1, seed: 3 })[0] as string;
  const unknown = (): never => {
    throw new RangeError("no such policy");
  };
  expect(readDecision(written, unknown)).toBeUndefined();
});
