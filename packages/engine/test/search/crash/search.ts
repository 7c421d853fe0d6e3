/**
 * The search for a crash that breaks a promise: every moment of a process's life, and at each every disk that a power
 * loss may leave; and at each a kill, after which a new process finds the page cache and serves from it, and every moment
 * of that one's life.
 * @module
 */
import { SEED_FILE } from "../../../src/storage/seed-file.ts";
import { type CrashImage, crashImages, type ImageOptions } from "./images.ts";
import { DiskModel, type Operation } from "./model.ts";
import {
  type AfterRecovery,
  CrashViolation,
  recoverChecked,
  requireAside,
  requireDurableHead,
  requireIdempotent,
  requireServes,
  servedKey,
} from "./oracle.ts";
import { type Command, type History, runProcess, segmentLines } from "./process.ts";

export interface CrashOptions extends ImageOptions {
  /** Of this many moments of a first process one is followed by a kill and a new process; of later ones, a quarter of that. */
  readonly killEvery: number;
  /** Of this many sorts of disks that a power loss leaves one is followed by a new process. */
  readonly followEvery: number;
  /** Of this many recovered disks one is served from. */
  readonly serveEvery: number;
  /** How many processes may follow one another. */
  readonly processesMax: number;
  readonly segmentBytesMax: number;
  /** Stops the search between two moments. */
  readonly isOver: () => boolean;
  /** Called before each moment. */
  readonly onMoment: () => void;
}

export interface CrashCounts {
  /** Crash states: a history of operations, a moment in it, and a disk that a power loss may leave then. */
  states: number;
  /** Those of them that differ in the disk, or in what was submitted before. Each was recovered. */
  distinct: number;
  /** Processes that were run, moments at which they were stopped, and engines that served from a recovered disk. */
  processes: number;
  moments: number;
  served: number;
  /** Those of them that started from a snapshot. */
  fromSnapshots: number;
}

interface Life {
  readonly history: History;
  /** Highest sequence acknowledged before it began. */
  readonly acknowledged: number;
  /** Which process this is, counted from 1. */
  readonly processes: number;
  readonly path: string;
  /** Bytes that were on the disk before it began, and were no entries: they must be kept, whatever happens. */
  readonly torn: readonly string[];
}

/** One moment of a life. */
interface Moment {
  readonly model: DiskModel;
  readonly acknowledged: number;
  readonly path: string;
}

/** What is known of one life's disks: by their keys, how many entries recovery finds, and which were looked at after it. */
interface Seen {
  readonly entries: Map<number, number>;
  readonly recovered: Set<number>;
  readonly served: Set<number>;
}

/** Looks at every crash of one workload. */
export class CrashSearch {
  readonly #counts: CrashCounts;
  readonly #options: CrashOptions;
  /** Sorts of disks that a further process was already started on. */
  readonly #followed = new Set<string>();
  /** What the workload said about learning: a process that comes after says it again. */
  #learns: readonly Command[] = [];

  /** @param counts - added to as the search goes. */
  constructor(options: CrashOptions, counts: CrashCounts) {
    this.#options = options;
    this.#counts = counts;
  }

  /** Runs the commands in a first process, and looks at every crash of it and of those that follow it. */
  async run(commands: readonly Command[]): Promise<void> {
    this.#learns = commands.filter(({ kind }) => kind === "learn");
    await this.#live(new DiskModel(), commands, { acknowledged: 0, processes: 1, path: "process 1", torn: [] });
  }

  async #live(start: DiskModel, commands: readonly Command[], life: Omit<Life, "history">): Promise<void> {
    this.#counts.processes += 1;
    const history = await runProcess(start, commands, this.#options.segmentBytesMax);
    await this.#explore({ ...life, history });
  }

  async #explore(life: Life): Promise<void> {
    const { start, operations } = life.history;
    const model = start.clone();
    const seen: Seen = { entries: new Map(), recovered: new Set(), served: new Set() };
    let { acknowledged } = life;
    for (let count = 0; count <= operations.length && !this.#options.isOver(); count++) {
      const last = operations[count - 1];
      if (last !== undefined) model.apply(last);
      if (last?.kind === "acknowledged") acknowledged = Math.max(acknowledged, last.sequence);
      if (last?.kind === "acknowledged" && last.isSealed) requireDurableHead(model, last.sequence);
      const next = operations[count];
      // The moment after an acknowledgement asks for more of the same disks.
      if (next?.kind === "acknowledged") continue;
      this.#counts.moments += 1;
      this.#options.onMoment();
      const moment = { model, acknowledged, path: `${life.path}, operation ${count} ${describe(last)}` };
      await this.#losePower(moment, life, seen);
      if (this.#isKilledHere(life)) await this.#kill(moment, life, next);
    }
  }

  async #losePower(moment: Moment, life: Life, seen: Seen): Promise<void> {
    const after: AfterRecovery[] = [];
    const starts: { readonly start: Map<string, Buffer>; readonly entries: number }[] = [];
    for (const image of crashImages(moment.model, this.#options)) {
      this.#counts.states += 1;
      let entries = seen.entries.get(image.key);
      if (entries === undefined) {
        this.#counts.distinct += 1;
        const recovered = this.#recover(image, moment, life);
        entries = recovered.entries;
        seen.entries.set(image.key, entries);
        if (this.#isToServe(recovered, moment, life, seen)) after.push(recovered);
        if (this.#isNewSort(recovered, life)) starts.push({ start: image.contents(), entries });
      }
      if (entries < moment.acknowledged)
        throw violation(moment, image, `${moment.acknowledged} entries were acknowledged, and ${entries} recovered`);
    }
    for (const recovered of after) await this.#serve(recovered, moment, life);
    for (const { start, entries } of starts)
      await this.#live(DiskModel.of(start), this.#afterwards(life.processes), {
        acknowledged: moment.acknowledged,
        processes: life.processes + 1,
        path: `${moment.path}; power lost, process ${life.processes + 1}`,
        torn: segmentLines(start).slice(entries),
      });
  }

