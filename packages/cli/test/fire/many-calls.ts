/**
 * Very many calls with the token counts of real requests, and among them what clients and providers get wrong: no messages, limits
 * of 2^32 - 1 tokens, JSON that ends too early, refusals by rate. A gateway in a process of its own survives all of them, reserves
 * nothing at the end, has charged what its provider bills, and needs no more memory in the end than in the middle.
 * @module
 */
import { type Chance, seededChance } from "../../../engine/test/support/seeded-chance.ts";
import { CALL_CATALOG, CALL_POLICY } from "../../../gateway/test/calls/running-gateway.ts";
import { charged, FireViolation, type Ledger } from "./fire-books.ts";
import { FireWorld } from "./fire-world.ts";

export interface TracedCall {
  readonly inputTokens: number;
  readonly outputTokens: number;
}

export interface ManyBudget {
  readonly seed: number;
  readonly calls: number;
  readonly concurrency: number;
  /** When it begins no more calls. */
  readonly milliseconds: number;
  /** Token counts to draw from; without them they are drawn from ranges. */
  readonly traces?: readonly TracedCall[] | undefined;
  readonly progress?: ((text: string) => void) | undefined;
}

export interface ManyReport {
  calls: number;
  /** Answers by kind of call and status, as `plain 200`. */
  readonly answers: Record<string, number>;
  /** What was settled, and what the models asked for would have cost beyond it. Dollars. */
  settledDollars: number;
  savedDollars: number;
  /** Calls that were answered in a second, over the whole run. */
  callsPerSecond: number;
  /** How often a call was sent again, because its connection had ended. */
  connectionsLost: number;
  /** The heap after a third of the calls, and at the end: the least of some samples. MiB. */
  heapMiB: readonly [middle: number, end: number];
}

interface Candidate {
  readonly name: string;
}
/** Without the one of embeddings; the cheapest is nearly as good as a more expensive one, so that longer calls are moved to it. */
const CHAT_CANDIDATES = (CALL_CATALOG as { readonly candidates: readonly Candidate[] }).candidates
  .filter(({ name }) => !name.includes("embedding"))
  .map((one) => (one.name === "gpt-4.1-nano" ? { ...one, qualityBps: 8_980 } : one));
const KINDS = ["plain", "empty", "huge", "malformed", "refused"] as const;
type Kind = (typeof KINDS)[number];

/** Anything else is a fault. 402: calls without messages are one prompt, so that the storm brake refuses them in the end. */
const EXPECTED: { readonly [Name in Kind]: readonly number[] } = {
  plain: [200],
  empty: [200, 400, 402],
  huge: [200, 400],
  malformed: [400],
  refused: [200, 429],
};
const NO_PACE = { latencyMs: 0, firstTokenMs: 0, tokensPerSecond: 0 };
const TENANT = "ample";
/** Beyond what all huge calls at once may reserve, $65,000 each. */
const FUNDS = { grant: 2n ** 61n, exposureCapDollars: "1000000000" };
const MODELS = ["gpt-4.1", "gpt-4.1-nano", "claude-sonnet-4-6", "chosen", "auto"];
const FRUGAL_POLICY = { ...CALL_POLICY, catalog: { ...CALL_CATALOG, candidates: CHAT_CANDIDATES } };
/** The built-in provider writes each token; the counts of real answers would measure it and not the gateway. */
const OUTPUT_MAX = 48;
const SAMPLES = 24;
const U32_MAX = 2 ** 32 - 1;
const WAITS_MAX = 3_000;
const WAIT_MS = 20;
const MIB = 2 ** 20;
const SENDS_MAX = 3;
/** Garbage alone makes so much of a difference; a million calls that each leave 200 bytes make more. */
const HEAP_GROWTH_MIB = 160;

