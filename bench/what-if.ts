/**
 * How long `calybris whatif` and `calybris regret --target` take on a journal of decisions that learn, each with its outcome,
 * and how much memory. Both run as processes of their own; processor time is that of all their threads.
 * @module
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Engine, loadPolicy } from "@calybris/engine";
import { InlineDriver, Writer } from "@calybris/engine/internal";
import { markdownTable, seededBelow } from "./harness.ts";
import { unsynced } from "./large-journal.ts";

const ROOT = join(import.meta.dirname, "..");
const POLICY = join(ROOT, "examples", "demo", "policy.jsonc");
const CALYBRIS = join(ROOT, "packages", "cli", "bin", "calybris.cjs");
const DECISIONS = 1_000_000;
const SMOKE_DECISIONS = 500;
const TURN = 500;
const MIB = 2 ** 20;
/** The quality floor of the other policy, for its use cases. */
const OTHER_FLOOR_BPS = 8_000;

/** Prints a table. `requests` is how many decisions the journal has; a million when left out. */
export async function benchWhatIf(options: { readonly full: boolean; readonly requests?: number }): Promise<string> {
  const decisions = options.requests ?? (options.full ? DECISIONS : SMOKE_DECISIONS);
  const directory = mkdtempSync(join(process.cwd(), ".bench-"));
  try {
    const journal = join(directory, "journal");
    const policy = learningPolicy(directory, "learns.json", (text) => text);
    const other = learningPolicy(directory, "other.json", (text) =>
      text.replaceAll(/"qualityMinBps": \d+/g, `"qualityMinBps": ${OTHER_FLOOR_BPS}`),
    );
    await fill(journal, policy, decisions);
    const commands = [
      ["whatif", "--policy", other],
      ["whatif", "--policy", other, "--by", "useCase"],
      ["regret"],
      ["regret", "--target", other],
    ];
    const rows = commands.map((words) => [...measured([...words, "--journal", journal]), words]);
    return markdownTable(
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
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

function learningPolicy(directory: string, name: string, changed: (text: string) => string): string {
  const file = join(directory, name);
  const learning = '"learning": { "features": ["length"], "explorationBps": 500 },';
  writeFileSync(file, changed(readFileSync(POLICY, "utf8")).replace('"name": "demo",', `"name": "demo", ${learning}`));
  return file;
}

async function fill(directory: string, policyFile: string, decisions: number): Promise<void> {
  const engine = await Engine.open({
    directory,
    policy: await loadPolicy(policyFile),
    disk: unsynced,
    driver: (start) => new InlineDriver(new Writer(unsynced, start)),
    waitingMax: 2 * TURN,
  });
  const below = seededBelow(7);
  const useCases = ["default", "readme", "changelog"];
  for (let done = 0; done < decisions; done += TURN) {
    const decided = await Promise.all(
      Array.from({ length: Math.min(TURN, decisions - done) }, () =>
        engine.decide({
          inputTokens: 50 + below(6_000),
          outputTokens: 20 + below(1_500),
          useCase: useCases[below(useCases.length)] as string,
          features: { length: below(100) },
        }),
      ),
    );
    await Promise.all(
      decided
        .filter(({ decision }) => decision.action !== "reject")
        .map(({ decisionId }) => engine.learning.observe({ decisionId, succeeded: below(100) < 80 })),
    );
  }
  await engine.close();
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
