/**
 * One process on a recorded disk: it opens an engine, runs commands, and ends without closing (or closes). This is
 * the one file of the crash searches that knows how engine, journal and writer are put together.
 * @module
 */
import { DEFAULT_TENANT, type Kernel, type Policy, type PolicySnapshot, prescribe } from "@calybris/kernel";
import { setImmediate as turn } from "node:timers/promises";
import { type Decided, Engine } from "../../../src/engine.ts";
import type { Observed } from "../../../src/state/observed.ts";
import type { Granted, Settled } from "../../../src/flows/ledger.ts";
import { parseBudgets } from "../../../src/intake/budgets-file.ts";
import { nodeChain } from "../../../src/journal/chain-hash.ts";
import type { Disk } from "../../../src/journal/disk.ts";
import { recover, type Recovered } from "../../../src/journal/recovery.ts";
import { segmentName, segmentNumber } from "../../../src/journal/segment.ts";
import { HandDriver } from "./driver.ts";
import { PlainDisk, RecordingDisk } from "./disk.ts";
import type { DiskModel, Operation } from "./model.ts";
import { LEARNING_DEFAULTS } from "../../../src/flows/learning-defaults.ts";
import { forgetTimers, pass } from "../../support/virtual-timers.ts";
import { sampleSnapshot } from "../../support/sample-snapshot.ts";

export const DIRECTORY = "journal";

/** The commands of a process, in order. */
export type Command =
  /** Requests that arrive together, by their ids: one batch. */
  | { readonly kind: "decide"; readonly ids: readonly string[] }
  | { readonly kind: "policy"; readonly epoch: number }
  /** A policy that learns; the first promises the seed of the draws. */
  | { readonly kind: "learn" }
  /** From now on requests spend a budget. */
  | { readonly kind: "budget" }
  | { readonly kind: "grant"; readonly id: string }
  /** What became of the reservations of these requests, all at once. */
  | { readonly kind: Closing; readonly ids: readonly string[] }
  /** How these requests went. */
  | { readonly kind: "observe"; readonly ids: readonly string[] }
  /** Settles whatever is reserved. */
  | { readonly kind: "settleAll" }
  /** Nothing arrives until the journal seals itself; needs timers that are held. */
  | { readonly kind: "idle" }
  | { readonly kind: "close" };

export type Closing = "settle" | "release" | "hold" | "reconcile" | "correct";

export interface History {
  /** The disk that the process found. */
  readonly start: DiskModel;
  readonly operations: readonly Operation[];
  /** The data of every entry, in order: what it recovered, then what it wrote. */
  readonly entries: readonly string[];
}

/** A seed of other bytes was not made by anybody. */
export const SEED_BYTE = 7;
/** Head syncs come once a second; so far apart are batches here. */
const BATCH_MS = 300;
const IDLE_MS = 130;

/** Runs a process on a disk and records what it does to it, and what it acknowledges. */
export async function runProcess(
  start: DiskModel,
  commands: readonly Command[],
  segmentBytesMax: number,
): Promise<History> {
  const disk = new RecordingDisk(start.clone());
  const acknowledge = (sequence: number, isSealed = false): void =>
    disk.record({ kind: "acknowledged", sequence, isSealed });
  const engine = await openEngine({ disk, segmentBytesMax, acknowledged: acknowledge });
  acknowledge(engine.recovery.entries);
  for (const command of commands) await obey(engine, command, acknowledge);
  const operations = disk.operations.slice();
  disk.stop();
  return { start, operations, entries: entriesOf(disk.model.contents()) };
}

/** Runs the commands; `acknowledged` gets every answer, with the sequence of its entry. */
export async function obey(
  engine: Engine,
  command: Command,
  acknowledged: (sequence: number) => void = () => undefined,
): Promise<void> {
  const answers = asked(engine, command).map(async (answer) => {
    const answered = await answer;
    if (answered !== undefined) acknowledged(answered.sequence);
  });
  await Promise.all(answers);
}

function asked(engine: Engine, command: Command): readonly Promise<{ readonly sequence: number } | undefined>[] {
  switch (command.kind) {
    case "decide":
      return command.ids.map((id) => decideOnce(engine, id));
    case "policy":
      return [engine.setPolicy(sampleSnapshot(BigInt(command.epoch)))];
    case "learn":
      return [engine.setPolicy(learningSnapshot())];
    case "budget":
      return [nothing(engine.ledger.apply(parseBudgets({ tenants: { [DEFAULT_TENANT]: {} } })))];
    case "grant":
      return [grantOnce(engine, command.id)];
    case "observe":
      return command.ids.map((id) => observeOnce(engine, id));
    case "settleAll":
      return engine.ledger.prove().reservations.map(({ decisionId, state }) => {
        const actual = { decisionId, actualMicrocents: 1 };
        return state === "held" ? engine.ledger.reconcile({ ...actual }) : engine.ledger.settle(actual);
      });
    case "idle":
      pass(IDLE_MS);
      return [nothing(turn().then(() => turn()))];
    case "close":
      return [nothing(engine.close())];
    default:
      return command.ids.map((id) => closeOnce(engine, id, command.kind));
  }
}