export async function manyCalls(budget: ManyBudget): Promise<ManyReport> {
  await using world = await FireWorld.make([TENANT], NO_PACE, FRUGAL_POLICY);
  const url = await world.gateway.start();
  await world.fund(url, TENANT, FUNDS);
  const report: ManyReport = {
    calls: 0,
    answers: {},
    settledDollars: 0,
    savedDollars: 0,
    callsPerSecond: 0,
    connectionsLost: 0,
    heapMiB: [0, 0],
  };
  const chance = seededChance(budget.seed);
  const heaps: number[] = [];
  const endMs = performance.now() + budget.milliseconds;
  const startMs = performance.now();
  const rate = (): number => report.calls / ((performance.now() - startMs) / 1_000);
  let next = 0;
  const work = async (): Promise<void> => {
    while (next < budget.calls && performance.now() < endMs) {
      next += 1;
      await one(url, world.keys[0] ?? "", next, chance, budget.traces, report);
      const done = Math.max(report.calls / budget.calls, (performance.now() - startMs) / budget.milliseconds);
      if (done * SAMPLES > heaps.length + 1) {
        heaps.push(Number.NaN);
        heaps[heaps.length - 1] = (await metricsOf(url, world)).heapMiB;
      }
      budget.progress?.(`${report.calls} calls, ${Math.round(rate())} a second`);
    }
  };
  await Promise.all(Array.from({ length: budget.concurrency }, work));
  report.callsPerSecond = rate();
  const ledger = await quietLedger(url, world);
  const bill = world.mock.billedMicrocents;
  if (charged(ledger.total) !== bill)
    throw new FireViolation(`${bill} is billed, and ${charged(ledger.total)} is charged`);
  const { saved } = await metricsOf(url, world);
  report.settledDollars = Number(charged(ledger.total)) / 1e8;
  report.savedDollars = saved;
  const known = heaps.filter((heap) => heap > 0);
  const third = Math.ceil(known.length / 3);
  report.heapMiB = [Math.min(...known.slice(third, 2 * third)), Math.min(...known.slice(2 * third))];
  if (report.heapMiB[1] > report.heapMiB[0] + HEAP_GROWTH_MIB)
    throw new FireViolation(`the heap grew from ${report.heapMiB[0]} to ${report.heapMiB[1]} MiB`);
  await world.gateway.stop();
  return report;
}

async function one(
  url: string,
  key: string,
  number: number,
  chance: Chance,
  traces: ManyBudget["traces"],
  report: ManyReport,
): Promise<void> {
  const kind = kindOf(chance(100));
  const isChat = chance(2) === 0;
  const text = JSON.stringify(bodyOf(kind, number, isChat, chance, traces));
  const body = kind === "malformed" ? text.slice(0, 1 + chance(text.length - 1)) : text;
  const answer = await sent(`${url}${isChat ? "/v1/chat/completions" : "/v1/messages"}`, key, body, report);
  const said = await answer.text();
  report.calls += 1;
  const name = `${kind} ${answer.status}`;
  report.answers[name] = (report.answers[name] ?? 0) + 1;
  if (!EXPECTED[kind].includes(answer.status))
    throw new FireViolation(`call ${number}, ${kind}: ${answer.status} ${said.slice(0, 500)}`);
}

/** A connection that was idle may end while a call is on its way to it; clients send such a call again. */
async function sent(url: string, key: string, body: string, report: ManyReport): Promise<Response> {
  const headers = { "content-type": "application/json", authorization: `Bearer ${key}` };
  for (let sends = 1; ; sends += 1) {
    try {
      return await fetch(url, { method: "POST", headers, body });
    } catch (error) {
      if (sends === SENDS_MAX) throw error;
      report.connectionsLost += 1;
    }
  }
}

/** Nine in ten are plain. */
function kindOf(drawn: number): Kind {
  if (drawn < 90) return "plain";
  return KINDS[1 + (drawn % (KINDS.length - 1))] as Kind;
}

function bodyOf(kind: Kind, number: number, isChat: boolean, chance: Chance, traces: ManyBudget["traces"]): object {
  const { inputTokens, outputTokens } = traces?.[chance(traces.length)] ?? {
    inputTokens: 1 + chance(4_000),
    outputTokens: 1 + chance(400),
  };
  const fault = kind === "refused" ? `status=429 ${chance(2) === 0 ? "times=1" : ""}` : "";
  const asked = `Call ${number}. [[mock: input=${inputTokens} output=${Math.min(outputTokens, OUTPUT_MAX)} ${fault}]]`;
  const limit = kind === "huge" ? U32_MAX : Math.max(outputTokens, 16);
  return {
    model: MODELS[chance(MODELS.length)],
    messages: kind === "empty" ? [] : [{ role: "user", content: asked }],
    stream: chance(10) < 3,
    [isChat ? "max_completion_tokens" : "max_tokens"]: limit,
  };
}

/** The ledger once nothing is under way. */
async function quietLedger(url: string, world: FireWorld): Promise<Ledger> {
  for (let waits = 0; waits < WAITS_MAX; waits += 1) {
    const ledger = (await world.operator(url).ledger()) as Ledger;
    if (ledger.reservations.length === 0 && BigInt(ledger.total.reservedMicrocents) === 0n) return ledger;
    await new Promise((resolve) => setTimeout(resolve, WAIT_MS));
  }
  throw new FireViolation("something is reserved, although each call has an answer and a known cost");
}

async function metricsOf(url: string, world: FireWorld): Promise<{ readonly heapMiB: number; readonly saved: number }> {
  const text = await world.operator(url).metrics();
  const values = (name: string): number[] =>
    [...text.matchAll(new RegExp(`^${name}(?:\\{.*\\})? (\\S+)$`, "gm"))].map(([, value]) => Number(value));
  const saved = values("calybris_calls_saved_dollars_total").reduce((sum, value) => sum + value, 0);
  return { heapMiB: (values("calybris_heap_bytes")[0] ?? Number.NaN) / MIB, saved };
}
