/**
 * The search for a start from a snapshot that is not the whole fold: random honest journals, cut at every entry; and their
 * directories, with a snapshot that is damaged, stale, torn, of another journal or from the future.
 * @module
 */
import {
  type EntryBody,
  type EntryHead,
  parseEntryBody,
  parseEntryHead,
  snapshotHeadOf,
  StateSnapshotDigest,
  treeLine,
} from "@calybris/kernel";
import { nodeChain, nodeSha256 } from "../../src/journal/chain-hash.ts";
import { fold } from "../../src/opening.ts";
import { LateLines } from "../../src/snapshot/late-lines.ts";
import { snapshotName, snapshotSequence } from "../../src/snapshot/snapshot-name.ts";
import type { TakenSnapshot } from "../../src/snapshot/taken-snapshot.ts";
import { policiesAt } from "../../src/state/read-entry.ts";
import { EngineState } from "../../src/state/state.ts";
import { DirectoryStorage } from "../../src/storage/directory-storage.ts";
import { CommandWorld, drawCommands, learning } from "../support/command-world.ts";
import { MemoryDisk } from "../support/memory-disk.ts";
import { type Chance, seededChance } from "../support/seeded-chance.ts";
import { withTimersHeld } from "../support/virtual-timers.ts";

export interface SnapshotCounts {
  /** Entries at which a snapshot was taken, restored and folded on. */
  cuts: number;
  /** Directories with a damaged snapshot, and how often the older one, and how often no one, was used. */
  damages: number;
  older: number;
  whole: number;
}

export async function searchSnapshots(seed: number, journals: number): Promise<SnapshotCounts> {
  const counts: SnapshotCounts = { cuts: 0, damages: 0, older: 0, whole: 0 };
  for (let number = seed; number < seed + journals; number++)
    await withTimersHeld(async () => {
      const world = await journalOf(number, 160);
      tryCuts(number, world.entries().slice(0, CUTS_MAX), counts);
      await tryDamages(number, world.disk, counts);
    });
  return counts;
}

/** A fold from each cut to the end takes its time. */
const CUTS_MAX = 70;

/** A random journal in which keys act too. */
async function journalOf(seed: number, commandCount: number): Promise<CommandWorld> {
  const world = await CommandWorld.open({ policy: learning(1n), segmentBytesMax: 8_000 });
  const key = { name: "billing", sha256: "a".repeat(64), tenants: ["org"], scopes: ["operate"] as const };
  const other = { name: "gateway", sha256: "b".repeat(64), scopes: ["decide"] as const };
  const actor = world.engine.keys.introduce(key);
  world.engine.keys.introduce(other);
  const terms = { expiresAt: 9_000_000_000_000_000, allowed: ["a*"], perSecond: 5, useCase: "coding" };
  await world.engine.keys.create({ name: "made", sha256: "c".repeat(64), scopes: ["decide"], ...terms }, { actor });
  for (const [index, command] of drawCommands(seededChance(seed), commandCount).entries()) {
    await world.start(command);
    if (index === 30) await world.engine.reconfigure({ keys: [key] }, () => ({ actor, onBehalfOf: "ana" }));
  }
  await world.engine.close();
  return world;
}

/** The digest of a snapshot covers all that anything follows from. */
export function tryCuts(seed: number, entries: readonly string[], counts: SnapshotCounts): void {
  const whole = new EngineState();
  const taken: { readonly snapshot: TakenSnapshot; readonly texts: readonly string[]; readonly headroom: string }[] =
    [];
  for (const data of entries) {
    applyTo(whole, data);
    const snapshot = whole.snapshot();
    taken.push({ snapshot, texts: textsOf(snapshot), headroom: headrooms(whole) });
  }
  const end = textsOf(whole.snapshot()).join("\n");
  for (const [index, { snapshot, texts, headroom }] of taken.entries()) {
    const where = `seed ${seed}, after entry ${index + 1}`;
    if (textsOf(snapshot).join("\n") !== texts.join("\n")) throw new Error(`${where}: its lines changed afterwards`);
    const restored = new EngineState();
    restored.restore(texts);
    if (textsOf(restored.snapshot()).join("\n") !== texts.join("\n"))
      throw new Error(`${where}: restored, it is another`);
    if (headrooms(restored) !== headroom) throw new Error(`${where}: tenants have other headroom`);
    for (const data of entries.slice(index + 1)) applyTo(restored, data);
    if (textsOf(restored.snapshot()).join("\n") !== end || restored.digest() !== whole.digest())
      throw new Error(`${where}: restored and folded on, it is not the whole fold`);
    counts.cuts += 1;
  }
}

/** What tenants may reserve, as threads see it. */
function headrooms({ ledger }: EngineState): string {
  return ledger
    .accounts()
    .map(({ index }) => ledger.cells.headroom(index))
    .join();
}

function applyTo(state: EngineState, data: string): void {
  const head = parseEntryHead(data) as EntryHead;
  state.apply(head.sequence, head.at, parseEntryBody(head, data, policiesAt(state, head.sequence)) as EntryBody);
}

/** The lines, each held against its digest, and those that come late. */
function textsOf({ lines, late }: TakenSnapshot): string[] {
  const bound = lines.map(({ digest, bytes }) => {
    const line = bytes();
    if (!Buffer.from(nodeSha256(line)).equals(digest)) throw new Error("a line does not have its digest");
    return line;
  });
  return [...bound, ...late.map((make) => make())].map((line) => Buffer.from(line).toString("utf8"));
}

