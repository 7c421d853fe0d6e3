/**
 * Durable entries a second, and how long an append takes, at several numbers of concurrent appenders, beside the floor of
 * the same disk in the same run: the same bytes, written and synced in batches of the same size, without hashing,
 * chaining or threads.
 * @module
 */
import { type EntryBody, prescribe, samplePolicy, sampleRequest, sequence } from "@calybris/kernel";
import { Journal, nodeDisk, prepareSpace, ThreadDriver, type Written, writeWhole } from "@calybris/engine";
import { mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";

interface Measured {
  readonly appenders: number;
  readonly perSecond: number;
  readonly p50Us: number;
  readonly p99Us: number;
  readonly batchBytes: readonly number[];
  readonly entries: number;
}

const APPENDERS = [1, 16, 128, 1_024] as const;
const ROUNDS = 5;

/** Prints a table; `full` runs it large. */
export async function benchJournal(options: { readonly full: boolean }): Promise<void> {
  const directory = mkdtempSync(join(process.cwd(), ".bench-"));
  try {
    for (const appenders of APPENDERS) {
      const entries = options.full ? Math.min(100_000, 2_000 + appenders * 400) : appenders + 1;
      const ratios: number[] = [];
      const runs: Measured[] = [];
      const floors: { perSecond: number; p50Us: number }[] = [];
      for (let round = 0; round < (options.full ? ROUNDS : 1); round++) {
        const run = await measureJournal(directory, appenders, entries, round);
        const floor = measureFloor(directory, run);
        runs.push(run);
        floors.push(floor);
        ratios.push(run.perSecond / floor.perSecond);
      }
      const show = (values: readonly number[], digits = 0): string => median(values).toFixed(digits);
      console.log(
        `${String(appenders).padStart(5)} appenders  ${show(runs.map((run) => run.perSecond))} entries/s  p50 ${show(runs.map((run) => run.p50Us))} µs  p99 ${show(runs.map((run) => run.p99Us))} µs  ` +
          `floor ${show(floors.map((floor) => floor.perSecond))}/s, ${show(floors.map((floor) => floor.p50Us))} µs a batch  ratio ${show(ratios, 2)}  ` +
          `${show(
            runs.map((run) => run.entries / run.batchBytes.length),
            1,
          )} entries a batch, ${show(runs.map((run) => sum(run.batchBytes) / run.entries))} bytes an entry`,
      );
    }
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

async function measureJournal(directory: string, appenders: number, entries: number, round: number): Promise<Measured> {
  const place = mkdtempSync(join(directory, `journal-${appenders}-${round}-`));
  const batchBytes: number[] = [];
  const driver = new ThreadDriver({ directory: place, segment: 1, end: 0, sequence: 0, hash: "genesis" }, undefined);
  const journal = new Journal({
    driver,
    sequence: 0,
    at: 0,
    sealed: true,
    segmentBytes: 0,
    nowUs: () => Date.now() * 1_000,
    stateDigest: () => "",
    onOrdered: () => undefined,
    onWritten: (written: Written) => batchBytes.push(written.bytes),
  });
  await journal.append(entry(0)).durable;
  batchBytes.length = 0;
  const latenciesUs: number[] = [];
  let next = 0;
  const started = performance.now();
  const appender = async (): Promise<void> => {
    while (next < entries) {
      next += 1;
      const asked = performance.now();
      await journal.append(entry(next)).durable;
      latenciesUs.push((performance.now() - asked) * 1_000);
    }
  };
  await Promise.all(Array.from({ length: appenders }, appender));
  const seconds = (performance.now() - started) / 1_000;
  const measured = [...batchBytes];
  await journal.close();
  latenciesUs.sort((a, b) => a - b);
  return {
    appenders,
    perSecond: latenciesUs.length / seconds,
    p50Us: latenciesUs[latenciesUs.length >> 1] ?? 0,
    p99Us: latenciesUs[Math.floor(latenciesUs.length * 0.99)] ?? 0,
    batchBytes: measured,
    entries: latenciesUs.length,
  };
}

function measureFloor(directory: string, run: Measured): { perSecond: number; p50Us: number } {
  const file = nodeDisk.open(directory, "floor.bin", true);
  if (file === undefined) throw new Error("the floor's file cannot be created");
  const largest = Buffer.alloc(Math.max(...run.batchBytes), 0x61);
  prepareSpace(file, file.size(), 0, sum(run.batchBytes));
  const timesUs: number[] = [];
  let end = 0;
  const started = performance.now();
  for (const bytes of run.batchBytes) {
    const asked = performance.now();
    writeWhole(file, largest.subarray(0, bytes), end);
    file.syncData();
    end += bytes;
    timesUs.push((performance.now() - asked) * 1_000);
  }
  const seconds = (performance.now() - started) / 1_000;
  file.close();
  rmSync(join(directory, "floor.bin"));
  return { perSecond: run.entries / seconds, p50Us: median(timesUs) };
}

const request = sampleRequest();
const { decision } = prescribe(samplePolicy(), request);

function entry(number: number): EntryBody {
  return {
    kind: "decision",
    requestId: `0193f6d2-7a61-7c33-9a41-${String(number).padStart(12, "0")}`,
    contentDigest: "0123456789abcdef0123456789abcdef",
    policyId: 1,
    useCase: "default",
    defaulted: [],
    request: { ...request, sequence: sequence(BigInt(number)) },
    decision,
    identity: "f".repeat(64),
  };
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? 0;
}
