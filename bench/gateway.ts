/**
 * Model calls per second through the gateway, compared with Portkey's gateway and a bare proxy, with the same provider and
 * in alternation. Calybris runs with all features: every call is decided, reserved, durable before it is sent, settled and
 * learned from.
 *
 *     npm run bench -- gateway
 * @module
 */
import { execFile } from "node:child_process";
import { randomUUID } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import type { BenchOptions } from "./bench.ts";
import { builtCalybris } from "./built-calybris.ts";
import type { CallPlan, CallResult } from "./gateway-load.ts";
import {
  bareSide,
  CHECKOUT_COMMAND,
  calybrisSide,
  endSide,
  peakMiB,
  portkeySide,
  processorUs,
  type Side,
  startOwn,
} from "./gateway-side.ts";
import { diskWait } from "./disk-wait.ts";
import { markdownTable, median, progress } from "./harness.ts";
import { portkeyServer } from "./portkey.ts";

interface Size {
  /** Warm-up calls of each kind per gateway. */
  readonly warmCalls: number;
  /** Maximum number of further warm-up windows of `measureMs`, until the rate is steady. They are printed, not counted. */
  readonly warmWindows: number;
  readonly warmMs: number;
  readonly measureMs: number;
  readonly rounds: number;
  /** Number of syncs for the disk's latency. */
  readonly diskWaits: number;
  readonly connections: readonly number[];
}

const FULL: Size = {
  warmCalls: 10_000,
  warmWindows: 8,
  warmMs: 500,
  measureMs: 2_000,
  rounds: 3,
  diskWaits: 300,
  connections: [10, 128],
};
/** The rate is steady if it differs in consecutive windows by at most `STEADY_SHARE` of the lowest. */
const STEADY_WINDOWS = 3;
const STEADY_SHARE = 0.08;
const SMOKE: Size = {
  warmCalls: 20,
  warmWindows: 1,
  warmMs: 50,
  measureMs: 150,
  rounds: 1,
  diskWaits: 5,
  connections: [4],
};

/** Processor time of the gateway's process is averaged over all calls, including those before the measurement. */
interface Measured extends CallResult {
  readonly processorUs: number;
}
type Load = Omit<CallPlan, "port" | "headers" | "run" | "warmCalls">;

