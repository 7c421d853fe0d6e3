import { LEARNING_DEFAULTS } from "@calybris/engine/internal";
import { type PolicySnapshot, parseEntryLine } from "@calybris/kernel";
import fc from "fast-check";
import { expect, test } from "vitest";
import type { Call } from "../../engine/src/flows/call.ts";
import { boundsOf, CallWorld } from "../../engine/test/support/call-world.ts";
import { sampleSnapshot } from "../../engine/test/support/sample-snapshot.ts";
import { createAudit, createFold } from "../src/index.ts";

// Goal: whatever becomes of calls, of several tenants and under kills, money is conserved, what a provider bills is covered by
// what is settled, owed and reserved, and an audit folds the same.
// Method: random interleavings of calls against an engine in memory; a provider that keeps its own bill; after each step the
// claim below; at the end the audit, entry by entry, and the state's digest.
//
//     settled + debt ≤ bill ≤ settled + debt + reserved            where every reservation is a true bound

const TENANTS = ["team", "group", "third"];

type Step =
  | {
      readonly does: "begin";
      readonly tenant: number;
      readonly bytes: number;
      readonly observed: boolean;
      readonly cheap: boolean;
      /** Nothing that the decision admits can take the call, so that it is observed. */
      readonly withoutLane: boolean;
    }
  | {
      readonly does: "fail" | "cut" | "retry" | "complete" | "hold" | "release";
      readonly which: number;
      readonly share: number;
    }
  | { readonly does: "kill" }
  | { readonly does: "wait"; readonly seconds: number };

const which = { which: fc.nat(9), share: fc.nat(100) };
const STEP: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      does: fc.constant("begin" as const),
      tenant: fc.nat(2),
      bytes: fc.nat(4_000),
      observed: fc.boolean(),
      cheap: fc.boolean(),
      withoutLane: fc.boolean(),
    }),
  },
  {
    weight: 8,
    arbitrary: fc.record({
      does: fc.constantFrom(
        "fail" as const,
        "cut" as const,
        "retry" as const,
        "complete" as const,
        "hold" as const,
        "release" as const,
      ),
      ...which,
    }),
  },
  { weight: 1, arbitrary: fc.constant({ does: "kill" as const }) },
  { weight: 1, arbitrary: fc.record({ does: fc.constant("wait" as const), seconds: fc.constantFrom(1, 700, 90_000) }) },
);

/** A call of which the provider knows what it really cost. */
interface Running {
  readonly call: Call;
  readonly tenant: string;
  attempt: number;
  isRunning: boolean;
  isUnknown: boolean;
  bound: bigint;
}

class Fire {
  readonly world: CallWorld;
  readonly running: Running[] = [];
  readonly bills = new Map<string, bigint>();
  readonly totals = new Map<string, { readonly tenant: string; cost: bigint }>();

  constructor(policy: PolicySnapshot) {
    this.world = new CallWorld(policy);
  }

  async begin(): Promise<void> {
    await this.world.open();
    await this.world.fund("team", 40_000n);
    await this.world.fund("group", 20_000n, { period: { every: "day", timeZone: "UTC", allotmentMicrocents: 9_000 } });
    await this.world.fund("third", 15_000n, { exposureCapMicrocents: 6_000 });
  }

  async step(step: Step): Promise<void> {
    const { world } = this;
    if (step.does === "wait") world.now += step.seconds * 1_000_000;
    else if (step.does === "kill") {
      this.running.length = 0;
      await world.killed();
    } else if (step.does === "begin") {
      const tenant = TENANTS[step.tenant] as string;
      const asked = {
        tenant,
        requested: step.cheap ? "cheaper" : "better",
        mode: step.observed ? ("observe" as const) : ("enforce" as const),
        bounds: boundsOf(BigInt(step.bytes) * 3n),
        outputTokensMin: 300,
        outputTokens: 250,
        ...(step.withoutLane
          ? { requested: "cheaper", qualityMinBps: 8_500, bounds: boundsOf(BigInt(step.bytes) * 3n).slice(1) }
          : {}),
      };
      const begun = await world.begin(asked);
      if (!("call" in begun)) return;
      const { call } = begun;
      this.running.push({
        call,
        tenant,
        attempt: 1,
        isRunning: true,
        isUnknown: false,
        bound: call.reservedMicrocents,
      });
      this.totals.set(call.decisionId, { tenant, cost: 0n });
    } else await this.#onCall(step);
    this.#assertCovered();
  }

