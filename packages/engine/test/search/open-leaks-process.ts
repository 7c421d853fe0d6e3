/**
 * Opens and closes engines in every way that fails, in a process of its own, and counts what each leaves behind: files,
 * handles, threads, the lock. Prints one line of JSON for each way.
 *
 *     node packages/engine/test/search/open-leaks-process.ts DIRECTORY [WAY]
 * @module
 */
import { parseEntryLine } from "@calybris/kernel";
import { createHook } from "node:async_hooks";
import { spawnSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, readlinkSync, rmSync, writeFileSync } from "node:fs";
import { getCompileCacheDir, syncBuiltinESMExports } from "node:module";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import workerThreads from "node:worker_threads";
import { Engine, type EngineOptions } from "../../src/engine.ts";
import { parseBudgets } from "../../src/intake/budgets-file.ts";
import { nodeChain } from "../../src/journal/chain-hash.ts";
import { segmentName } from "../../src/journal/segment.ts";
import { ThreadDriver } from "../../src/journal/thread-driver.ts";
import { learning } from "../support/command-world.ts";
import { sampleSnapshot } from "../support/sample-snapshot.ts";

/** What one way came to. */
export interface Left {
  readonly way: string;
  readonly expected: string;
  /** What the two attempts ended with. */
  readonly codes: readonly string[];
  /** What was there afterwards and not before. */
  readonly more: readonly string[];
}

type Attempt = (directory: string) => Promise<unknown>;

interface Way {
  readonly way: string;
  /** The code that both attempts end with; a lock that is not free again would show in the second. */
  readonly expected: string;
  /** Makes what the attempts find. */
  readonly prepare?: (directory: string) => Promise<void>;
  /** Around both attempts; what it holds is counted before. */
  readonly hold?: (directory: string) => Promise<() => Promise<void>>;
  readonly attempt: Attempt;
}

const policy = sampleSnapshot();
const SEGMENT = segmentName(1);
const ASKED = { inputTokens: 1_000_000, outputTokens: 500_000, valueMicrocents: 100_000_000 };

const open: Attempt = (directory) => Engine.open({ directory });
const openWith =
  (options: Partial<EngineOptions>): Attempt =>
  (directory) =>
    Engine.open({ directory, ...options });
const fails = (): never => {
  throw new Error("a port of the test fails");
};

/** A journal of one policy, with one decision. */
async function journal(directory: string, options: Partial<EngineOptions> = {}): Promise<void> {
  const engine = await Engine.open({ directory, policy, ...options });
  await engine.decide(ASKED);
  await engine.close();
}

/** A journal whose only reservation is overdue. */
async function overdue(directory: string): Promise<void> {
  const engine = await Engine.open({ directory, policy, nowUs: () => 1_000_000 });
  await engine.ledger.apply(parseBudgets({ tenants: { default: {} } }));
  await engine.ledger.grant({ tenant: "default", amountMicrocents: 1_000_000, id: "g" });
  await engine.decide({ ...ASKED, reservationSeconds: 1 });
  await engine.close();
}

async function changed(directory: string, change: (text: string) => string): Promise<void> {
  await journal(directory);
  const path = join(directory, SEGMENT);
  writeFileSync(path, change(readFileSync(path, "utf8")));
}

/** Genesis of another format, chained as it must be. */
function otherVersion(text: string): string {
  const [first = ""] = text.split("\n");
  const data = (parseEntryLine(first)?.data ?? "").replace(/"format":[0-9]+/, '"format":77');
  const hash = nodeChain()("genesis", Buffer.from(data));
  return `{"sequence":1,"previous_hash":"genesis","entry_hash":"${hash}","data":${data}}\n`;
}

/** No file of this process may grow beyond so many bytes; the disk is as good as full. */
function limitFiles(bytes: string): void {
  const { status, stderr } = spawnSync("prlimit", ["--pid", String(process.pid), `--fsize=${bytes}:`]);
  if (status !== 0) throw new Error(`prlimit: ${String(stderr)}`);
}

const onFullDisk = async (): Promise<() => Promise<void>> => {
  limitFiles("0");
  return async () => limitFiles("unlimited");
};

/** The first to ask for the time, when a journal is opened, is the sweep: recovery has written what it had to. */
function fullFromNowOn(): number {
  limitFiles("0");
  return Date.now() * 1_000;
}

const withoutThreads = async (): Promise<() => Promise<void>> => {
  const { Worker } = workerThreads;
  workerThreads.Worker = class {
    constructor() {
      fails();
    }
  } as unknown as typeof Worker;
  syncBuiltinESMExports();
  return async () => {
    workerThreads.Worker = Worker;
    syncBuiltinESMExports();
  };
};

