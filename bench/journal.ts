/**
 * Durable entries per second and append latency, for several numbers of concurrent appenders, compared with the floor of the
 * same disk: the same bytes, written and synced in batches of the same size to preallocated space, without hashing, chaining
 * or threads. Journal and floor alternate.
 *
 * An appender is an asynchronous caller that waits for its entry to be durable before it appends the next one. The idle row
 * is one appender that pauses between appends; its floor pauses likewise, because a processor that slept is slower.
 * @module
 */
import { mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { DiskFile, Proofs } from "@calybris/engine";
import {
  EMPTY_TREE,
  Journal,
  layRecord,
  nodeDisk,
  prepareSpace,
  RecordShelf,
  ThreadDriver,
  writeWhole,
} from "@calybris/engine/internal";
import { type DecisionEntry, prescribe, samplePolicy, sampleRequest, sequence } from "@calybris/kernel";
import { markdownTable, median, progress } from "./harness.ts";

interface Workload {
  readonly name: string;
  readonly appenders: number;
  /** Maximum number of appends per round. */
  readonly entries: number;
  /** No append of a round begins after this time: a slow disk makes rounds smaller, not longer. */
  readonly roundMs: number;
  readonly rounds: number;
  readonly pauseMs: number;
  /** Appends records, which the writer digests and formats; otherwise objects, which the appender formats. */
  readonly areRecords?: boolean;
}

const SHORT = { roundMs: 400, rounds: 7, pauseMs: 0 } as const;
const FULL: readonly Workload[] = [
  { ...SHORT, name: "1, idle", appenders: 1, entries: 200, pauseMs: 5 },
  { ...SHORT, name: "1", appenders: 1, entries: 3_000 },
  { ...SHORT, name: "16", appenders: 16, entries: 20_000 },
  { ...SHORT, name: "128", appenders: 128, entries: 40_000 },
  { ...SHORT, name: "128, records", appenders: 128, entries: 40_000, areRecords: true },
  { ...SHORT, name: "1,024", appenders: 1_024, entries: 60_000 },
  { ...SHORT, name: "128, sustained", appenders: 128, entries: 500_000, roundMs: 2_500, rounds: 2 },
];
const SMOKE: readonly Workload[] = [
  { ...SHORT, name: "1, idle", appenders: 1, entries: 3, rounds: 1, pauseMs: 1 },
  { ...SHORT, name: "16", appenders: 16, entries: 64, rounds: 1 },
  { ...SHORT, name: "16, records", appenders: 16, entries: 64, rounds: 1, areRecords: true },
];
/** Wait after a round for the journal's seal and preallocation, so that they do not disturb the floor. */
const SETTLE_MS = 250;

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

/** Returns a table. Takes less than a minute at any disk speed. */
export async function benchJournal(options: { readonly full: boolean }): Promise<string> {
  const directory = mkdtempSync(join(process.cwd(), ".bench-"));
  try {
    const rows: string[][] = [];
    for (const workload of options.full ? FULL : SMOKE) {
      const row = await measure(directory, workload);
      if (options.full) progress(`${workload.name}: ${row[1]} entries/s, ${row[8]} of the floor`);
      rows.push(row);
    }
    return markdownTable(HEADER, rows);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

async function measure(directory: string, workload: Workload): Promise<string[]> {
  const bench = new AppendingBench(mkdtempSync(join(directory, "journal-")));
  const taken: { readonly round: Round; readonly floor: Floor }[] = [];
  await bench.round(workload);
  await sleep(SETTLE_MS);
  for (let count = 0; count < workload.rounds; count++) {
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

/** One journal, open over all rounds, so that its start is not measured. */
class AppendingBench {
  readonly #journal: Journal;
  readonly #shelf: RecordShelf = new RecordShelf();
  #batchBytes: number[] = [];
  #appended = 0;

  constructor(directory: string) {
    this.#journal = new Journal({
      driver: new ThreadDriver(
        { directory, segment: 1, end: 0, sequence: 0, hash: "genesis", tree: EMPTY_TREE },
        undefined,
      ),
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

  async round({ appenders, entries, roundMs, pauseMs, areRecords }: Workload): Promise<Round> {
    this.#batchBytes = [];
    const latenciesUs: number[] = [];
    const last = this.#appended + entries;
    const started = performance.now();
    const appender = async (): Promise<void> => {
      while (this.#appended < last && performance.now() - started < roundMs) {
        this.#appended += 1;
        const body = entry(this.#appended);
        if (pauseMs > 0) await sleep(pauseMs);
        const asked = performance.now();
        await (areRecords === true ? this.#appendRecord(body) : this.#journal.append(body).durable);
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

  #appendRecord(body: DecisionEntry): Promise<unknown> {
    const { promise, resolve, reject } = Promise.withResolvers<string>();
    const waiter = { durable: (last: number, proofs: Proofs) => resolve(proofs.hashOf(last)), failed: reject };
    this.#journal.step(() => {
      this.#journal.establishRoom(1);
      const record = layRecord(this.#shelf, { entry: body, decision, policyId: 1, policyDigest: POLICY_DIGEST });
      this.#journal.orderFor(body, waiter, record);
    });
    return promise;
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

const POLICY_DIGEST = new Uint8Array(32);
const request = sampleRequest();
const { decision } = prescribe(samplePolicy(), request);

function entry(number: number): DecisionEntry {
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
