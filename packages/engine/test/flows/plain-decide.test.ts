import {
  bps,
  type BeliefEntry,
  CalybrisError,
  decisionDigests,
  type DecisionEntry,
  entryDataTail,
  InvariantViolation,
  type Kernel,
  microcents,
  type PolicySnapshot,
  prescribe,
  TIER_COUNT_MAX,
  toHex,
  WasmKernel,
  wasmKernel,
  type OnShortfall,
  readDecisionAt,
  readRequestAt,
} from "@calybris/kernel";
import fc from "fast-check";
import { expect, test } from "vitest";
import { requireConsistent } from "../../src/prescribe/consistent-decision.ts";
import { consistentPolicy, requireConsistentRecord } from "../../src/prescribe/consistent-record.ts";
import { DecidePlan } from "../../src/flows/decide.ts";
import { plainDecided, RecordedDecision } from "../../src/flows/decided.ts";
import { LEARNING_DEFAULTS } from "../../src/flows/learning-defaults.ts";
import { PreparedPolicy } from "../../src/prescribe/prepared-policy.ts";
import { type ClientRequest, type ResolvedRequest, resolveRequest } from "../../src/intake/client-request.ts";
import { nodeSha256, nodeSha256Into } from "../../src/journal/chain-hash.ts";
import { pagesOf } from "../../src/journal/decision-record.ts";
import { recordText } from "../../src/journal/entry-tail.ts";
import { RecordShelf } from "../../src/journal/record-shelf.ts";
import { type Account, newAccount } from "../../src/ledger/account.ts";
import { Draws } from "../../src/router/draws.ts";
import { Router } from "../../src/router/router.ts";
import { PolicyVersion } from "../../src/state/policy-version.ts";
import { decide as plainDecide } from "../support/plain-decide.ts";
import { sampleSnapshot } from "../support/sample-snapshot.ts";
import { snapshotIndex } from "../../src/intake/snapshot-index.ts";

// Goal: the decide flow in the kernel's records decides, recommends and records what the flow in objects does.
// Method: both decide the same random requests under the same policies, with a router that learns of what they decided; the
// text of the entry, the answer and the table to be ordered are compared.

const amount = fc.oneof(
  fc.nat(1_000_000),
  fc.nat(100),
  fc.constantFrom<number | string>(2 ** 53 - 1, "18446744073709551615", "9223372036854775807", 0),
);
const client: fc.Arbitrary<ClientRequest> = fc.record(
  {
    inputTokens: fc.oneof(fc.nat(5_000), fc.constantFrom(0, 0xffff_ffff)),
    outputTokens: fc.oneof(fc.nat(2_000), fc.constantFrom(0, 0xffff_ffff)),
    requestId: fc.constantFrom("a", "request é"),
    tenant: fc.constantFrom("acme", 'ze"bra'),
    reservationSeconds: fc.integer({ min: 1, max: 1_000 }),
    requested: fc.constantFrom("better", "cheaper"),
    valueMicrocents: amount,
    budgetMicrocents: amount,
    riskBps: fc.oneof(fc.nat(10_000), fc.constantFrom(9_599, 9_600)),
    confidenceBps: fc.oneof(fc.nat(10_000), fc.constantFrom(5_499, 5_500)),
    qualityMinBps: fc.nat(10_000),
    latencyMaxMs: fc.nat(3_000),
    capabilities: fc.subarray(["plain", "long", "exact"]),
    providers: fc.subarray(["first", "second"], { minLength: 1 }),
    regions: fc.subarray(["here", "there"], { minLength: 1 }),
    textScore: fc.integer({ min: -1_000, max: 1_000 }),
    onBehalfOf: fc.constant("somebody"),
    tags: fc.constant({ team: "blue" }),
    session: fc.constant("s1"),
    promptDigest: fc.constant("A".repeat(43)),
  },
  { requiredKeys: ["inputTokens"] },
) as fc.Arbitrary<ClientRequest>;

const headroom = fc.option(
  fc.record({
    headroomMicrocents: fc.oneof(fc.constant(undefined), fc.bigInt({ min: 0n, max: 3_000n }), fc.constant(2n ** 62n)),
    onShortfall: fc.constantFrom<OnShortfall>("substitute", "reject"),
    tenant: fc.constantFrom("default", "acme"),
  }),
  { nil: undefined },
);