interface Damage {
  readonly what: string;
  readonly files: ReadonlyMap<string, Uint8Array>;
}

async function tryDamages(seed: number, disk: MemoryDisk, counts: SnapshotCounts): Promise<void> {
  const chance = seededChance(seed);
  const [newest = 0, older = 0] = snapshotsIn(disk);
  if (older === 0) throw new Error(`seed ${seed}: fewer than two snapshots were written`);
  const digest = (await foldOf(without(disk, snapshotsIn(disk)))).digest;
  const honest = await foldOf(disk);
  if (honest.from !== newest || honest.digest !== digest) throw new Error(`seed ${seed}: the newest is not used`);
  const other = (await journalOf(~seed, 160)).disk;
  for (const { what, files } of damagesOf(disk, other, newest, older, chance)) {
    const damaged = new MemoryDisk();
    for (const [name, bytes] of files) damaged.files.set(name, bytes.slice());
    const found = await foldOf(damaged);
    if (found.digest !== digest) throw new Error(`seed ${seed}: ${what}: the state is another`);
    if (found.refused === 0) throw new Error(`seed ${seed}: ${what}: nothing is refused`);
    counts.damages += 1;
    if (found.from === older) counts.older += 1;
    if (found.from === 0) counts.whole += 1;
  }
}

function* damagesOf(
  { files }: MemoryDisk,
  other: MemoryDisk,
  newest: number,
  older: number,
  chance: Chance,
): Generator<Damage> {
  const name = snapshotName(newest);
  const bytes = files.get(name) as Uint8Array;
  const lines = Buffer.from(bytes).toString("utf8").trimEnd().split("\n");
  const replaced = (what: string, contents: Uint8Array | string): Damage => ({
    what,
    files: new Map(files).set(name, Buffer.from(contents as string)),
  });
  for (let flip = 0; flip < 40; flip++) {
    const damaged = bytes.slice();
    const at = chance(bytes.byteLength - 1);
    damaged[at] = (damaged[at] as number) ^ (1 << chance(8));
    yield replaced(`a bit flipped at ${at}`, damaged);
  }
  for (let cut = 0; cut < 10; cut++) yield replaced("torn", bytes.slice(0, chance(bytes.byteLength - 1)));
  for (const [index, line] of lines.entries()) {
    yield replaced(`line ${index} gone`, lines.filter((_, at) => at !== index).join("\n"));
    yield replaced(`line ${index} twice`, lines.flatMap((each) => (each === line ? [each, each] : [each])).join("\n"));
  }
  yield replaced("the tree of an earlier place, and an end made to fit", withTreeOf(lines, files, older));
  yield replaced("stale: the older under the name of the newest", files.get(snapshotName(older)) as Uint8Array);
  for (const sequence of snapshotsIn(other)) {
    const foreign = Buffer.from(other.files.get(snapshotName(sequence)) as Uint8Array).toString("utf8");
    yield replaced("of another journal", foreign);
    yield replaced(
      "of another journal, said to be of this sequence",
      foreign.replace(`"sequence":${sequence},`, `"sequence":${newest},`),
    );
  }
  const future = snapshotName(newest + 1_000_000);
  yield { what: "from the future", files: new Map(files).set(future, Buffer.from(bytes)) };
  const damaged = snapshotsIn({ files }).map((sequence, at): [string, Uint8Array] => [
    snapshotName(sequence),
    at === 0 ? Buffer.from("{}") : Buffer.alloc(0),
  ]);
  yield { what: "all damaged", files: new Map([...files, ...damaged]) };
}

/** A snapshot with the tree of another, and the end that anyone can compute. */
function withTreeOf(lines: readonly string[], files: ReadonlyMap<string, Uint8Array>, other: number): string {
  const isTree = (line: string): boolean => line.startsWith('{"part":"tree"');
  const tree = Buffer.from(files.get(snapshotName(other)) as Uint8Array)
    .toString("utf8")
    .split("\n")
    .find(isTree);
  const body = lines.slice(0, -1).map((line) => (isTree(line) ? (tree as string) : line));
  const [digest, end] = [new StateSnapshotDigest(nodeSha256), new LateLines(nodeChain())];
  for (const line of body)
    if (LateLines.isLate(line)) end.add(Buffer.from(line));
    else digest.add(nodeSha256(Buffer.from(line)));
  const { sequence } = snapshotHeadOf(lines[0] as string);
  return `${[...body, end.end(digest.finish(sequence))].join("\n")}\n`;
}

function snapshotsIn(disk: Pick<MemoryDisk, "files">): readonly number[] {
  const sequences = [...disk.files.keys()].map(snapshotSequence).filter((sequence) => sequence !== undefined);
  return sequences.sort((a, b) => b - a);
}

function without(disk: MemoryDisk, sequences: readonly number[]): MemoryDisk {
  const copy = disk.copy();
  for (const sequence of sequences) copy.files.delete(snapshotName(sequence));
  return copy;
}

async function foldOf(
  disk: MemoryDisk,
): Promise<{ readonly digest: string; readonly from: number; readonly refused: number }> {
  const { journal } = await fold(new DirectoryStorage({ directory: "memory", disk }), {});
  const { state, start, end } = journal;
  return {
    digest: [...textsOf(state.snapshot()), treeLine(end.tree)].join("\n"),
    from: start.fromSequence,
    refused: start.snapshotsRefused.length,
  };
}
