/**
 * Time and memory of `calybris whatif` and `calybris regret --target` on a journal of a policy that learns, with an outcome
 * for each decision. Both run in separate processes; processor time is that of all their threads.
 * @module
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { markdownTable } from "./harness.ts";
import { type KeptJournal, keptJournal } from "./kept-journal.ts";
import { makeLearnedJournal } from "./learned-journal.ts";

const ROOT = join(import.meta.dirname, "..");
const POLICY = join(ROOT, "examples", "demo", "policy.jsonc");
const CALYBRIS = join(ROOT, "packages", "cli", "bin", "calybris.cjs");
const DECISIONS = 1_000_000;
const SMOKE_DECISIONS = 500;
const MIB = 2 ** 20;
/** The quality floor of the other policy's use cases. */
const OTHER_FLOOR_BPS = 8_000;

/** Shorter journals are not cached. */
const KEPT_DECISIONS_MIN = 10_000;

/** Prints a table, and the time to make the journal. `requests` is its number of decisions; default: a million. */
export async function benchWhatIf(options: { readonly full: boolean; readonly requests?: number }): Promise<string> {
  const decisions = options.requests ?? (options.full ? DECISIONS : SMOKE_DECISIONS);
  const directory = mkdtempSync(join(process.cwd(), ".bench-"));
  try {
    const policy = learningPolicy(directory, "learns.json", (text) => text);
    const other = learningPolicy(directory, "other.json", (text) =>
      text.replaceAll(/"qualityMinBps": \d+/g, `"qualityMinBps": ${OTHER_FLOOR_BPS}`),
    );
    const make = (empty: string): Promise<void> => makeLearnedJournal(empty, policy, decisions);
    const parameters = [readFileSync(policy, "utf8"), String(decisions)];
    const { directory: journal, madeSeconds } =
      decisions >= KEPT_DECISIONS_MIN ? await keptJournal("whatif", parameters, make) : await madeIn(directory, make);
    const commands = [
      ["whatif", "--policy", other],
      ["whatif", "--policy", other, "--by", "useCase"],
      ["regret"],
      ["regret", "--target", other],
    ];
    const rows = commands.map((words) => [...measured([...words, "--journal", journal]), words]);
    const table = markdownTable(
      ["command", "decisions", "outcomes", "s", "processor s", "MiB at most"],
      rows.map(([seconds, processor, mebibytes, words]) => [
        `\`${(words as string[]).filter((word) => !word.startsWith(directory)).join(" ")}\``,
        decisions.toLocaleString("en"),
        decisions.toLocaleString("en"),
        (seconds as number).toFixed(1),
        (processor as number).toFixed(1),
        (mebibytes as number).toFixed(0),
      ]),
    );
    const made =
      madeSeconds === undefined ? "was kept from an earlier run" : `took ${madeSeconds.toFixed(0)} s to make`;
    return `${table}\n\nThe journal ${made}; that is not part of the figures.`;
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

async function madeIn(directory: string, make: (empty: string) => Promise<void>): Promise<KeptJournal> {
  const began = performance.now();
  const journal = join(directory, "journal");
  await make(journal);
  return { directory: journal, madeSeconds: (performance.now() - began) / 1_000 };
}

function learningPolicy(directory: string, name: string, changed: (text: string) => string): string {
  const file = join(directory, name);
  const learning = '"learning": { "features": ["length"], "explorationBps": 500 },';
  writeFileSync(file, changed(readFileSync(POLICY, "utf8")).replace('"name": "demo",', `"name": "demo", ${learning}`));
  return file;
}

/** Seconds, processor seconds and MiB. */
function measured(words: readonly string[]): readonly [number, number, number] {
  const report = "process.on('exit', () => { const { userCPUTime, systemCPUTime, maxRSS } = process.resourceUsage();";
  const preload = `${report} process.stderr.write(JSON.stringify([userCPUTime + systemCPUTime, maxRSS])); })`;
  const started = performance.now();
  const { stderr, status } = spawnSync(
    process.execPath,
    ["--import", `data:text/javascript,${encodeURIComponent(preload)}`, CALYBRIS, ...words, "--json"],
    { encoding: "utf8", maxBuffer: 64 * MIB },
  );
  if (status !== 0) throw new Error(`${words.join(" ")} ended with ${status}: ${stderr}`);
  const [microseconds = 0, kibibytes = 0] = JSON.parse(/\[[\d,]+\]$/.exec(stderr)?.[0] ?? "[]") as readonly number[];
  return [(performance.now() - started) / 1_000, microseconds / 1e6, kibibytes / 1_024];
}
