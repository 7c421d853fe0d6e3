/**
 * The engine without a service: processor time by thread, bytes on the heap and bytes of the journal per decision. With
 * `--against REF` the same program alternates with the sources of that commit (A B A B), each time in a new process.
 * @module
 */
import { execFileSync, spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readlinkSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { EnginePlan, EngineRound } from "./engine-process.ts";
import { markdownTable, median } from "./harness.ts";

const ROOT = join(import.meta.dirname, "..");
const PROGRAM = ["engine-process.ts", "harness.ts", "service-policy.ts"] as const;
const FULL: EnginePlan = { loops: 256, count: 60_000, rounds: 2, warm: 40_000 };
const SMOKE: EnginePlan = { loops: 16, count: 300, rounds: 1, warm: 50 };
const TURNS = 3;
const MEBIBYTE = 2 ** 20;

interface Contestant {
  readonly name: string;
  readonly directory: string;
  readonly rows: Row[];
}

interface Row extends EngineRound {
  readonly heapBytes: number;
}

const HEADER = [
  "engine",
  "ordering thread µs",
  "all threads µs",
  "durable decisions/s",
  "heap bytes a decision",
  "bytes an entry",
  "entries a write",
];

/** Prints a table; processor time and heap bytes are per decision. */
export async function benchEngine(options: { readonly full: boolean; readonly against?: string }): Promise<string> {
  const plan = options.full ? FULL : SMOKE;
  const contestants: Contestant[] = [{ name: "this", directory: ROOT, rows: [] }];
  const other = options.against === undefined ? undefined : checkOut(options.against);
  if (other !== undefined) contestants.unshift({ name: options.against as string, directory: other, rows: [] });
  try {
    for (let turn = 0; turn < (options.full ? TURNS : 1); turn++)
      for (const { directory, rows } of contestants) rows.push(...measure(directory, plan));
    return markdownTable(HEADER, contestants.map(rowOf));
  } finally {
    if (other !== undefined) execFileSync("git", ["worktree", "remove", "--force", other], { cwd: ROOT });
  }
}

function measure(directory: string, plan: EnginePlan): readonly Row[] {
  const program = join(directory, "bench", "engine-process.ts");
  const { stdout, stderr, status } = spawnSync(process.execPath, ["--trace-gc", program, JSON.stringify(plan)], {
    cwd: directory,
    encoding: "utf8",
    maxBuffer: 1 << 30,
  });
  if (status !== 0) throw new Error(`the engine's process ended with ${status}: ${stderr.slice(-2_000)}`);
  // The output before the first mark is the warm-up.
  return stdout.split("\nbegin\n").slice(1).map(roundOf);
}

/**
 * A round's numbers, and the allocated bytes from its garbage-collection traces. The writer thread has its own heap, whose
 * traces may come first; the heap with more allocation is that of the ordering thread.
 */
function roundOf(output: string): Row {
  const line = /^\{.*\}$/m.exec(output)?.[0] ?? "{}";
  const heaps = new Map<string, { bytes: number; after: number }>();
  for (const [, isolate = "", before, left] of output.matchAll(TRACE)) {
    const heap = heaps.get(isolate);
    if (heap === undefined) heaps.set(isolate, { bytes: 0, after: Number(left) });
    else {
      heap.bytes += (Number(before) - heap.after) * MEBIBYTE;
      heap.after = Number(left);
    }
  }
  const heapBytes = Math.max(0, ...[...heaps.values()].map(({ bytes }) => bytes));
  return { ...(JSON.parse(line) as EngineRound), heapBytes };
}

/** Process and isolate, then used memory before and after, in MiB. */
const TRACE = /\[\d+:(0x[0-9a-f]+)\]\s+\d+ ms: .*? ([\d.]+) \([\d.]+\) -> ([\d.]+) /g;

function rowOf({ name, rows }: Contestant): string[] {
  const middle = (of: (row: Row) => number, digits = 0): string =>
    median(rows.map(of)).toLocaleString("en", { maximumFractionDigits: digits, minimumFractionDigits: digits });
  return [
    name,
    middle((row) => row.orderingThreadUs / row.decisions, 1),
    middle((row) => row.allThreadsUs / row.decisions, 1),
    middle((row) => row.decisions / row.seconds),
    middle((row) => row.heapBytes / row.decisions),
    middle((row) => row.bytes / row.entries),
    middle((row) => row.entries / row.batches, 1),
  ];
}

/** Checks out a commit's sources into a separate folder, with this program, and with packages linked to those sources. */
function checkOut(ref: string): string {
  const directory = mkdtempSync(join(tmpdir(), "calybris-bench-"));
  execFileSync("git", ["worktree", "add", "--force", "--detach", directory, ref], { cwd: ROOT, stdio: "ignore" });
  for (const file of PROGRAM) cpSync(join(ROOT, "bench", file), join(directory, "bench", file));
  const [from, to] = [join(ROOT, "node_modules"), join(directory, "node_modules")];
  mkdirSync(join(to, "@calybris"), { recursive: true });
  for (const name of readdirSync(from)) if (name !== "@calybris") symlinkSync(join(from, name), join(to, name));
  for (const name of readdirSync(join(from, "@calybris"))) {
    const target = readlinkSync(join(from, "@calybris", name));
    if (existsSync(join(to, "@calybris", target))) symlinkSync(target, join(to, "@calybris", name));
  }
  return directory;
}
