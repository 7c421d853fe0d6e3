/**
 * Runs the protocol on tables, one after the other, and collects the measurements with the machine, the commit and the
 * command.
 * @module
 */
import { execFileSync } from "node:child_process";
import { cpus, totalmem } from "node:os";
import { fileURLToPath } from "node:url";
import { LEARNING_DEFAULTS } from "@calybris/engine/internal";
import {
  type DriftFigures,
  type FromNothing,
  type Goal,
  goalsOf,
  HEAD_KINDS,
  type HindsightFigures,
  judge,
  judgeDrift,
  judgeFromNothing,
  judgeHindsight,
  judgePriors,
  type Measured,
  measureSpeed,
  type PriorFigures,
  type SetFigures,
  type Table,
  thinned,
  type Transfer,
  transfers,
  worldSwitch,
  type WorldSwitch,
} from "@calybris/learning";

export const TRACKS = ["full", "bandit", "transfer", "regret", "drift", "priors", "nothing"] as const;
export type TrackName = (typeof TRACKS)[number];

export interface BenchmarkResult {
  readonly format: 1;
  readonly command: string;
  readonly commit: string;
  readonly machine: { readonly cpu: string; readonly cores: number; readonly memoryGiB: number; readonly node: string };
  readonly seconds: number;
  readonly isQuick: boolean;
  readonly seeds: number;
  readonly rowsRead: number;
  readonly sets: readonly SetFigures[];
  readonly fromNothing: readonly { readonly set: string; readonly figures: FromNothing }[];
  readonly transfers: readonly Transfer[];
  /** Figures of the regret track; omitted if it was not run. */
  readonly regret?: readonly HindsightFigures[];
  /** Figures of the drift track; omitted if it was not run. */
  readonly drift?: readonly DriftFigures[];
  /** Figures of the priors track; omitted if it was not run. */
  readonly priors?: readonly PriorFigures[];
  readonly worldSwitch: readonly WorldSwitch[];
  readonly speed: Measured["speed"];
  readonly goals: readonly Goal[];
}

export interface RunOptions {
  readonly isQuick: boolean;
  readonly seeds: number;
  readonly track: TrackName | undefined;
  readonly rows: number | undefined;
  readonly isWhole: boolean;
  readonly command: string;
  readonly onProgress: (share: number) => void;
}

/** Sets whose stream is also run without any labels before its first row, with the published savings to compare. */
const FROM_NOTHING: ReadonlyMap<string, number> = new Map([
  ["kdd99", 0.19],
  ["kdd99-unique", 0.19],
  ["sp500", 0.19],
]);
const FROM_NOTHING_SEEDS_MAX = 3;

const FULL = { folds: 5, resamplings: 1_000, rowsMax: 100_000, rowsFitMax: 20_000, decisionsMax: 4_000_000, seed: 1 };
const QUICK = {
  folds: 2,
  resamplings: 100,
  rowsMax: 1_600,
  rowsFitMax: 1_600,
  decisionsMax: 60_000,
  seed: 1,
  trials: 20,
  kinds: ["ridge", "small trees"] as const,
};
const FOLD_SEEDS = 5;
const REGRET_ROWS = 20_000;
const EXPLORATIONS_BPS = [10, 50, 100, 200, 500] as const;
const FROM_NOTHING_ROWS_QUICK = 8_000;
const TRANSFER_ROWS_QUICK = 1_000;

