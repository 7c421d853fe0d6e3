/**
 * What must hold of every disk that a power loss may leave behind.
 *
 * Of recovery: it never refuses; what it finds is a prefix of what was submitted, byte for byte, and holds all that was
 * acknowledged; what it cuts is in a file beside; running it again finds the same and changes nothing. Of the engine that
 * then serves: an id that was recovered is answered with its decision, any other is decided once, and the log verifies.
 * @module
 */
import { createHash } from "node:crypto";
import { createAudit } from "@calybris/audit";
import { plainChain, referenceKernel } from "@calybris/kernel";
import { SEED_FILE } from "../../../src/storage/seed-file.ts";
import type { Engine } from "../../../src/engine.ts";
import { HEAD_FILE, readHead } from "../../../src/journal/head.ts";
import { segmentNumber } from "../../../src/journal/segment.ts";
import { SEED_BYTES } from "../../../src/router/draws.ts";
import { snapshotSequence } from "../../../src/snapshot/snapshot-name.ts";
import { PlainDisk } from "./disk.ts";
import { fingerprintNumber, fingerprintOf } from "./hash.ts";
import type { CrashImage } from "./images.ts";
import type { DiskModel } from "./model.ts";
import {
  type Closing,
  closeOnce,
  DIRECTORY,
  decideOnce,
  observeOnce,
  openEngine,
  recoverData,
  SEED_BYTE,
  segmentLines,
} from "./process.ts";

const SEED = Buffer.alloc(SEED_BYTES, SEED_BYTE);

export class CrashViolation extends Error {}

/** What recovery made of a disk. */
export interface AfterRecovery {
  readonly entries: number;
  readonly isSetAside: boolean;
  /** The files after recovery, and a number that is equal for equal files. */
  readonly contents: Map<string, Buffer>;
  readonly key: number;
}

/** Recovers a disk; `submitted` is the data of every entry that was ever ordered, in order. */
export function recoverChecked(image: CrashImage, submitted: readonly string[]): AfterRecovery {
  const disk = new PlainDisk(image.contents());
  const { contents } = disk;
  let entries = 0;
  const { setAside } = attempt("recovery refused a legal disk", () =>
    recoverData(disk, (data) => {
      if (data !== submitted[entries]) throw new CrashViolation(`entry ${entries + 1} is not what was submitted`);
      entries += 1;
    }),
  );
  if (entries >= seedPromised(submitted) && contents.get(SEED_FILE)?.equals(SEED) !== true)
    throw new CrashViolation("the seed of the draws was promised, and is not there");
  const isSetAside = setAside !== undefined;
  // Most disks are whole, and recovery leaves them as they are: then nothing can have been cut.
  if (!disk.isChanged) return { entries, isSetAside, contents, key: image.key };
  const before = image.contents();
  requireAside(segmentLines(before).slice(entries), contents);
  requireAside(
    asideFiles(before).map((bytes) => bytes.toString("latin1")),
    contents,
  );
  return { entries, isSetAside, contents, key: keyOf(contents) };
}

const promises = new WeakMap<readonly string[], number>();

/** The sequence of the entry that promises the seed; beyond all when none does. */
function seedPromised(submitted: readonly string[]): number {
  let sequence = promises.get(submitted);
  if (sequence === undefined) {
    sequence = submitted.findIndex((data) => data.includes('"seedDigest":')) + 1 || Infinity;
    promises.set(submitted, sequence);
  }
  return sequence;
}

/** Equal where an engine finds the same: it reads segments, the seed, and a head that is whole. */
export function servedKey({ contents }: AfterRecovery): number {
  return keyOf(new Map([...contents].filter(([name, bytes]) => isRead(name, bytes))));
}

function isRead(name: string, bytes: Buffer): boolean {
  if (name === HEAD_FILE) return readHead(new PlainDisk(new Map([[name, bytes]])), DIRECTORY) !== undefined;
  return name === SEED_FILE || segmentNumber(name) !== undefined || snapshotSequence(name) !== undefined;
}

function keyOf(contents: ReadonlyMap<string, Buffer>): number {
  return fingerprintNumber(fingerprintOf(contents));
}

/** Each of these lines is in a set-aside file. */
export function requireAside(lines: readonly string[], contents: ReadonlyMap<string, Buffer>): void {
  const kept = asideFiles(contents);
  for (const line of lines)
    if (!kept.some((bytes) => bytes.includes(line, 0, "latin1")))
      throw new CrashViolation("bytes were cut and not kept");
}