export async function benchGateway({ full }: BenchOptions): Promise<string> {
  const size = full ? FULL : SMOKE;
  const folder = mkdtempSync(join(process.cwd(), ".bench-"));
  // Users run the built packages. The small run, which is part of the tests, builds nothing.
  const command = full ? await builtCalybris() : CHECKOUT_COMMAND;
  const mock = await startOwn("gateway-mock.ts", []);
  const provider = `http://127.0.0.1:${mock.port}`;
  // The small run, which is part of the tests, does not use the network.
  const portkey = full ? await portkeyServer() : { problem: "Portkey's gateway is compared in full runs only." };
  const sides: Side[] = [];
  const direct = { name: "the provider itself", port: mock.port, headers: {}, child: mock.child, readyMs: Number.NaN };
  try {
    sides.push(await bareSide(provider));
    if ("file" in portkey) sides.push(await portkeySide(portkey.file, provider));
    // One start before the timed one: Node caches compiled code for the next start.
    if (full) await endSide(await calybrisSide(mkdtempSync(join(folder, "first-")), provider, command));
    sides.push(await calybrisSide(folder, provider, command));
    const warmUp = await warm(sides, size);
    const { table, maximum } = await rates(sides, size);
    const before = diskWait(folder, size.diskWaits);
    const parts = [warmUp, table, await open(direct, sides, maximum, size), starts(sides)];
    parts.push(`Before the load at fixed times: ${before}`, `After it: ${diskWait(folder, size.diskWaits)}`);
    return [...parts, ...("problem" in portkey ? [portkey.problem] : [])].join("\n\n");
  } finally {
    for (const side of [...sides, mock]) await endSide(side);
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Warms up every gateway with the same number of calls of each kind, then with more until its rate is steady. */
async function warm(sides: readonly Side[], size: Size): Promise<string> {
  const { warmCalls, warmWindows, measureMs } = size;
  const connections = Math.max(...size.connections);
  const rows: string[][] = [];
  for (const isStreamed of [false, true])
    for (const side of sides) {
      const load = { connections, isStreamed, warmMs: 0, measureMs };
      const before = await run(side, { ...load, measureMs: 0 }, warmCalls);
      const windows: Measured[] = [];
      while (windows.length < warmWindows && !isSteady(windows)) windows.push(await run(side, load));
      const answered = windows.reduce((sum, window) => sum + window.answered, before.answered);
      const rateAt = (at: number): string => rateOf(windows.slice(at).slice(0, 1)).toFixed(0);
      const usOf = (window: Measured | undefined): string =>
        window === undefined ? "" : (window.processorUs / window.answered).toFixed(0);
      const rates = [rateAt(0), rateAt(-1), isSteady(windows) ? "yes" : "no"];
      rows.push([kindOf(isStreamed), side.name, String(answered), ...rates, usOf(before), usOf(windows.at(-1))]);
      if (size.rounds > 1) progress(`warm: ${kindOf(isStreamed)}, ${side.name}`);
    }
  const header = ["warm-up", "gateway", "calls", "first window calls/s", "last window calls/s", "steady"];
  return markdownTable([...header, "processor µs a call: first calls", "last window"], rows);
}

function isSteady(windows: readonly CallResult[]): boolean {
  const rates = windows.slice(-STEADY_WINDOWS).map(({ calls, seconds }) => calls / seconds);
  const least = Math.min(...rates);
  return rates.length === STEADY_WINDOWS && Math.max(...rates) - least <= STEADY_SHARE * least;
}

function kindOf(isStreamed: boolean): string {
  return isStreamed ? "streams" : "JSON";
}

/** Closed loop: the maximum rate of each gateway, in alternation. */
async function rates(
  sides: readonly Side[],
  size: Size,
): Promise<{ readonly table: string; readonly maximum: ReadonlyMap<string, number> }> {
  const rows: string[][] = [];
  const maximum = new Map<string, number>();
  for (const connections of size.connections)
    for (const isStreamed of [false, true]) {
      const kind = kindOf(isStreamed);
      const load = { ...size, connections, isStreamed };
      const results = await inTurns(sides, load, size.rounds);
      const bare = rateOf(results.get("bare") ?? []);
      for (const [name, runs] of results) {
        const rate = rateOf(runs);
        maximum.set(`${name} ${kind}`, rate);
        const spread = (100 * spreadOf(runs)).toFixed(0);
        rows.push([
          `${connections}, ${kind}`,
          name,
          rate.toFixed(0),
          spread,
          (rate / bare).toFixed(2),
          ...quality(runs),
        ]);
      }
      if (size.rounds > 1) progress(`${connections} connections, ${kind}`);
    }
  const header = [
    "connections",
    "gateway",
    "calls/s",
    "± %",
    "of bare",
    "p50 ms",
    "p99 ms",
    "errors",
    "bytes changed",
    "processor µs a call",
    "of the load itself",
  ];
  return { table: markdownTable(header, rows), maximum };
}

/** Open loop at half of each gateway's maximum rate, and the provider itself at the same rate. */
async function open(
  direct: Side,
  sides: readonly Side[],
  maximum: ReadonlyMap<string, number>,
  size: Size,
): Promise<string> {
  const rows: string[][] = [];
  const connections = size.connections.at(-1) ?? 1;
  for (const isStreamed of [false, true])
    for (const side of sides) {
      const kind = kindOf(isStreamed);
      const perSecond = Math.max(1, Math.floor((maximum.get(`${side.name} ${kind}`) ?? 0) / 2));
      const load = { ...size, connections, isStreamed, perSecond };
      const results = await inTurns([direct, side], load, size.rounds);
      const [base, own] = [results.get(direct.name) ?? [], results.get(side.name) ?? []];
      const added = (of: (result: Measured) => number): string =>
        (median(own.map(of)) - median(base.map(of))).toFixed(2);
      const counted = [added(({ p50Ms }) => p50Ms), added(({ p99Ms }) => p99Ms), ...quality(own)];
      rows.push([`${connections}, ${kind}`, side.name, String(perSecond), rateOf(own).toFixed(0), ...counted]);
      if (size.rounds > 1) progress(`open load, ${kind}, ${side.name}`);
    }
  const header = [
    ...["connections", "gateway", "due/s", "answered/s", "added p50 ms", "added p99 ms"],
    ...["p50 ms", "p99 ms", "errors", "bytes changed", "processor µs a call", "of the load itself"],
  ];
  return markdownTable(header, rows);
}

function starts(sides: readonly Side[]): string {
  const rows = sides.map((side) => [side.name, side.readyMs.toFixed(0), peakMiB(side)?.toFixed(0) ?? "unknown"]);
  return markdownTable(["gateway", "first answer after, ms", "peak memory, MiB"], rows);
}

async function inTurns(
  sides: readonly Side[],
  load: Load,
  rounds: number,
): Promise<ReadonlyMap<string, readonly Measured[]>> {
  const results = new Map<string, Measured[]>(sides.map(({ name }) => [name, []]));
  for (let round = 0; round < rounds; round += 1)
    for (const side of sides) results.get(side.name)?.push(await run(side, load));
  return results;
}

async function run(side: Side, load: Load, warmCalls = 0): Promise<Measured> {
  const { name, port, headers } = side;
  const plan: CallPlan = { ...load, warmCalls, port, headers, run: randomUUID() };
  const words = [join(import.meta.dirname, "gateway-load.ts"), JSON.stringify(plan)];
  const beforeUs = processorUs(side);
  const { stdout } = await promisify(execFile)(process.execPath, words);
  const result = JSON.parse(stdout) as CallResult;
  if (result.firstError !== undefined) console.error(`${name}: ${result.firstError.slice(0, 500)}`);
  return { ...result, processorUs: processorUs(side) - beforeUs };
}

function rateOf(results: readonly Measured[]): number {
  return median(results.map(({ calls, seconds }) => calls / seconds));
}

/** Half the range of the rounds' rates, as a share of the median. */
function spreadOf(results: readonly Measured[]): number {
  const rates = results.map(({ calls, seconds }) => calls / seconds);
  return (Math.max(...rates) - Math.min(...rates)) / 2 / rateOf(results);
}

function quality(results: readonly Measured[]): readonly string[] {
  const middle = (of: (result: Measured) => number): string => median(results.map(of)).toFixed(2);
  const sum = (of: (result: Measured) => number): string =>
    String(results.reduce((total, result) => total + of(result), 0));
  return [
    middle(({ p50Ms }) => p50Ms),
    middle(({ p99Ms }) => p99Ms),
    sum(({ errors }) => errors),
    sum(({ changed }) => changed),
    middle(({ processorUs: us, answered }) => us / answered),
    middle(({ loadUsPerCall }) => loadUsPerCall),
  ];
}