async function nothing(done: Promise<unknown>): Promise<undefined> {
  await done;
}

/** The request of an id is always the same one, so that sending it again is a retry. */
export function decideOnce(engine: Engine, id: string): Promise<Decided> {
  return engine.decide({ requestId: id, inputTokens: id.length, requested: "better" });
}

export function grantOnce(engine: Engine, id: string): Promise<Granted> {
  return engine.ledger.grant({ tenant: DEFAULT_TENANT, amountMicrocents: 1_000_000, id });
}

export async function observeOnce(engine: Engine, id: string): Promise<Observed> {
  const { decisionId } = await decideOnce(engine, id);
  return engine.learning.observe({ decisionId, succeeded: true });
}

/** Says what became of a request's reservation; unless given, its cost follows from its id, so that again is a retry. */
export async function closeOnce(
  engine: Engine,
  id: string,
  closing: Closing,
  actualMicrocents: number = closing === "correct" ? id.length + 1 : id.length,
): Promise<Settled> {
  const { decisionId } = await decideOnce(engine, id);
  switch (closing) {
    case "settle":
      return engine.ledger.settle({ decisionId, actualMicrocents });
    case "release":
      return engine.ledger.release({ decisionId });
    case "hold":
      return engine.ledger.hold({ decisionId, cause: "timeout" });
    case "reconcile":
      return engine.ledger.reconcile({ decisionId, actualMicrocents });
    case "correct":
      return engine.ledger.correct({ decisionId, actualMicrocents });
  }
}

export interface OpenOptions {
  readonly disk: Disk;
  readonly segmentBytesMax: number;
  /** Hears of each batch the moment it is answered. */
  readonly acknowledged?: (sequence: number, isSealed: boolean) => void;
  /** Where to look whether the journal is new; a disk that has no faults. */
  readonly looked?: Disk;
  readonly key?: Uint8Array;
}

/** Opens an engine whose writer runs in this thread, with the sample policy when the journal is new. */
export function openEngine(options: OpenOptions): Promise<Engine> {
  const { disk, segmentBytesMax, acknowledged, looked, key } = options;
  let nowUs = 0;
  let nowMs = 0;
  forgetTimers();
  const isNew = countEntries(looked ?? disk, key) === 0;
  return Engine.open({
    directory: DIRECTORY,
    ...(isNew ? { policy: sampleSnapshot() } : {}),
    disk,
    key,
    segmentBytesMax,
    nowUs: () => ++nowUs,
    randomBytes: (count) => new Uint8Array(count).fill(SEED_BYTE),
    kernelFor: referenceKernelFor,
    driver: (start) => new HandDriver({ disk, start, key, nowMs: () => (nowMs += BATCH_MS), acknowledged }),
  });
}

function learningSnapshot(): PolicySnapshot {
  return { ...sampleSnapshot(9n), learning: { features: [], ...LEARNING_DEFAULTS, warmUpRequests: 2 } };
}

/** Compiling the fast kernel for each process would take longer than the process. */
function referenceKernelFor(policy: Policy): Kernel {
  return { prescribe: (request) => prescribe(policy, request).decision };
}

/** A journal that recovers to nothing begins anew, and needs its policy. */
function countEntries(disk: Disk, key: Uint8Array | undefined): number {
  const contents = new Map<string, Buffer>();
  for (const name of disk.list(DIRECTORY)) {
    const file = disk.open(DIRECTORY, name, false);
    const bytes = Buffer.alloc(file?.size() ?? 0);
    file?.read(bytes, 0);
    contents.set(name, bytes);
  }
  return recoverData(new PlainDisk(contents), () => undefined, key).entries;
}

/** Recovers what is on a disk; `onData` gets the data of each entry. */
export function recoverData(
  disk: Disk,
  onData: (data: string) => void,
  key?: Uint8Array,
  acceptLoss?: boolean,
): Recovered {
  return recover(disk, DIRECTORY, nodeChain(key), key !== undefined, ({ data }) => onData(data), acceptLoss);
}

/** The data of every line of a journal that was written without a fault. */
export function entriesOf(contents: ReadonlyMap<string, Buffer>): string[] {
  return segmentLines(contents).map((line) => line.slice(line.indexOf(',"data":') + 8, -1));
}

/** Every line that is not blank, segment after segment; a character is a byte. */
export function segmentLines(contents: ReadonlyMap<string, Buffer>): string[] {
  const numbers = [...contents.keys()].map(segmentNumber).filter((number) => number !== undefined);
  return numbers
    .sort((a, b) => a - b)
    .flatMap(
      (number) =>
        contents
          .get(segmentName(number))
          ?.toString("latin1")
          .match(/[^\n]+/g) ?? [],
    );
}