/** At a seal the head is durable and names it, so that a suffix that is removed later is noticed. */
export function requireDurableHead(model: DiskModel, sequence: number): void {
  const inode = model.names.get(HEAD_FILE);
  const durable = inode === undefined || model.unsyncedNames.has(HEAD_FILE) ? undefined : model.file(inode).durable;
  const head = durable && readHead(new PlainDisk(new Map([[HEAD_FILE, durable]])), DIRECTORY);
  if (head?.sequence !== sequence)
    throw new CrashViolation(`entry ${sequence} is a seal, and the durable head names ${head?.sequence ?? "none"}`);
}

function asideFiles(contents: ReadonlyMap<string, Buffer>): Buffer[] {
  return [...contents].filter(([name]) => name.startsWith("set-aside-")).map(([, bytes]) => bytes);
}

/** Recovery once more on what recovery left: nothing may be found that was not, and nothing may change. */
export function requireIdempotent(after: AfterRecovery, submitted: readonly string[]): void {
  const contents = (): Map<string, Buffer> =>
    new Map([...after.contents].map(([name, bytes]) => [name, Buffer.from(bytes)]));
  const again = recoverChecked({ key: after.key, contents }, submitted);
  if (again.entries !== after.entries || again.isSetAside || again.key !== after.key)
    throw new CrashViolation(`recovered again, ${after.entries} entries became ${again.entries}, or the files changed`);
}

/**
 * An engine on the recovered disk, given again every request that was ever made, and its journal verified. One that
 * starts from a snapshot has the state of one that folds all entries.
 *
 * @returns whether it started from a snapshot.
 */
export async function requireServes(
  after: AfterRecovery,
  ids: readonly string[],
  segmentBytesMax: number,
): Promise<boolean> {
  const contents = new Map([...after.contents].map(([name, bytes]) => [name, Buffer.from(bytes)]));
  const known = idsIn(contents);
  const closings = moneyIn(contents).closings;
  const folded = await foldedDigest(contents, segmentBytesMax);
  const engine = await openEngine({ disk: new PlainDisk(contents), segmentBytesMax });
  const isFromSnapshot = engine.recovery.fromSequence > 0;
  if (engine.stateDigest() !== folded) throw new CrashViolation("the state of a snapshot is not the folded one");
  const { snapshotsRefused } = engine.recovery;
  if (snapshotsRefused.length > 0)
    throw new CrashViolation(`a snapshot has its name and is refused: ${JSON.stringify(snapshotsRefused)}`);
  for (const id of ids) {
    const { repeated } = await decideOnce(engine, id);
    if (repeated !== known.includes(id))
      throw new CrashViolation(`${id}: recovered ${!repeated}, repeated ${repeated}`);
  }
  for (const { id, closing, actual } of closings.values()) {
    const { repeated } = await closeOnce(engine, id, closing, actual);
    if (!repeated) throw new CrashViolation(`${closing} of ${id} was recovered, and took effect again`);
  }
  for (const id of observedIn(contents)) {
    const { repeated } = await observeOnce(engine, id);
    if (!repeated) throw new CrashViolation(`the outcome of ${id} was recovered, and took effect again`);
  }
  requireConserved(engine, contents);
  await engine.close();
  const decided = idsIn(contents).sort();
  if (decided.join() !== [...new Set([...ids, ...known])].sort().join())
    throw new CrashViolation(`each id is decided once, but these were: ${decided.join()}`);
  const again = await openEngine({ disk: new PlainDisk(contents), segmentBytesMax });
  if (again.stateDigest() !== engine.stateDigest()) throw new CrashViolation("the folded state is not the live one");
  await again.close();
  requireVerifies(contents);
  return isFromSnapshot;
}

/** The state of an engine that starts without a snapshot. */
async function foldedDigest(contents: ReadonlyMap<string, Buffer>, segmentBytesMax: number): Promise<string> {
  const bare = [...contents].filter(([name]) => snapshotSequence(name) === undefined);
  const disk = new PlainDisk(new Map(bare.map(([name, bytes]) => [name, Buffer.from(bytes)])));
  return (await openEngine({ disk, segmentBytesMax })).stateDigest();
}