const world = fc.record({
  spendLimit: fc.constantFrom("none" as const, "requested" as const, undefined),
  substituteWithin: fc.constantFrom(undefined, "requestedProvider" as const, ["second"]),
  learning: fc.option(
    fc.record({
      holdoutBps: fc.constantFrom(0, 2_000, 10_000),
      explorationBps: fc.constantFrom(0, 5_000),
      method: fc.constantFrom(undefined, "offsets" as const),
      features: fc.constantFrom(undefined, ["load", "depth"]),
    }),
    { nil: undefined },
  ),
  isForeign: fc.boolean(),
  floorBps: fc.constantFrom(0, 0, 5_000, 8_900),
  asked: fc.array(fc.tuple(client, headroom), { minLength: 1, maxLength: 40 }),
});

type World = typeof world extends fc.Arbitrary<infer Value> ? Value : never;

test("the flow in the kernel's records decides, recommends and records what the flow in objects does", () => {
  let decisions = 0;
  const reached = new Set<string>();
  fc.assert(
    fc.property(world, (drawn) => {
      const { policy, kernel, router } = worldOf(drawn);
      const plan = new DecidePlan();
      const prepared = new PreparedPolicy(policy, drawn.isForeign ? kernel : undefined);
      const draws = new Draws(new Uint8Array(32).fill(9), nodeSha256Into);
      const shelf = new RecordShelf();
      let sequence = 1;
      for (const [index, [asked, limited]] of drawn.asked.entries()) {
        const resolved = resolvedOf(policy.snapshot, asked, BigInt(index + 1));
        if (resolved === undefined) continue;
        const { candidateTiers } = policy.snapshot;
        const learner =
          drawn.learning === undefined ? undefined : { router, draws, candidateTiers, tableSequence: sequence + 1 };
        const plain = plainDecide({ policy, kernel, learner }, resolved, limited as never);
        const account = limited === undefined ? undefined : accountOf(limited);
        plan.decide(
          prepared,
          resolved,
          learner,
          account === undefined ? undefined : { account, headroomMicrocents: limited?.headroomMicrocents },
        );
        const record = plan.layInto(shelf);
        const { text, identity } = recordText(record);
        const digests = decisionDigests(policy.digest, plain.entry.request, plain.decision, nodeSha256);
        expect(identity).toBe(toHex(digests.identity));
        const body: DecisionEntry = { ...plain.entry, identity };
        expect(text).toBe(entryDataTail({ sequence: 1, at: 0, body }));
        const { decision, request, learning, defaulted, shortfall } = plainDecided(new RecordedDecision(record, false));
        expect({ decision, request, learning, defaulted }).toEqual({
          decision: plain.decision,
          request: plain.entry.request,
          learning: plain.learning,
          defaulted: plain.entry.defaulted,
        });
        expect(shortfall?.headroomMicrocents).toBe(plain.entry.headroomMicrocents);
        expect(plan.table).toEqual(plain.table);
        expect(plan.isRejected).toBe(plain.decision.action === "reject");
        expect(plan.costMicrocents).toBe(plain.decision.costMicrocents);
        sequence = learned(router, plain.table, body, sequence);
        decisions += 1;
        reached.add(plain.decision.reason).add(plain.learning?.source ?? "none");
        if (plain.learning?.holdout === true) reached.add("holdout");
        if (plain.learning?.explored === true) reached.add("explored");
        if (plain.learning?.expected !== undefined) reached.add("offsets");
        if (plain.learning?.boundary === true) reached.add("boundary");
        if (plain.entry.headroomMicrocents !== undefined) reached.add("short");
        if (plain.entry.asked !== undefined) reached.add("asked");
      }
    }),
    { numRuns: 400, seed: 1 },
  );
  expect(decisions).toBeGreaterThan(1_500);
  for (const each of [
    "budget",
    "risk_hard_limit",
    "holdout",
    "explored",
    "short",
    "asked",
    "requested",
    "warm_start",
    "offsets",
    "boundary",
  ])
    expect(reached, each).toContain(each);
});

function worldOf({ spendLimit, substituteWithin, learning, isForeign, floorBps }: World): {
  readonly policy: PolicyVersion;
  readonly kernel: Kernel;
  readonly router: Router;
} {
  const { spendLimit: _none, ...sample } = sampleSnapshot();
  const snapshot = {
    ...sample,
    useCases: { default: { ...sample.useCases["default"], qualityMinBps: bps(floorBps) } },
    ...(spendLimit === undefined ? {} : { spendLimit }),
    ...(substituteWithin === undefined ? {} : { substituteWithin }),
    ...(learning === undefined
      ? {}
      : {
          learning: {
            ...LEARNING_DEFAULTS,
            warmUpRequests: 12,
            holdoutBps: bps(learning.holdoutBps),
            explorationBps: bps(learning.explorationBps),
            ...(learning.method === undefined ? {} : { method: learning.method }),
            ...(learning.features === undefined ? {} : { features: learning.features }),
          },
        }),
  } as unknown as PolicySnapshot;
  const policy = new PolicyVersion(snapshot, { id: 3, since: 1, isFromFile: false, caused: undefined });
  const router = new Router();
  const featureNames = snapshot.learning?.features;
  router.configure(
    {
      learning: snapshot.learning,
      featureCount: snapshot.learning === undefined ? 0 : (featureNames?.length ?? 2),
      featureNames,
      tierNames: snapshot.tiers,
      tierFloors: policy.tierFloors,
    },
    1,
  );
  // A kernel that is not the package's own is asked in objects.
  const reference: Kernel = { prescribe: (request) => prescribe(snapshot.policy, request).decision };
  return { policy, kernel: isForeign ? reference : wasmKernel(snapshot.policy), router };
}

