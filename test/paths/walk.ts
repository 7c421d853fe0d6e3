/**
 * One request through each flow of the engine, with the functions it passes, in order of first call. Prints JSON. Run with
 * `--import ./test/paths/trace-hooks.ts`.
 * @module
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Call, Engine, loadPolicy, parseBudgets } from "@calybris/engine";

/** A flow, and the functions that one command of it passes. */
export interface Walked {
  readonly flow: string;
  readonly command: string;
  readonly passed: readonly string[];
}

const folder = mkdtempSync(join(tmpdir(), "calybris-path-"));
const limits = { riskHardLimitBps: 9_600, confidenceMinBps: 5_500, riskPenaltyMultiplierBps: 3_500 };
const parcel = { valueDollars: "1", riskBps: 500, confidenceBps: 9_000, qualityMinBps: 7_500, outputTokens: 9_000 };
const policy = { name: "parcels", epoch: 1, catalog: "couriers", ...limits, latencyPenaltyMicrocentsPerMs: 2 };

function policyFile(epoch: number): string {
  const path = join(folder, `policy-${epoch}.json`);
  writeFileSync(path, JSON.stringify({ ...policy, epoch, useCases: { default: parcel } }));
  return path;
}

const walked: Walked[] = [];

/** What a timer does belongs to no command: when it fires depends on the machine. */
const apart =
  (work: () => void): (() => void) =>
  () => {
    const trace = globalThis.calybrisTrace;
    globalThis.calybrisTrace = [];
    work();
    globalThis.calybrisTrace = trace;
  };
const [setTimer, setRepeated] = [globalThis.setTimeout, globalThis.setInterval];
globalThis.setTimeout = ((work: () => void, milliseconds: number) =>
  setTimer(apart(work), milliseconds)) as typeof setTimeout;
globalThis.setInterval = ((work: () => void, milliseconds: number) =>
  setRepeated(apart(work), milliseconds)) as typeof setInterval;

async function walk(flow: string, command: string, work: () => Promise<unknown>): Promise<void> {
  globalThis.calybrisTrace = [];
  await work();
  walked.push({ flow, command, passed: [...new Set(globalThis.calybrisTrace)] });
}

const engine = await Engine.open({ directory: join(folder, "journal"), policy: await loadPolicy(policyFile(1)) });
await engine.ledger.apply(parseBudgets({ tenants: { acme: { reservationSeconds: 3_600 } } }));
await engine.ledger.grant({ tenant: "acme", amountMicrocents: 900_000_000_000, id: "first" });
const request = { inputTokens: 400, tenant: "acme", requestId: "one" };
let decisionId = "";
await walk("decide", "engine.decide(request)", async () => {
  ({ decisionId } = await engine.decide(request));
});
await walk("decide", "engine.decide(request), the same request again", () => engine.decide(request));
await walk("call", "engine.ledger.settle(decisionId, cost)", () =>
  engine.ledger.settle({ decisionId, actualMicrocents: 900 }),
);
const bound = { input: [{ basis: "bytes" as const, microcents: 900_000_000 }], outputPriceMicrocents: 1_000_000 };
const bounds = engine.snapshot.policy.candidates.map(({ id }) => ({ candidate: id, ...bound }));
const asked = { ...request, requestId: "two", promptDigest: "A".repeat(43), mode: "enforce" as const };
let call: Call | undefined;
await walk("call", "engine.calls.begin(call)", async () => {
  const begun = await engine.calls.begin({ ...asked, outputTokensMax: 9_000, policyId: 1, bounds });
  if ("call" in begun) ({ call } = begun);
});
await walk("call", "call.attemptEnded(end)", async () =>
  call?.attemptEnded({ number: 1, status: 500, latencyMs: 9, costMicrocents: 0 }),
);
await walk("call", "call.attempt(next)", async () =>
  call?.attempt({ candidate: call.candidate, bound: { candidate: call.candidate, ...bound } }),
);
await walk("call", "call.complete(outcome, end)", async () =>
  call?.complete({ succeeded: true }, { number: 2, status: 200, latencyMs: 9, costMicrocents: 7 }),
);
await walk("evolve", "engine.setPolicy(policy)", async () => engine.setPolicy(await loadPolicy(policyFile(2))));
await engine.close();
rmSync(folder, { recursive: true, force: true });
console.log(JSON.stringify(walked));