const WAYS: readonly Way[] = [
  {
    way: "opened and closed",
    expected: "none",
    prepare: journal,
    attempt: async (directory) => (await Engine.open({ directory })).close(),
  },
  {
    way: "closed twice at once",
    expected: "none",
    prepare: journal,
    attempt: async (directory) => {
      const engine = await Engine.open({ directory });
      await Promise.all([engine.close(), engine.close()]);
    },
  },
  {
    way: "in use by another engine",
    expected: "CAL_JOURNAL_LOCKED",
    prepare: journal,
    hold: async (directory) => {
      const engine = await Engine.open({ directory });
      // Its thread has its files open once it has written.
      await engine.decide(ASKED);
      return () => engine.close();
    },
    attempt: open,
  },
  { way: "new, and no policy given", expected: "CAL_ENGINE_POLICY_REQUIRED", attempt: open },
  {
    way: "another policy given",
    expected: "CAL_ENGINE_POLICY_MISMATCH",
    prepare: journal,
    attempt: openWith({ policy: sampleSnapshot(8n) }),
  },
  {
    way: "a byte altered",
    expected: "CAL_JOURNAL_CORRUPT",
    prepare: (directory) => changed(directory, (text) => text.replace('"kind":"decision"', '"kind":"decisiom"')),
    attempt: open,
  },
  {
    way: "of another format",
    expected: "CAL_JOURNAL_VERSION",
    prepare: (directory) => changed(directory, otherVersion),
    attempt: open,
  },
  {
    way: "keyed, and no key given",
    expected: "CAL_JOURNAL_CORRUPT",
    prepare: (directory) => journal(directory, { key: new Uint8Array(32).fill(7) }),
    attempt: open,
  },
  {
    way: "a file in place of the directory",
    expected: "CAL_JOURNAL_UNREADABLE",
    prepare: async (directory) => {
      rmSync(directory, { recursive: true });
      writeFileSync(directory, "");
    },
    attempt: open,
  },
  {
    way: "a directory in place of a segment",
    expected: "CAL_JOURNAL_UNREADABLE",
    prepare: async (directory) => {
      await journal(directory);
      mkdirSync(join(directory, segmentName(2)));
    },
    attempt: open,
  },
  {
    way: "a segment that cannot be set aside",
    expected: "CAL_JOURNAL_UNREADABLE",
    prepare: (directory) => changed(directory, (text) => `${text.trimEnd()}\n{"torn`),
    hold: onFullDisk,
    attempt: open,
  },
  { way: "genesis cannot be written", expected: "CAL_JOURNAL_FAILED", hold: onFullDisk, attempt: openWith({ policy }) },
  { way: "genesis cannot be ordered", expected: "CAL_ENGINE_STOPPED", attempt: openWith({ policy, nowUs: fails }) },
  {
    way: "the seed cannot be written",
    expected: "CAL_JOURNAL_UNREADABLE",
    hold: onFullDisk,
    attempt: openWith({ policy: learning(1n) }),
  },
  {
    way: "the seed cannot be drawn",
    expected: "CAL_ENGINE_STOPPED",
    attempt: openWith({ policy: learning(1n), randomBytes: fails }),
  },
  {
    way: "the seed is missing",
    expected: "CAL_ENGINE_SEED",
    prepare: async (directory) => {
      await (await Engine.open({ directory, policy: learning(1n) })).close();
      rmSync(join(directory, "draw-seed"));
    },
    attempt: open,
  },
  {
    way: "the end of a journal cannot be written again",
    expected: "CAL_JOURNAL_UNREADABLE",
    prepare: overdue,
    hold: onFullDisk,
    attempt: open,
  },
  {
    way: "what is overdue cannot be written",
    expected: "CAL_JOURNAL_FAILED",
    prepare: overdue,
    attempt: (directory) => Engine.open({ directory, nowUs: fullFromNowOn }).finally(() => limitFiles("unlimited")),
  },
  {
    way: "what is overdue cannot be ordered",
    expected: "CAL_ENGINE_STOPPED",
    prepare: overdue,
    attempt: openWith({ nowUs: fails }),
  },
  {
    way: "no thread can be started",
    expected: "CAL_JOURNAL_UNREADABLE",
    hold: withoutThreads,
    attempt: openWith({ policy }),
  },
  {
    way: "no thread can be started for an old journal",
    expected: "CAL_JOURNAL_UNREADABLE",
    prepare: overdue,
    hold: withoutThreads,
    attempt: open,
  },
  {
    way: "a driver that cannot be made",
    expected: "CAL_JOURNAL_UNREADABLE",
    attempt: openWith({ policy, driver: fails }),
  },
  {
    way: "a thread that ends at once",
    expected: "CAL_JOURNAL_FAILED",
    attempt: openWith({ policy, driver: (start, key) => new ThreadDriver({ ...start, directory: "nowhere" }, key) }),
  },
  {
    way: "closed after the disk refused a batch",
    expected: "CAL_JOURNAL_FAILED",
    prepare: journal,
    attempt: async (directory) => {
      const engine = await Engine.open({ directory });
      limitFiles("0");
      await engine.decide(ASKED).catch(() => undefined);
      limitFiles("unlimited");
      await engine.close();
    },
  },
  {
    way: "closed on a disk that takes no seal",
    expected: "CAL_JOURNAL_FAILED",
    prepare: journal,
    attempt: async (directory) => {
      const engine = await Engine.open({ directory });
      await engine.decide(ASKED);
      limitFiles("0");
      await engine.close().finally(() => limitFiles("unlimited"));
    },
  },
  {
    way: "closed after it stopped",
    expected: "CAL_ENGINE_STOPPED",
    prepare: journal,
    attempt: async (directory) => {
      const engine = await Engine.open({ directory, kernelFor: fails });
      await engine.decide(ASKED).catch(() => undefined);
      await engine.close();
      throw engine.reading.failure;
    },
  },
];

