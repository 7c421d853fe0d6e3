import { parseEntryHead, parseEntryLine, SnapshotMembers } from "@calybris/kernel";
import { expect, test } from "vitest";
import { Ledger } from "../../src/ledger/ledger.ts";
import { readBody } from "../../src/state/read-entry.ts";
import { EngineState } from "../../src/state/state.ts";
import type { CandidateBound } from "../../src/flows/client-call.ts";
import { InlineDriver } from "../../src/journal/inline-driver.ts";
import type { WriterStart } from "../../src/journal/segment-writer.ts";
import { Writer } from "../../src/journal/writer.ts";
import type { Batch, WriterDriver } from "../../src/journal/writer-driver.ts";
import { ASKED, boundsOf, CallWorld } from "../support/call-world.ts";
import { learning } from "../support/command-world.ts";
import { MemoryDisk } from "../support/memory-disk.ts";

// Goal: a call reserves its bound, its attempts reserve and settle their own money, and it ends at what they cost together.
// Method: an engine in memory; each test walks one way through the flow and compares the balances after every step.

const GRANT = 100_000n;

async function funded(amount: bigint = GRANT): Promise<CallWorld> {
  const world = await new CallWorld().open();
  await world.fund("team", amount);
  return world;
}

/** The state that the lines of a journal add up to. */
function foldOf(lines: readonly string[]): { readonly state: EngineState } {
  const state = new EngineState();
  for (const line of lines) {
    const data = parseEntryLine(line)?.data ?? "";
    const head = parseEntryHead(data);
    if (head === undefined) throw new Error(`this is no entry: ${line}`);
    state.apply(head.sequence, head.at, readBody({ head, data } as Parameters<typeof readBody>[0], state));
  }
  return { state };
}

test("a call reserves its bound, not what it is expected to cost, and settles what it cost with its outcome", async () => {
  const world = await funded();
  const call = await world.call({ requestId: "r-1" });
  expect(call).toMatchObject({
    reservedMicrocents: 9_500n,
    basis: "bytes",
    outputTokensMax: 500,
    isOutputLowered: false,
  });
  expect(world.balance()).toMatchObject({ reserved: 9_500n, remaining: GRANT - 9_500n });
  const done = await call.complete(
    { succeeded: true, latencyMs: 900 },
    {
      number: 1,
      status: 200,
      latencyMs: 900,
      firstByteMs: 80,
      costMicrocents: 321n,
      inputTokens: 1_000,
      outputTokens: 12,
    },
  );
  expect(done).toMatchObject({ costMicrocents: 321n, observed: { settlement: { state: "settled" } } });
  expect(world.balance()).toEqual({ remaining: GRANT - 321n, reserved: 0n, settled: 321n, debt: 0n });
  expect(call.standing).toMatchObject({ state: "settled", costMicrocents: 321n });
  await expect(call.complete({})).rejects.toMatchObject({ code: "CAL_CALL_ENDED" });
  await world.engine.close();
});

test("the end of an attempt and the outcome after it go to the disk together, of a decision that a belief was drawn for as well", async () => {
  const policy = learning(1n);
  const batches: Batch[] = [];
  const disk = new MemoryDisk();
  const counted = (start: WriterStart): WriterDriver => {
    const driver = new InlineDriver(new Writer(disk, start, undefined, () => 0));
    const submit = driver.submit.bind(driver);
    driver.submit = (batch) => {
      batches.push(batch);
      submit(batch);
    };
    return driver;
  };
  const world = await new CallWorld(policy, { disk, driver: counted }).open();
  await world.fund("team", GRANT);
  let drawnCount = 0;
  for (let number = 0; number < 60; number += 1) {
    const { requested: _requested, ...asked } = { ...ASKED, features: { load: 5 } };
    const begun = await world.engine.calls.begin(asked);
    if (!("call" in begun)) throw new Error("it runs");
    if ((begun.decided.learning?.belief ?? 0) > 0) drawnCount += 1;
    batches.length = 0;
    await begun.call.complete({ succeeded: true }, { number: 1, status: 200, latencyMs: 9, costMicrocents: 5n });
    expect(batches.map(({ tails }) => tails.length)).toEqual([2]);
  }
  expect(drawnCount).toBeGreaterThan(0);
  await world.engine.close();
});