  async #onCall(step: Extract<Step, { readonly which: number }>): Promise<void> {
    const running = this.running[step.which % Math.max(1, this.running.length)];
    if (running === undefined) return;
    const { call } = running;
    const cost = (running.bound * BigInt(step.share)) / 100n;
    const end = { number: running.attempt, status: 200, latencyMs: 5 };
    const refused = (error: unknown): undefined => {
      expect(error).toMatchObject({ code: expect.stringMatching(/^CAL_(CALL|LEDGER|OUTCOME)_/) });
    };
    if (step.does === "retry") {
      const [bound] = boundsOf(running.bound);
      if (running.isRunning || bound === undefined) return;
      const begun = await call.attempt({ candidate: call.candidate, bound }).catch(refused);
      if (begun === undefined) return;
      Object.assign(running, { attempt: begun.number, isRunning: true, bound: begun.reservedMicrocents });
      return;
    }
    if (!running.isRunning && (step.does === "fail" || step.does === "cut")) return;
    const isKnown = step.does === "fail" || step.does === "complete";
    if (running.isRunning && step.does !== "release") this.#bill(running, cost);
    const given = running.isRunning
      ? { ...end, ...(isKnown ? { costMicrocents: cost } : step.does === "release" ? { costMicrocents: 0n } : {}) }
      : undefined;
    running.isRunning = false;
    if (!isKnown && step.does !== "release") running.isUnknown = true;
    if (step.does === "fail" || step.does === "cut") {
      if (given !== undefined) await call.attemptEnded(given).catch(refused);
    } else if (step.does === "complete") await call.complete({ succeeded: true }, given).catch(refused);
    else if (step.does === "hold") await call.hold({ cause: "stream_cut" }, given).catch(refused);
    else await call.release(given).catch(refused);
  }

  #bill({ call, tenant }: Running, cost: bigint): void {
    this.bills.set(tenant, (this.bills.get(tenant) ?? 0n) + cost);
    const total = this.totals.get(call.decisionId);
    if (total !== undefined) total.cost += cost;
  }

  #assertCovered(): void {
    for (const tenant of TENANTS) {
      const { reservedMicrocents, settledMicrocents, debtMicrocents, remainingMicrocents, grantedMicrocents } =
        this.world.engine.ledger.balance(tenant);
      const bill = this.bills.get(tenant) ?? 0n;
      expect(settledMicrocents + reservedMicrocents + remainingMicrocents).toBe(grantedMicrocents);
      expect(bill <= settledMicrocents + debtMicrocents + reservedMicrocents).toBe(true);
    }
  }

  /** States what each held or expired call cost in truth. */
  async reconcile(): Promise<void> {
    const { ledger, calls } = this.world.engine;
    await calls.holdInterrupted();
    for (const { decisionId } of [...calls.open()])
      await ledger.reconcile({ decisionId, actualMicrocents: this.totals.get(decisionId)?.cost ?? 0n });
    for (const [decisionId, { cost }] of this.totals)
      if (calls.standing(decisionId).state === "expired") await ledger.correct({ decisionId, actualMicrocents: cost });
    for (const tenant of TENANTS) {
      const { reservedMicrocents, settledMicrocents, debtMicrocents } = ledger.balance(tenant);
      expect(reservedMicrocents).toBe(0n);
      expect(settledMicrocents + debtMicrocents).toBe(this.bills.get(tenant) ?? 0n);
    }
  }
}

function audited(lines: readonly string[]): unknown {
  const audit = createAudit();
  for (const [index, line] of lines.entries()) audit.line(line, { file: "journal", byteOffset: index });
  const { status, findings, actions } = audit.finish();
  return { status, findings, observed: actions.observe };
}

const LEARNS: PolicySnapshot = {
  ...sampleSnapshot(),
  learning: { ...LEARNING_DEFAULTS, warmUpRequests: 3, explorationBps: 5_000 },
};

test.each([
  ["", sampleSnapshot()],
  [" under a policy that learns", LEARNS],
])(
  "whatever becomes of calls%s, what a provider bills is covered, and reconciled it is what was settled",
  async (_policy, policy) => {
    await fc.assert(
      fc.asyncProperty(fc.array(STEP, { minLength: 5, maxLength: 40 }), async (steps) => {
        const fire = new Fire(policy);
        await fire.begin();
        for (const step of steps) await fire.step(step);
        await fire.reconcile();
        const { engine } = fire.world;
        const fold = createFold();
        for (const line of fire.world.lines) fold.apply(parseEntryLine(line)?.data ?? "");
        expect(fold.stateDigest()).toBe(engine.stateDigest());
        expect(fold.prove()).toEqual({ ...engine.ledger.prove(), reservations: [] });
        await engine.close();
        const observed = fire.world.lines.filter((line) => line.includes('"acted":')).length;
        expect(audited(fire.world.lines)).toEqual({ status: "intact", findings: [], observed });
      }),
      { numRuns: 60 },
    );
  },
);