export async function runBenchmark(
  loads: readonly (() => Promise<Table>)[],
  options: RunOptions,
): Promise<BenchmarkResult> {
  const started = performance.now();
  const sets: SetFigures[] = [];
  const fromNothing: { set: string; figures: FromNothing }[] = [];
  const texts: Table[] = [];
  const regret: HindsightFigures[] = [];
  const drift: DriftFigures[] = [];
  const priors: PriorFigures[] = [];
  let rowsRead = 0;
  for (const [index, load] of loads.entries()) {
    const table = await load();
    rowsRead += table.rowsRead;
    const at = (share: number): void => options.onProgress((index + share) / loads.length);
    if (table.texts !== undefined) texts.push(options.isQuick ? thinned(table, TRANSFER_ROWS_QUICK) : table);
    if (options.track === "transfer") continue;
    if (options.track === "regret") {
      const foldSeeds = Math.min(options.seeds, FOLD_SEEDS);
      const rowsMax = options.rows ?? (options.isQuick ? QUICK.rowsMax : REGRET_ROWS);
      regret.push(judgeHindsight(table, { foldSeeds, rowsMax, explorationsBps: EXPLORATIONS_BPS, onProgress: at }));
      continue;
    }
    if (options.track === "drift") {
      const [foldSeeds, rowsMax] = [Math.min(options.seeds, FOLD_SEEDS), options.rows ?? REGRET_ROWS];
      drift.push(...judgeDrift(table, { foldSeeds, rowsMax, onProgress: at }));
      continue;
    }
    if (options.track === "priors") {
      const [foldSeeds, rowsMax] = [Math.min(options.seeds, FOLD_SEEDS), options.rows ?? REGRET_ROWS];
      priors.push(judgePriors(table, { foldSeeds, rowsMax, onProgress: at }));
      continue;
    }
    const usual = options.isQuick ? QUICK : { ...FULL, kinds: HEAD_KINDS };
    const settings = options.rows === undefined ? usual : { ...usual, rowsMax: options.rows };
    const seeds = options.track === "full" ? 0 : options.seeds;
    if (options.track !== "nothing")
      sets.push(judge(table, { ...settings, seeds, onProgress: (share) => at(0.8 * share) }));
    const atSavings = FROM_NOTHING.get(table.name);
    if (atSavings === undefined || options.track === "full") continue;
    const seedCount = Math.min(options.isQuick ? 1 : FROM_NOTHING_SEEDS_MAX, options.seeds);
    const whole = options.isQuick ? thinned(table, FROM_NOTHING_ROWS_QUICK) : table;
    let done = 0;
    const onRun = (): void => {
      done += 1;
      at(0.8 + (0.2 * done) / seedCount);
    };
    fromNothing.push({
      set: table.name,
      figures: judgeFromNothing(whole, { seeds: seedCount, atSavings, resamplings: settings.resamplings, onRun }),
    });
  }
  const isTransferred = texts.length > 1 && (options.track === undefined || options.track === "transfer");
  const measured: Measured = {
    sets,
    fromNothing,
    worldSwitch: switches(options),
    speed: measureSpeed(() => performance.now()),
  };
  return {
    format: 1,
    command: options.command,
    commit: commit(),
    machine: machine(),
    seconds: Math.round((performance.now() - started) / 1_000),
    isQuick: options.isQuick,
    seeds: options.seeds,
    rowsRead,
    ...measured,
    ...(regret.length === 0 ? {} : { regret }),
    ...(drift.length === 0 ? {} : { drift }),
    ...(priors.length === 0 ? {} : { priors }),
    transfers: isTransferred ? transfers(texts, 1, () => {}) : [],
    goals: goalsOf(measured),
  };
}

/** The settings of the drift track: the default first, then a shorter memory, then one without decay. */
function switches({ track, isQuick }: RunOptions): readonly WorldSwitch[] {
  if (track !== undefined && track !== "bandit") return [];
  return isQuick
    ? [worldSwitch(LEARNING_DEFAULTS.discountPpm, 9)]
    : [LEARNING_DEFAULTS.discountPpm, 999_000, 997_000, 1_000_000].map((discountPpm) => worldSwitch(discountPpm));
}

/** Combines several runs in order; goals are evaluated again over all of them. */
export function merged(results: readonly BenchmarkResult[]): BenchmarkResult {
  const [first] = results;
  if (first === undefined || results.length === 1) return first as BenchmarkResult;
  const measured: Measured = {
    sets: results.flatMap(({ sets }) => sets),
    // A later run of a set replaces an earlier one.
    fromNothing: [
      ...new Map(results.flatMap(({ fromNothing }) => fromNothing).map((each) => [each.set, each] as const)).values(),
    ],
    worldSwitch: results.find(({ worldSwitch: switches_ }) => switches_.length > 0)?.worldSwitch ?? [],
    speed: first.speed,
  };
  return {
    ...first,
    ...measured,
    command: results.map(({ command }) => command).join("; "),
    commit: [...new Set(results.map(({ commit: each }) => each))].join(", "),
    seconds: results.reduce((sum, { seconds }) => sum + seconds, 0),
    // The regret and drift tracks report their own number of fold seeds.
    seeds: Math.min(...[first, ...results.filter(({ sets }) => sets.length > 0)].map(({ seeds }) => seeds)),
    rowsRead: results.reduce((sum, { rowsRead }) => sum + rowsRead, 0),
    regret: results.flatMap(({ regret = [] }) => regret),
    drift: results.flatMap(({ drift = [] }) => drift),
    priors: results.flatMap(({ priors = [] }) => priors),
    transfers: results.flatMap(({ transfers: each }) => each),
    goals: goalsOf(measured),
  };
}

function machine(): BenchmarkResult["machine"] {
  const all = cpus();
  return {
    cpu: all[0]?.model.trim() ?? "unknown",
    cores: all.length,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    node: process.version,
  };
}

/** The commit of the sources, with a suffix if they have uncommitted changes; `unknown` outside a checkout. */
function commit(): string {
  const git = (...words: readonly string[]): string =>
    execFileSync("git", [...words], {
      cwd: fileURLToPath(new URL("..", import.meta.url)),
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
    }).trim();
  try {
    const isChanged = git("status", "--porcelain", "--", "../../learning", "../../engine", "../../../datasets") !== "";
    return `${git("rev-parse", "--short=12", "HEAD")}${isChanged ? " and changes" : ""}`;
  } catch {
    return "unknown";
  }
}