function resolvedOf(snapshot: PolicySnapshot, asked: ClientRequest, number: bigint): ResolvedRequest | undefined {
  try {
    return { ...resolveRequest(snapshotIndex(snapshot), asked, number), actor: number % 2n === 0n ? "system:ana" : 7 };
  } catch (error) {
    if (error instanceof CalybrisError) return undefined;
    throw error;
  }
}

function accountOf({ tenant, onShortfall }: { readonly tenant: string; readonly onShortfall: OnShortfall }): Account {
  const limit = { kind: "limit", tenant, metered: true, onShortfall, reservationSeconds: 60 };
  return newAccount(0, limit as never, undefined);
}

/** The router takes in the table and the decision, and now and then what became of it. Returns the last sequence. */
function learned(router: Router, table: BeliefEntry | undefined, body: DecisionEntry, before: number): number {
  let sequence = before;
  if (table !== undefined) router.apply(++sequence, table);
  router.apply(++sequence, body);
  const regimes = router.regimesDue();
  if (regimes !== undefined) router.apply(++sequence, regimes);
  const { learning } = body;
  if (learning === undefined || learning.tier < 0 || learning.tier >= TIER_COUNT_MAX) return sequence;
  const succeeded = learning.draw % 3 !== 0;
  router.apply(++sequence, {
    ...{ kind: "outcome", of: sequence - 1, useCase: body.useCase, regime: learning.regime, tier: learning.tier },
    ...{ learned: true, succeeded, successBps: succeeded ? 10_000 : 0, rewardBps: succeeded ? 9_000 : 0 },
    ...(learning.expected === undefined ? {} : { expected: learning.expected }),
    ...{ warmStartBps: 5_000, actor: 7, costMicrocents: microcents(1n) },
  } as never);
  return sequence;
}

// Method: decisions of the kernel, each with one bit of its record turned over.
test("a record is refused when the decision in it is refused as an object, and only then", () => {
  const { policy } = sampleSnapshot();
  const kernel = new WasmKernel(policy);
  const against = consistentPolicy(policy);
  const pages = pagesOf(kernel.decisionWords().buffer, kernel.decisionWords().byteOffset, 48);
  const requests = pagesOf(kernel.requestWords().buffer, kernel.requestWords().byteOffset, 80);
  let refused = 0;
  fc.assert(
    fc.property(client, fc.integer({ min: -1, max: 48 * 8 - 1 }), (asked, flipped) => {
      const resolved = resolvedOf(sampleSnapshot(), asked, 5n);
      if (resolved === undefined) return;
      kernel.writeRequest(0, resolved.request);
      kernel.decideBatch(1);
      if (flipped >= 0) pages.u8[flipped >> 3] = (pages.u8[flipped >> 3] as number) ^ (1 << (flipped & 7));
      // A code without a meaning is refused where it is read.
      const asObject = isRefused(() =>
        requireConsistent(policy, readRequestAt(requests, 0), readDecisionAt(pages, 0, policy)),
      );
      expect(isRefused(() => requireConsistentRecord(against, kernel.requestWords(), kernel.decisionWords(), 0))).toBe(
        asObject,
      );
      if (asObject) refused += 1;
      else expect(flipped < 0 || refusedNowhere(flipped)).toBe(true);
    }),
    { numRuns: 5_000 },
  );
  expect(refused).toBeGreaterThan(1_000);
});

/** Utilities may be others without breaking a claim, within their order; a runner-up may be another. */
function refusedNowhere(flipped: number): boolean {
  const byte = flipped >> 3;
  return byte === 9 || (byte >= 16 && byte < 24) || byte >= 32;
}

function isRefused(work: () => void): boolean {
  try {
    work();
    return false;
  } catch (error) {
    if (error instanceof InvariantViolation) return true;
    throw error;
  }
}