test("an attempt that ended at a known cost gives its reservation back, so that the next one can use it", async () => {
  const world = await funded(10_000n);
  const call = await world.call();
  await call.attemptEnded({ number: 1, status: 500, latencyMs: 40, costMicrocents: 0n });
  expect(world.balance()).toEqual({ remaining: 10_000n, reserved: 0n, settled: 0n, debt: 0n });
  const [bound] = boundsOf(9_000n);
  if (bound === undefined) throw new Error("there is a bound");
  const second = await call.attempt({ candidate: call.candidate, deployment: "eu-1", bound });
  expect(second).toMatchObject({ number: 2, reservedMicrocents: 9_500n });
  expect(world.balance()).toMatchObject({ reserved: 9_500n });
  await call.complete({ succeeded: true }, { number: 2, status: 200, latencyMs: 700, costMicrocents: 400n });
  expect(world.balance()).toEqual({ remaining: 9_600n, reserved: 0n, settled: 400n, debt: 0n });
  await world.engine.close();
});

test("while an attempt's cost is not known its reservation stays, and a further attempt needs headroom of its own", async () => {
  const world = await funded(10_000n);
  const call = await world.call({ outputTokensMin: 500 });
  await call.attemptEnded({ number: 1, status: 0, latencyMs: 60_000 });
  const [bound] = boundsOf(9_000n);
  if (bound === undefined) throw new Error("there is a bound");
  await expect(call.attempt({ candidate: call.candidate, bound })).rejects.toMatchObject({
    code: "CAL_CALL_ATTEMPT_BUDGET",
    status: 402,
    details: { headroomMicrocents: 500n },
  });
  await expect(call.complete({})).rejects.toMatchObject({ code: "CAL_CALL_COST_UNKNOWN" });
  await world.fund("team", 3_000n);
  expect(await call.attempt({ candidate: call.candidate, bound })).toMatchObject({
    reservedMicrocents: 3_500n,
    basis: "estimate",
  });
  await call.attemptEnded({ number: 2, status: 200, latencyMs: 5, costMicrocents: 100n });
  const held = await call.hold({ cause: "timeout" });
  expect(held).toMatchObject({ state: "held", reservedMicrocents: 9_500n, costMicrocents: 100n });
  expect(world.balance()).toEqual({ remaining: 3_400n, reserved: 9_500n, settled: 100n, debt: 0n });
  await world.engine.ledger.reconcile({ decisionId: call.decisionId, actualMicrocents: 5_100n });
  expect(world.balance()).toEqual({ remaining: 7_900n, reserved: 0n, settled: 5_100n, debt: 0n });
  await world.engine.close();
});

test("a call of which an attempt may have cost something is not released", async () => {
  const world = await funded();
  const unknown = await world.call();
  await unknown.attemptEnded({ number: 1, status: 0, latencyMs: 1 });
  await expect(unknown.release()).rejects.toMatchObject({ code: "CAL_CALL_COST_UNKNOWN" });
  const { decisionId } = unknown;
  await expect(world.engine.ledger.release({ decisionId })).rejects.toMatchObject({
    code: "CAL_LEDGER_RESERVATION_STATE",
    details: { operation: "release", state: "attempted" },
  });
  const known = await world.call();
  await known.attemptEnded({ number: 1, status: 200, latencyMs: 1, costMicrocents: 3n });
  await expect(known.release()).rejects.toMatchObject({ code: "CAL_CALL_ATTEMPT_INVALID" });
  await expect(world.engine.ledger.release({ decisionId: known.decisionId })).rejects.toMatchObject({ status: 409 });
  expect(world.balance()).toMatchObject({ reserved: 9_500n, settled: 3n });
  await world.engine.close();
});

test("where money is short, an estimate takes the place of bytes, then the output limit is lowered, then the call is rejected", async () => {
  const world = await funded(5_000n);
  expect(await world.call()).toMatchObject({ basis: "estimate", reservedMicrocents: 3_500n, isOutputLowered: false });
  const bounds = boundsOf(3_000n);
  const cut = await world.begin({ bounds, outputTokensMax: 900, outputTokensMin: 600, outputTokens: 300 });
  expect(cut).toMatchObject({ rejected: { reason: "budget", headroomMicrocents: 1_500n } });
  const lowered = await world.call({ bounds, outputTokensMax: 900, outputTokensMin: 400, outputTokens: 300 });
  expect(lowered).toMatchObject({ outputTokensMax: 500, isOutputLowered: true, reservedMicrocents: 1_500n });
  expect(world.balance()).toMatchObject({ remaining: 0n });
  const { rejected } = (await world.begin()) as { readonly rejected: object };
  expect(rejected).toEqual({ reason: "budget", headroomMicrocents: 0n });
  await world.engine.close();
});