  /** Recovers again what was not yet seen; says whether an engine is to serve from it. */
  #isToServe(recovered: AfterRecovery, moment: Moment, life: Life, seen: Seen): boolean {
    if (seen.recovered.has(recovered.key)) return false;
    seen.recovered.add(recovered.key);
    this.#recoverAgain(recovered, moment, life);
    const key = servedKey(recovered);
    if (seen.served.has(key)) return false;
    seen.served.add(key);
    return this.#options.chance(this.#options.serveEvery) === 0;
  }

  #recover(image: CrashImage, moment: Moment, life: Life): AfterRecovery {
    try {
      const recovered = recoverChecked(image, life.history.entries);
      requireAside(life.torn, recovered.contents);
      return recovered;
    } catch (error) {
      throw violation(moment, image, error);
    }
  }

  #recoverAgain(recovered: AfterRecovery, moment: Moment, life: Life): void {
    try {
      requireIdempotent(recovered, life.history.entries);
    } catch (error) {
      throw violation(moment, undefined, error);
    }
  }

  async #serve(recovered: AfterRecovery, moment: Moment, life: Life): Promise<void> {
    this.#counts.served += 1;
    try {
      const { segmentBytesMax } = this.#options;
      if (await requireServes(recovered, idsIn(life.history), segmentBytesMax)) this.#counts.fromSnapshots += 1;
    } catch (error) {
      throw violation(moment, undefined, error);
    }
  }

  /** The process ends: killed, perhaps in a write, or because a sync failed. The page cache stays; a new process reads it. */
  async #kill(moment: Moment, life: Life, next: Operation | undefined): Promise<void> {
    const { chance } = this.#options;
    const killed = [{ start: moment.model.clone(), how: "killed" }];
    if (next?.kind === "write" && next.bytes.byteLength > 1) {
      const cut = 1 + chance(next.bytes.byteLength - 1);
      const start = moment.model.clone();
      start.apply({ ...next, bytes: next.bytes.subarray(0, cut) });
      killed.push({ start, how: `killed after ${cut} of ${next.bytes.byteLength} bytes` });
    }
    if (next?.kind === "sync" || next?.kind === "syncData") {
      const start = moment.model.clone();
      start.apply({ kind: "failedSync", inode: next.inode });
      killed.push({ start, how: "the sync failed, and the process ended" });
    }
    for (const { start, how } of killed)
      await this.#live(start, this.#afterwards(life.processes), {
        acknowledged: moment.acknowledged,
        processes: life.processes + 1,
        path: `${moment.path}; ${how}, process ${life.processes + 1}`,
        torn: [],
      });
  }

  /** What a new process does after a crash: a retry, something new, what is left to settle, and an end. */
  #afterwards(processes: number): readonly Command[] {
    return [
      { kind: "decide", ids: ["a"] },
      ...this.#learns,
      { kind: "decide", ids: [`after-${processes}`] },
      { kind: "settleAll" },
      { kind: "close" },
    ];
  }

  #isKilledHere({ processes }: Life): boolean {
    const { chance, killEvery, processesMax } = this.#options;
    return processes < processesMax && chance(killEvery * 4 ** (processes - 1)) === 0;
  }

  #isNewSort({ entries, isSetAside, contents }: AfterRecovery, { processes }: Life): boolean {
    if (processes >= this.#options.processesMax) return false;
    const seed = contents.get(SEED_FILE)?.toString("hex", 0, 2) ?? "none";
    const sort = `${processes} ${entries} ${isSetAside} ${contents.size} ${seed}`;
    const isNew = !this.#followed.has(sort);
    this.#followed.add(sort);
    return isNew && this.#options.chance(this.#options.followEvery) === 0;
  }
}

function idsIn({ entries }: History): readonly string[] {
  return entries.flatMap((data) => /"kind":"decision","id":"([^"]*)"/.exec(data)?.[1] ?? []);
}

function describe(operation: Operation | undefined): string {
  if (operation === undefined) return "(none yet)";
  const { kind } = operation;
  if (kind === "write") return `(write ${operation.bytes.byteLength} bytes at ${operation.position})`;
  return `(${kind}${kind === "create" ? ` ${operation.name}` : ""})`;
}

function violation({ path }: Moment, image: CrashImage | undefined, problem: unknown): CrashViolation {
  const files = image === undefined ? "" : `\n${listing(image.contents())}`;
  const text = problem instanceof Error ? problem.message : String(problem);
  return new CrashViolation(`${text}\nafter ${path}${files}`, { cause: problem });
}

/** Files with their sizes and the lines in them, cut to what a person can read. */
function listing(contents: ReadonlyMap<string, Buffer>): string {
  return [...contents]
    .flatMap(([name, bytes]) => {
      const lines = bytes
        .toString("latin1")
        .split("\n")
        .filter((line) => line !== "");
      return [`${name}, ${bytes.byteLength} bytes`, ...lines.map((line) => `  ${JSON.stringify(line.slice(0, 90))}`)];
    })
    .join("\n");
}