/** Live resources by their types; unlike `process.getActiveResourcesInfo`, also those that do not keep the process. */
const live = new Map<number, string>();
const PASSING = /PROMISE|Tick|Microtask|Immediate|FSREQ|FILEHANDLE|SIGNAL|PROCESS|REQ|RANDOM|HASH/;
createHook({
  init: (id, type) => {
    if (!PASSING.test(type)) live.set(id, type);
  },
  destroy: (id) => live.delete(id),
}).enable();

const COMPILE_CACHE = getCompileCacheDir();

function census(): readonly string[] {
  const files = readdirSync("/proc/self/fd").flatMap((descriptor) => {
    try {
      const file = readlinkSync(`/proc/self/fd/${descriptor}`).replace(/\[[0-9]+\]/, "");
      // Node writes its compile cache when it likes.
      return COMPILE_CACHE !== undefined && file.startsWith(COMPILE_CACHE) ? [] : [`file ${file}`];
    } catch {
      // The descriptor that the list itself was read with.
      return [];
    }
  });
  const threads = Array.from({ length: readdirSync("/proc/self/task").length }, () => "thread");
  const handles = process.getActiveResourcesInfo().filter((type) => !PASSING.test(type));
  return [...files, ...threads, ...handles, ...live.values()].sort();
}

/** What the first list has beyond the second. */
function beyond(a: readonly string[], b: readonly string[]): readonly string[] {
  const rest = [...b];
  return a.filter((item) => {
    const index = rest.indexOf(item);
    if (index !== -1) rest.splice(index, 1);
    return index === -1;
  });
}

async function codeOf(attempted: Promise<unknown>): Promise<string> {
  try {
    await attempted;
    return "none";
  } catch (error) {
    return (error as { code?: string }).code ?? String(error);
  }
}

const PATIENCE_MS = 10_000;
const LOOK_MS = 20;
const STILL_LOOKS = 3;

/** Once nothing ends any more of what came before. */
async function settledCensus(): Promise<readonly string[]> {
  let last = census();
  for (let still = 0, waited = 0; still < STILL_LOOKS && waited < PATIENCE_MS; waited += LOOK_MS) {
    await sleep(LOOK_MS);
    const now = census();
    still = now.join() === last.join() ? still + 1 : 0;
    last = now;
  }
  return last;
}

async function tryWay({ way, expected, prepare, hold, attempt }: Way, directory: string): Promise<Left> {
  mkdirSync(directory);
  await prepare?.(directory);
  const letGo = await hold?.(directory);
  const before = await settledCensus();
  const codes = [await codeOf(attempt(directory)), await codeOf(attempt(directory))];
  let after = census();
  // A thread that was asked to end takes a moment.
  for (let waited = 0; waited < PATIENCE_MS && beyond(after, before).length > 0; waited += LOOK_MS) {
    await sleep(LOOK_MS);
    after = census();
  }
  await letGo?.();
  return { way, expected, codes, more: beyond(after, before) };
}

const [root = "", only] = process.argv.slice(2);
// The first engine of a process brings threads and handles of the platform that stay.
await tryWay(WAYS[0] as Way, join(root, "first"));
for (const [index, way] of WAYS.entries()) {
  if (only !== undefined && way.way !== only) continue;
  const left = await tryWay(way, join(root, String(index)));
  console.log(JSON.stringify(left));
  // What one way left would be counted for all that follow.
  if (left.more.length > 0) break;
}
process.exit(0);