test("an observed call runs what was requested whatever was selected, within the tenant's budget and governance", async () => {
  const world = await funded();
  const call = await world.call({ mode: "observe", requested: "cheaper" });
  expect(call).toMatchObject({ candidate: 2, reservedMicrocents: 9_500n });
  expect(call.decided.decision.selectedId).toBe(1);
  expect(call.fallbacks()).toEqual([]);
  await call.complete({ succeeded: true }, { number: 1, status: 200, latencyMs: 3, costMicrocents: 5n });
  const [outcome] = world.lines.filter((line) => line.includes('"kind":"outcome"'));
  expect(outcome).toMatch(/"candidate":2,.*"learned":false/);
  const poor = await world.begin({ mode: "observe", requested: "cheaper", bounds: boundsOf(900_000n) });
  expect(poor).toMatchObject({ rejected: { reason: "budget" } });
  const worthless = await world.begin({ mode: "observe", requested: "better", valueMicrocents: 1n });
  expect(worthless).toMatchObject({ rejected: { reason: "governance" } });
  expect(await world.begin({ mode: "observe", riskBps: 9_700 })).toMatchObject({
    rejected: { reason: "risk_hard_limit" },
  });
  await world.engine.close();
});

test("a decision that admits no candidate which can take the call is observed: what was requested runs", async () => {
  const world = await funded();
  const [better, cheaper] = boundsOf(9_000n);
  const onlyCheaper = { requested: "cheaper", bounds: [cheaper as CandidateBound] };
  const asked = { ...onlyCheaper, qualityMinBps: 8_500 };
  const call = await world.call(asked);
  expect(call).toMatchObject({ mode: "enforce", candidate: 2, reservedMicrocents: 9_500n });
  expect(call.decided.decision.selectedId).toBe(1);
  expect(call.fallbacks()).toEqual([]);
  expect(world.lines.at(-1)).toContain('"acted":2');
  await call.complete({ succeeded: true }, { number: 1, status: 200, latencyMs: 3, costMicrocents: 5n });
  expect(world.lines.find((line) => line.includes('"kind":"outcome"'))).toMatch(/"candidate":2,.*"learned":false/);
  // One that is admitted can be fallen back on, and is not asked for in vain; one that was not asked for runs only if selected.
  const admitted = await world.call(onlyCheaper);
  expect(admitted).toMatchObject({ candidate: 1, reservedMicrocents: 2n });
  expect(admitted.fallbacks()).toEqual([2]);
  // What a fallback did says nothing about the candidate that was selected.
  await admitted.attemptEnded({ number: 1, status: 0, latencyMs: 0, costMicrocents: 0n });
  await admitted.attempt({ candidate: 2, bound: cheaper as CandidateBound });
  await admitted.complete({ succeeded: true }, { number: 2, status: 200, latencyMs: 3, costMicrocents: 5n });
  expect(world.lines.findLast((line) => line.includes('"kind":"outcome"'))).toMatch(
    /"disposition":"abandoned",.*"candidate":1,.*"learned":false/,
  );
  const other = await world.call({ ...asked, requested: "better", bounds: [cheaper as CandidateBound] });
  expect(other.candidate).toBe(1);
  expect(await world.call({ ...asked, bounds: [better as CandidateBound, cheaper as CandidateBound] })).toMatchObject({
    candidate: 1,
    reservedMicrocents: 9_500n,
  });
  // Governance and the tenant's money bind what runs.
  expect(await world.begin({ ...asked, bounds: boundsOf(900_000n).slice(1) })).toMatchObject({
    rejected: { reason: "budget" },
  });
  await world.engine.close();
});

test("a repeated id is never sent again: in flight, held, settled, and after a restart", async () => {
  const world = await funded();
  const repeated = (state: string) => ({
    code: "CAL_CALL_REPEATED",
    status: 409,
    details: expect.objectContaining({ state }),
  });
  const [first, again] = await Promise.allSettled([world.begin({ requestId: "r" }), world.begin({ requestId: "r" })]);
  expect(first).toMatchObject({ status: "fulfilled" });
  expect(again).toMatchObject({ status: "rejected", reason: repeated("in_flight") });
  await expect(world.begin({ requestId: "r", promptDigest: `B${"A".repeat(42)}` })).rejects.toMatchObject({
    code: "CAL_REQUEST_ID_REUSED",
  });
  const done = await world.call({ requestId: "s" });
  await done.complete({}, { number: 1, status: 200, latencyMs: 1, costMicrocents: 1n });
  await expect(world.begin({ requestId: "s" })).rejects.toMatchObject(repeated("settled"));
  await world.killed();
  await expect(world.begin({ requestId: "r" })).rejects.toMatchObject(repeated("held"));
  await expect(world.begin({ requestId: "s" })).rejects.toMatchObject(repeated("settled"));
  await world.engine.close();
});

