/**
 * Durable entries a second, and how long an append takes, at several numbers of concurrent appenders, beside the floor of
 * the same disk: the same bytes, written and synced in batches of the same size, into space that was prepared before the
 * clock started, without hashing, chaining or threads. Journal and floor alternate.
 *
 * An appender is an asynchronous caller that waits for its entry to be durable before it appends the next one. The idle row
 * is one appender that pauses between appends; its floor pauses likewise, because a processor that slept is slower.
 * @module
 */
import { mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { DiskFile } from "@calybris/engine";
import { Journal, nodeDisk, prepareSpace, ThreadDriver, writeWhole } from "@calybris/engine/internal";
import { type EntryBody, prescribe, samplePolicy, sampleRequest, sequence } from "@calybris/kernel";
import { markdownTable, median } from "./harness.ts";

interface Workload {
  readonly name: string;
  readonly appenders: number;
  /** Appends of one round. */
  readonly entries: number;
  readonly pauseMs: number;
}

const FULL: readonly Workload[] = [
  { name: "1, idle", appenders: 1, entries: 200, pauseMs: 5 },
  { name: "1", appenders: 1, entries: 3_000, pauseMs: 0 },
  { name: "16", appenders: 16, entries: 10_000, pauseMs: 0 },
  { name: "128", appenders: 128, entries: 30_000, pauseMs: 0 },
  { name: "1,024", appenders: 1_024, entries: 40_000, pauseMs: 0 },
  { name: "128, sustained", appenders: 128, entries: 500_000, pauseMs: 0 },
];
const SMOKE: readonly Workload[] = [
  { name: "1, idle", appenders: 1, entries: 3, pauseMs: 1 },
  { name: "16", appenders: 16, entries: 64, pauseMs: 0 },
];
/** After a round, until the journal has sealed itself and prepared its space, so that it does not disturb the floor. */
const SETTLE_MS = 500;
const ROUNDS = 9;
const ROUNDS_OF_MANY = 3;
const MANY_ENTRIES = 100_000;

interface Round {
  readonly perSecond: number;
  readonly p50Us: number;
  readonly p99Us: number;
  readonly batchBytes: readonly number[];
  readonly entries: number;
}

interface Floor {
  readonly perSecond: number;
  readonly p50Us: number;
}

const HEADER = [
  "appenders",
  "entries/s",
  "p50 µs",
  "p99 µs",
  "entries a batch",
  "bytes an entry",
  "floor: entries/s",
  "floor: p50 µs a batch",
  "throughput / floor",
  "p50 / floor",
];

/** Prints a table. */
export async function benchJournal(options: { readonly full: boolean }): Promise<string> {
  const directory = mkdtempSync(join(process.cwd(), ".bench-"));
  try {
    const rows: string[][] = [];
    for (const workload of options.full ? FULL : SMOKE)
      rows.push(await measure(directory, workload, options.full ? roundsOf(workload) : 1));
    return markdownTable(HEADER, rows);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

function roundsOf({ entries }: Workload): number {
  return entries > MANY_ENTRIES ? ROUNDS_OF_MANY : ROUNDS;
}

async function measure(directory: string, workload: Workload, rounds: number): Promise<string[]> {
  const bench = new AppendingBench(mkdtempSync(join(directory, "journal-")));
  const taken: { readonly round: Round; readonly floor: Floor }[] = [];
  await bench.round(workload);
  await sleep(SETTLE_MS);
  for (let count = 0; count < rounds; count++) {
    const round = await bench.round(workload);
    await sleep(SETTLE_MS);
    taken.push({ round, floor: await floorOf(directory, round, workload.pauseMs) });
  }
  await bench.close();
  const middle = (of: (pair: (typeof taken)[number]) => number, digits = 0): string =>
    median(taken.map(of)).toLocaleString("en", { maximumFractionDigits: digits, minimumFractionDigits: digits });
  return [
    workload.name,
    middle(({ round }) => round.perSecond),
    middle(({ round }) => round.p50Us),
    middle(({ round }) => round.p99Us),
    middle(({ round }) => round.entries / round.batchBytes.length, 1),
    middle(({ round }) => sum(round.batchBytes) / round.entries),
    middle(({ floor }) => floor.perSecond),
    middle(({ floor }) => floor.p50Us),
    middle(({ round, floor }) => round.perSecond / floor.perSecond, 2),
    middle(({ round, floor }) => round.p50Us / floor.p50Us, 2),
  ];
}

/** One journal, open over all rounds: what is measured is how it runs, not how it starts. */
class AppendingBench {
  readonly #journal: Journal;
  #batchBytes: number[] = [];
  #appended = 0;

  constructor(directory: string) {
    this.#journal = new Journal({
      driver: new ThreadDriver({ directory, segment: 1, end: 0, sequence: 0, hash: "genesis" }, undefined),
      sequence: 0,
      at: 0,
      sealed: true,
      segmentBytes: 0,
      nowUs: () => Date.now() * 1_000,
      digests: () => ({ stateDigest: "", snapshotDigest: "" }),
      onOrdered: () => undefined,
      onWritten: ({ bytes }) => this.#batchBytes.push(bytes),
    });
  }

  async round({ appenders, entries, pauseMs }: Workload): Promise<Round> {
    this.#batchBytes = [];
    const latenciesUs: number[] = [];
    const last = this.#appended + entries;
    const started = performance.now();
    const appender = async (): Promise<void> => {
      while (this.#appended < last) {
        this.#appended += 1;
        const body = entry(this.#appended);
        if (pauseMs > 0) await sleep(pauseMs);
        const asked = performance.now();
        await this.#journal.append(body).durable;
        latenciesUs.push((performance.now() - asked) * 1_000);
      }
    };
    await Promise.all(Array.from({ length: appenders }, appender));
    const seconds = (performance.now() - started) / 1_000;
    latenciesUs.sort((a, b) => a - b);
    return {
      perSecond: latenciesUs.length / seconds,
      p50Us: latenciesUs[latenciesUs.length >> 1] ?? 0,
      p99Us: latenciesUs[Math.floor(latenciesUs.length * 0.99)] ?? 0,
      batchBytes: [...this.#batchBytes],
      entries: latenciesUs.length,
    };
  }

  async close(): Promise<void> {
    await this.#journal.close();
  }
}

async function floorOf(directory: string, round: Round, pauseMs: number): Promise<Floor> {
  const file = nodeDisk.open(directory, "floor.bin", true) as DiskFile;
  const largest = Buffer.alloc(Math.max(...round.batchBytes), 0x61);
  prepareSpace(file, file.size(), 0, sum(round.batchBytes));
  const timesUs: number[] = [];
  let end = 0;
  const started = performance.now();
  for (const bytes of round.batchBytes) {
    if (pauseMs > 0) await sleep(pauseMs);
    const asked = performance.now();
    writeWhole(file, largest.subarray(0, bytes), end);
    file.syncData();
    end += bytes;
    timesUs.push((performance.now() - asked) * 1_000);
  }
  const seconds = (performance.now() - started) / 1_000;
  file.close();
  rmSync(join(directory, "floor.bin"));
  return { perSecond: round.entries / seconds, p50Us: median(timesUs) };
}

const request = sampleRequest();
const { decision } = prescribe(samplePolicy(), request);

function entry(number: number): EntryBody {
  return {
    kind: "decision",
    requestId: `0193f6d2-7a61-7c33-9a41-${String(number).padStart(12, "0")}`,
    useCase: "default",
    defaulted: ["value", "confidence", "floor"],
    request: { ...request, sequence: sequence(BigInt(number)) },
    decision,
    identity: "f".repeat(64),
  };
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