function idsIn(contents: ReadonlyMap<string, Buffer>): string[] {
  return segmentLines(contents).flatMap((line) => /"kind":"decision","id":"([^"]*)"/.exec(line)?.[1] ?? []);
}

/** The requests of which an outcome is known. */
function observedIn(contents: ReadonlyMap<string, Buffer>): string[] {
  const lines = segmentLines(contents);
  return lines.flatMap((line) => {
    const of = /"kind":"outcome","of":([0-9]+)/.exec(line)?.[1];
    return of === undefined ? [] : (/"id":"([^"]*)"/.exec(lines[Number(of) - 1] ?? "")?.[1] ?? []);
  });
}

function requireConserved(engine: Engine, contents: ReadonlyMap<string, Buffer>): void {
  const { total, conserved } = engine.ledger.prove();
  const { granted, reserved, settled } = moneyIn(contents);
  const isTrue =
    conserved &&
    total.grantedMicrocents === granted &&
    total.reservedMicrocents === reserved &&
    total.settledMicrocents === settled &&
    total.remainingMicrocents === granted - reserved - settled;
  if (!isTrue)
    throw new CrashViolation(
      `granted ${granted}, reserved ${reserved}, settled ${settled}, but the ledger holds ${Object.entries(total).join()}`,
    );
}

interface Money {
  readonly granted: bigint;
  readonly reserved: bigint;
  readonly settled: bigint;
  /** What was last said of each reservation, by the sequence of its decision. */
  readonly closings: ReadonlyMap<number, Closed>;
}

interface Closed {
  readonly id: string;
  readonly closing: Closing;
  readonly actual: number;
}

const CLOSINGS: Readonly<Record<string, Closing>> = {
  settlement: "settle",
  release: "release",
  hold: "hold",
  reconciliation: "reconcile",
  correction: "correct",
};

interface LedgerLine {
  readonly data: {
    readonly sequence: number;
    readonly kind: string;
    readonly id?: string;
    readonly tenant?: string;
    readonly amountMicrocents?: number;
    readonly actualMicrocents?: number;
    readonly of?: number;
    readonly decision?: { readonly costMicrocents?: number };
  };
}

/** The money of a journal by the simplest bookkeeping there is: what each decision reserves, until something is said of it. */
function moneyIn(contents: ReadonlyMap<string, Buffer>): Money {
  let granted = 0;
  const ids = new Map<number, string>();
  const reserved = new Map<number, number>();
  const settled = new Map<number, number>();
  const closings = new Map<number, Closed>();
  for (const line of segmentLines(contents)) {
    const { data } = JSON.parse(line) as LedgerLine;
    const { sequence, kind, id = "", of = 0, actualMicrocents = 0 } = data;
    if (kind === "grant") granted += data.amountMicrocents ?? 0;
    if (kind === "decision") ids.set(sequence, id);
    if (kind === "decision" && data.tenant !== undefined) reserved.set(sequence, data.decision?.costMicrocents ?? 0);
    const closing = CLOSINGS[kind];
    if (closing === undefined) continue;
    closings.set(of, { id: ids.get(of) ?? "", closing, actual: actualMicrocents });
    if (closing === "hold") continue;
    reserved.delete(of);
    settled.set(of, actualMicrocents);
  }
  const sum = (amounts: Map<number, number>): bigint => BigInt([...amounts.values()].reduce((a, b) => a + b, 0));
  return { granted: BigInt(granted), reserved: sum(reserved), settled: sum(settled), closings };
}

const sha256 = (bytes: Uint8Array): Uint8Array => createHash("sha256").update(bytes).digest();

function requireVerifies(contents: ReadonlyMap<string, Buffer>): void {
  const audit = createAudit({ sha256, chain: plainChain(sha256), kernelFor: referenceKernel });
  for (const line of segmentLines(contents)) audit.line(Buffer.from(line), { file: "all segments", byteOffset: 0 });
  const report = audit.finish();
  if (report.status !== "intact")
    throw new CrashViolation(`the log does not verify: ${JSON.stringify(report, plainly)}`);
}

function plainly(_key: string, value: unknown): unknown {
  return typeof value === "bigint" ? String(value) : value;
}

function attempt<T>(problem: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (error instanceof CrashViolation) throw error;
    throw new CrashViolation(`${problem}: ${String(error)}`, { cause: error });
  }
}