test("a call that was open when the process ended is held: listed, never released, and settled in full when it expires", async () => {
  const world = await funded();
  const call = await world.call();
  await call.attemptEnded({ number: 1, status: 500, latencyMs: 1, costMicrocents: 7n });
  const [bound] = boundsOf(100n, 0n);
  if (bound === undefined) throw new Error("there is a bound");
  await call.attempt({ candidate: call.candidate, bound });
  const other = await world.call();
  await world.killed();
  const open = [...world.engine.calls.open()];
  expect(open).toMatchObject([
    {
      decisionId: call.decisionId,
      state: "held",
      reservedMicrocents: 100n,
      costMicrocents: 7n,
      attemptCosts: [7n, undefined],
    },
    { decisionId: other.decisionId, state: "held", reservedMicrocents: 9_500n },
  ]);
  world.now += 8 * 24 * 3_600 * 1_000_000;
  expect(await world.engine.ledger.sweep()).toBe(2);
  expect(world.balance()).toEqual({ remaining: GRANT - 9_607n, reserved: 0n, settled: 9_607n, debt: 0n });
  await world.engine.close();
});

test("a call of a tenant without a limit reserves nothing, and its outcome carries its cost", async () => {
  const world = await new CallWorld().open();
  const call = await world.call({ tenant: "free", requestId: "f" });
  expect(call).toMatchObject({ isMetered: false, reservedMicrocents: 0n });
  const [bound] = boundsOf(100n);
  if (bound === undefined) throw new Error("there is a bound");
  await call.attemptEnded({ number: 1, status: 429, latencyMs: 1, costMicrocents: 0n });
  await call.attempt({ candidate: call.candidate, bound });
  await call.complete({}, { number: 2, status: 200, latencyMs: 1, costMicrocents: 12n });
  await expect(world.begin({ tenant: "free", requestId: "f" })).rejects.toMatchObject({
    details: expect.objectContaining({ state: "finished" }),
  });
  const finished = { state: "finished", reservedMicrocents: 0n, costMicrocents: 12n };
  expect(world.engine.calls.standing(call.decisionId)).toMatchObject(finished);
  await world.killed();
  expect(world.engine.calls.standing(call.decisionId)).toMatchObject(finished);
  await world.engine.close();
});

test("a state snapshot holds the attempts of calls: a state that is restored from it is the same", async () => {
  const world = await funded();
  const call = await world.call();
  await call.attemptEnded({ number: 1, status: 500, latencyMs: 1, costMicrocents: 12n });
  const [bound] = boundsOf(3_000n);
  if (bound === undefined) throw new Error("there is a bound");
  await call.attempt({ candidate: 1, bound });
  await world.call();
  const ledger = new Ledger();
  const { state } = foldOf(world.lines);
  for (const line of state.ledger.lines()) {
    const members = new SnapshotMembers(Buffer.from(line.bytes()).toString("utf8"));
    ledger.restore(members.text("part"), members, state.sequence);
  }
  const openOf = ({ reservations }: Ledger): readonly unknown[] =>
    [...reservations.allOpen()].map(({ of, amountMicrocents, knownMicrocents }) => [
      of,
      amountMicrocents,
      knownMicrocents,
      reservations.call(of)?.rows,
      reservations.call(of)?.endedCounts,
    ]);
  expect(openOf(ledger)).toEqual(openOf(state.ledger));
  expect(openOf(ledger)).toHaveLength(2);
  await world.engine.close();
});

test("every field that is not in its range is named", async () => {
  const world = await funded();
  const wrong = {
    mode: "both",
    promptDigest: "short",
    outputTokensMax: -1,
    bounds: [{ candidate: 9, input: [] }],
  } as never;
  await expect(world.begin(wrong)).rejects.toMatchObject({ code: "CAL_REQUEST_INVALID" });
  await expect(
    world.begin({ mode: "observe", requested: "cheaper", bounds: boundsOf(1n).slice(0, 1) }),
  ).rejects.toThrow(/candidate 2/);
  const call = await world.call();
  await expect(call.attemptEnded({ number: 2, status: 1, latencyMs: 1 })).rejects.toMatchObject({
    code: "CAL_CALL_ATTEMPT_INVALID",
  });
  await expect(call.attemptEnded({ number: 1, status: -1, latencyMs: 1 })).rejects.toMatchObject({
    code: "CAL_LEDGER_INVALID",
  });
  await call.release({ number: 1, status: 0, latencyMs: 0, costMicrocents: 0n });
  expect(world.balance()).toMatchObject({ remaining: GRANT });
  await world.engine.close();
});
