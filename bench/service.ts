/**
 * Durable decisions per second over HTTP, compared in alternation with a bare server that parses the same body and returns a
 * constant. Then batches, long runs, memory, and the time from a kill to the first answer.
 *
 *     npm run bench -- service
 * @module
 */
import { type ChildProcess, execFile, fork } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { listSegments, nodeDisk, segmentName } from "@calybris/engine/internal";
import { createKey } from "@calybris/gateway";
import type { BenchOptions } from "./bench.ts";
import { markdownTable, median, progress } from "./harness.ts";
import type { LoadPlan, LoadResult } from "./service-load.ts";
import { recovery } from "./service-recovery.ts";
import type { Counted } from "./service-process.ts";

const HERE = import.meta.dirname;
/** The comparisons with the bare server. The goals are for 128 connections, so those have more rounds. */
const COMPARED: readonly Compared[] = [
  { connections: 1, settles: false, rounds: 2 },
  { connections: 10, settles: false, rounds: 2 },
  { connections: 128, settles: false, rounds: 5 },
  { connections: 128, settles: true, rounds: 5 },
  { connections: 512, settles: false, rounds: 2 },
];
const COMPARED_SMALL: readonly Compared[] = [{ connections: 4, settles: true, rounds: 1 }];
/** Interval between memory samples. */
const LOOK_MS = 500;
/** Maximum duration of a long run, at any machine speed. */
const LONG_MAX_MS = 12_000;

interface Compared {
  readonly connections: number;
  readonly settles: boolean;
  readonly rounds: number;
}

interface Side {
  readonly child: ChildProcess;
  readonly port: number;
}

type Size = { readonly warmMs: number; readonly measureMs: number; readonly rounds: number };

const FULL: Size = { warmMs: 500, measureMs: 1_200, rounds: 3 };
const SMOKE: Size = { warmMs: 50, measureMs: 100, rounds: 1 };

/**
 * Returns tables, each of which is also printed to standard error as soon as it is complete. Takes two minutes by default;
 * more `requests` for the long run, or `entries` for the recovered journal, make it longer.
 */
export async function benchService(options: BenchOptions): Promise<string> {
  const { full, requests = full ? 80_000 : 300, entries = full ? 60_000 : 500 } = options;
  const directory = mkdtempSync(join(process.cwd(), ".bench-"));
  const { key, sha256 } = createKey();
  const size = full ? FULL : SMOKE;
  try {
    const parts: string[] = [];
    const done = (table: string): void => {
      if (full) progress(`\n${table}`);
      parts.push(table);
    };
    const bare = await start("service-bare.ts", []);
    done(await rates({ directory, bare, key, sha256, size }));
    done(await share({ bare, key, sha256, size }));
    const another = await start("service-process.ts", [join(directory, "batches"), sha256]);
    done(await batches({ service: another, key, size }));
    await end(another);
    await end(bare);
    done(await longRun({ directory, key, sha256, count: requests }));
    done(await recovery(directory, entries, full ? 2 : 1));
    return parts.join("\n\n");
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/** Each row begins a new journal, because without settlement open reservations accumulate. */
async function rates(run: {
  readonly directory: string;
  readonly bare: Side;
  readonly key: string;
  readonly sha256: string;
  readonly size: Size;
}): Promise<string> {
  const { directory, bare, key, sha256, size } = run;
  const rows: string[][] = [];
  for (const { connections, settles, rounds } of size.rounds === 1 ? COMPARED_SMALL : COMPARED) {
    const mine: Measured[] = [];
    const theirs: Measured[] = [];
    const ratios: number[] = [];
    const name = `${connections}${settles ? ", each settled" : ""}`;
    const service = await start("service-process.ts", [join(directory, `journal of ${name}`), sha256]);
    for (let round = 0; round < rounds; round++) {
      const base = await measured(bare, { key, connections, ...size });
      const ours = await measured(service, { key, connections, ...size, settles });
      mine.push(ours);
      theirs.push(base);
      ratios.push(ours.done / ours.seconds / (base.done / base.seconds));
    }
    await end(service);
    if (size.rounds > 1) progress(`${name} connections: ${median(ratios).toFixed(2)} of bare`);
    rows.push([
      name,
      perSecond(mine),
      perSecond(theirs),
      median(ratios).toFixed(2),
      ...latencies(mine),
      ...latencies(theirs),
      String(sum(mine.map(({ errors }) => errors))),
      processorTime(mine),
      processorTime(theirs),
    ]);
  }
  const header = [
    "connections",
    "durable requests/s",
    "bare/s",
    "ratio",
    "p50 ms",
    "p99 ms",
    "bare p50 ms",
    "bare p99 ms",
    "errors",
    "processor µs, all threads",
    "bare's",
  ];
  return markdownTable(header, rows);
}

/** The same without an engine: the service's own processor time. */
async function share(run: {
  readonly bare: Side;
  readonly key: string;
  readonly sha256: string;
  readonly size: Size;
}): Promise<string> {
  const { bare, key, sha256, size } = run;
  const connections = size.rounds === 1 ? 4 : 128;
  const isSmall = size.rounds === 1;
  const sharing = async (name: string, way: string): Promise<[string, Side]> => [
    name,
    await start("service-share.ts", [sha256, way]),
  ];
  const sides: [string, Side][] = [
    ["bare", bare],
    ...(isSmall ? [] : [await sharing("the service without its engine, through Fastify", "fastify")]),
    await sharing("the service without its engine, through the fast path", "fast"),
  ];
  const results = new Map<string, Measured[]>(sides.map(([name]) => [name, []]));
  for (let round = 0; round < size.rounds; round++)
    for (const [name, side] of sides) results.get(name)?.push(await measured(side, { key, connections, ...size }));
  for (const [, side] of sides.slice(1)) await end(side);
  const rows = sides.map(([name]) => {
    const mine = results.get(name) ?? [];
    return [name, perSecond(mine), processorTime(mine), String(sum(mine.map(({ errors }) => errors)))];
  });
  return markdownTable([`at ${connections} connections`, "requests/s", "processor µs a request", "errors"], rows);
}

async function batches(run: { readonly service: Side; readonly key: string; readonly size: Size }): Promise<string> {
  const { service, key, size } = run;
  const rows: string[][] = [];
  for (const batch of size.rounds === 1 ? [10] : [100, 1_000]) {
    const results: LoadResult[] = [];
    const before = await counts(service);
    for (let round = 0; round < size.rounds; round++)
      results.push(await load({ port: service.port, key, connections: 4, batch, ...size }));
    const after = await counts(service);
    const entries = after.entries - before.entries;
    rows.push([
      String(batch),
      perSecond(results),
      ...latencies(results),
      ((after.bytes - before.bytes) / entries).toFixed(0),
      (entries / (after.batches - before.batches)).toFixed(0),
      String(after.fsyncs - before.fsyncs),
      String(sum(results.map(({ errors }) => errors))),
    ]);
  }
  const header = [
    "requests in a batch",
    "durable decisions/s",
    "p50 ms",
    "p99 ms",
    "bytes an entry",
    "entries a write",
    "syncs",
    "errors",
  ];
  return markdownTable(header, rows);
}

/** Alternates decisions and settlements, so that no reservation stays open, and samples memory. */
async function longRun(run: {
  readonly directory: string;
  readonly key: string;
  readonly sha256: string;
  readonly count: number;
}): Promise<string> {
  const { directory, key, sha256, count } = run;
  const place = join(directory, "long");
  const service = await start("service-process.ts", [place, sha256]);
  const seen: Counted[] = [];
  const looking = setInterval(() => void counts(service).then((counted) => seen.push(counted)), LOOK_MS);
  const { port } = service;
  const plan = { port, key, connections: 128, measureMs: Math.max(LONG_MAX_MS, count / 5), requests: count };
  const result = await load({ ...plan, settles: true });
  clearInterval(looking);
  const last = await counts(service);
  await end(service);
  const rss = [...seen, last].map(({ rssBytes }) => rssBytes / 2 ** 20);
  const half = rss.slice(rss.length >> 1);
  const slope = half.length < 2 ? 0 : ((half.at(-1) ?? 0) - (half[0] ?? 0)) / (result.requests / 2 / 100_000);
  const row = [
    String(result.requests),
    String(result.errors),
    perSecond([result]),
    ...latencies([result]),
    (last.entries / last.batches).toFixed(0),
    String(last.fsyncs),
    (last.bytes / last.entries).toFixed(0),
    Math.max(...rss).toFixed(0),
    slope.toFixed(1),
    `${(journalBytes(place) / 2 ** 20).toFixed(0)}`,
  ];
  const header = [
    "requests",
    "failed",
    "per second",
    "p50 ms",
    "p99 ms",
    "entries a write",
    "syncs",
    "bytes an entry",
    "peak MiB",
    "MiB per 100,000 in the second half",
    "journal MiB",
  ];
  return markdownTable(header, [row]);
}

async function start(file: string, args: readonly string[]): Promise<Side> {
  const child = fork(join(HERE, file), args, {
    execPath: process.execPath,
    stdio: ["ignore", "inherit", "inherit", "ipc"],
  });
  const [message] = (await once(child, "message")) as [{ readonly port: number }];
  return { child, port: message.port };
}

async function end({ child }: Side): Promise<void> {
  const exited = once(child, "exit");
  child.disconnect();
  await exited;
}

interface Measured extends LoadResult {
  /** Processor time of the server process, including start and end. */
  readonly cpuUs: number;
}

async function measured(side: Side, plan: Omit<LoadRequest, "port">): Promise<Measured> {
  const before = await counts(side);
  const result = await load({ port: side.port, ...plan });
  const after = await counts(side);
  return { ...result, cpuUs: after.cpuUs - before.cpuUs };
}

/** Processor time over all requests, including those that were not counted. */
function processorTime(results: readonly Measured[]): string {
  return median(results.map(({ cpuUs, asked }) => cpuUs / asked)).toFixed(1);
}

async function counts({ child }: Side): Promise<Counted> {
  child.send("count");
  const [counted] = (await once(child, "message")) as [Counted];
  return counted;
}

type LoadRequest = Partial<LoadPlan> & Pick<LoadPlan, "port" | "key" | "connections">;

async function load(plan: LoadRequest): Promise<LoadResult> {
  const whole: LoadPlan = { warmMs: 0, measureMs: 1_000, batch: 0, settles: false, run: randomUUID(), ...plan };
  const { stdout } = await promisify(execFile)(process.execPath, [
    join(HERE, "service-load.ts"),
    JSON.stringify(whole),
  ]);
  const result = JSON.parse(stdout) as LoadResult;
  if (result.firstError !== undefined) console.error(result.firstError.slice(0, 500));
  return result;
}

function perSecond(results: readonly LoadResult[]): string {
  return median(results.map(({ done, seconds }) => done / seconds)).toFixed(0);
}

function latencies(results: readonly LoadResult[]): [string, string] {
  return [median(results.map(({ p50Ms }) => p50Ms)).toFixed(2), median(results.map(({ p99Ms }) => p99Ms)).toFixed(2)];
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

function journalBytes(directory: string): number {
  return sum(listSegments(nodeDisk, directory).map((segment) => statSync(join(directory, segmentName(segment))).size));
}
