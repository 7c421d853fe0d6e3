/**
 * The terminal report of a benchmark: a table of goals and one table per set, with all three denominators named.
 * @module
 */
import type { DriftFigures, Estimate, HindsightFigures, PolicyFigures, SetFigures } from "@calybris/learning";
import { driftRows, explorationRows, priorRows, regretGoals, regretRows, type Rows } from "./regret-lines.ts";
import type { BenchmarkResult } from "./run.ts";
import { tableText } from "../terminal/table.ts";

export function benchmarkText(result: BenchmarkResult): string {
  const parts = result.sets.map(setText);
  if (result.fromNothing.length > 0) parts.push(fromNothingText(result));
  if (result.transfers.length > 0) parts.push(transferText(result));
  if (result.regret !== undefined && result.regret.length > 0) parts.push(regretText(result.regret));
  if (result.priors !== undefined && result.priors.length > 0)
    parts.push(`Priors: share of the quality gap recovered (APGR, by calls):\n${rowsText(priorRows(result.priors))}`);
  if (result.drift !== undefined && result.drift.length > 0) parts.push(driftText(result.drift));
  if (result.goals.length > 0) parts.push(goalsText(result));
  const quick = result.isQuick ? " (--quick: thinned rows, few trials; a first look)" : "";
  parts.push(
    `${result.rowsRead} rows read in ${result.seconds} s, ${result.seeds} seeds, commit ${result.commit}${quick}`,
  );
  return parts.join("\n\n");
}

/** Regret per decision, in percentage points of the value of a correct answer; intervals are over fold seeds. */
function regretText(figures: readonly HindsightFigures[]): string {
  return [
    "Regret against the best hindsight threshold, in points of the value (95 % interval over fold seeds):",
    rowsText(regretRows(figures)),
    rowsText(regretGoals(figures)),
    "Exploration by offsets:",
    rowsText(explorationRows(figures)),
  ].join("\n");
}

function driftText(figures: readonly DriftFigures[]): string {
  const title = "Worlds that move: points against the best hindsight threshold, once the router had time to notice:";
  return `${title}\n${rowsText(driftRows(figures))}`;
}

function rowsText([head = [], ...rows]: Rows): string {
  return tableText(
    head.map((name, at) => `${at === 0 ? "<" : ">"}${name}`),
    rows.map((row) => [...row]),
  );
}

function setText(set: SetFigures): string {
  const head =
    `${set.set}: ${set.rowsJudged} rows judged of ${set.rowsRead} read, ${set.tiers.length} tiers, premium needed on ${percent(set.neededShare)}. ` +
    `Cheapest right on ${percent(set.qualityCheapest)}, premium on ${percent(set.qualityPremium)}; at most ${percent(set.savableShare)} of premium's cost can be saved.\n` +
    `Prior: ${set.winner}${set.isPerCost ? ", gain per money" : ""}. Savings below are shares of the most that can be saved.`;
  const rows = set.policies.map((policy) => [
    policy.name,
    policy.track === "bandit" ? `bandit × ${policy.seeds}` : "full",
    ...policy.atSavings.map(({ missedOfNeeded }) => percent(missedOfNeeded.value)),
    policy.area.value.toFixed(3),
    share(policy.gapRecovered.value),
  ]);
  const table = tableText(["<policy", "<track", ">missed at 20 %", ">40 %", ">60 %", ">80 %", ">area", ">APGR"], rows);
  return [head, table, denominators(set), calls(set), quality(set), facts(set)]
    .filter((part) => part !== "")
    .join("\n");
}

function denominators(set: SetFigures): string {
  const own = set.policies.find(({ name }) => name === "calybris");
  if (own === undefined) return "";
  const rows = own.atSavings.map(
    ({ savings, missedOfNeeded, neededOfDowngraded, harm, belowRandom, belowStatic, belowStaticLearned }) => [
      percent(savings),
      interval(missedOfNeeded),
      percent(neededOfDowngraded),
      percent(harm),
      interval(belowRandom),
      interval(belowStatic),
      interval(belowStaticLearned),
    ],
  );
  return tableText(
    [
      ">calybris at",
      ">P(downgraded | needed)",
      ">P(needed | downgraded)",
      ">P(both)",
      ">below random",
      ">below static floor",
      ">below the same score's",
    ],
    rows,
  );
}

function calls(set: SetFigures): string {
  if (set.byCalls === undefined) return "";
  const rows = set.byCalls.map(({ name, gapRecovered, callShare50, callShare80 }) => [
    name,
    plain(gapRecovered),
    share(callShare50),
    share(callShare80),
  ]);
  return tableText(["<by calls", ">APGR", ">CPT50", ">CPT80"], rows);
}

function quality(set: SetFigures): string {
  if (set.byQuality === undefined) return "";
  const { bestSingle, oracle, policies } = set.byQuality;
  const all = policies.map((policy) => `${policy.name} ${policy.quality.toFixed(4)}`).join(", ");
  return `Mean quality: best single tier ${bestSingle.toFixed(4)}, oracle ${oracle.toFixed(4)}; ${all}.`;
}

function facts({ learning, certificate, incumbents }: SetFigures): string {
  const { coldStart, quarters, rewards } = learning;
  const lines = [
    `Cold start: ahead of random after ${coldStart.decisionsUntilBetter ?? "more than 500"} decisions. First to last quarter: ${points(quarters.last - quarters.first)} of success, ${points(quarters.rewardLast - quarters.rewardFirst)} of net reward.`,
    `Regret per request against the best fixed tier (negative is better): ${rewards.map(({ name, regret }) => `${name} ${points(regret)}`).join(", ")}.`,
    `Certified: at α = ${percent(certificate.alpha)}, δ = ${percent(certificate.delta)} on ${certificate.samples} rows, ${percent(certificate.downgradedShare)} may be downgraded (random: ${percent(certificate.randomShare)}); harm on other rows ${percent(certificate.harmElsewhere)}.`,
  ];
  if (incumbents.length > 0)
    lines.push(
      `Saved, at no worse quality: ${incumbents.map(({ name, savedPercent, publishedPercent }) => `${savedPercent.toFixed(0)} % against ${name} (published ${publishedPercent} %)`).join("; ")}.`,
    );
  return lines.join("\n");
}

function fromNothingText({ fromNothing }: BenchmarkResult): string {
  const rows = fromNothing.map(({ set, figures }) => [
    set,
    String(figures.seeds),
    percent(figures.savings),
    interval(figures.missedOfNeeded),
    interval(figures.neededOfDowngraded),
    percent(figures.harm),
    `${figures.timesFewerThanRandom === null ? "∞" : figures.timesFewerThanRandom.toFixed(1)} ×`,
    interval(figures.missedOfNeededThere),
  ]);
  return tableText(
    [
      "<nothing labelled, whole stream",
      ">seeds",
      ">savings",
      ">P(downgraded | needed)",
      ">P(needed | downgraded)",
      ">P(both)",
      ">fewer than random",
      ">missed at 19 %",
    ],
    rows,
  );
}

function transferText({ transfers }: BenchmarkResult): string {
  const rows = transfers.map(({ from, to, areaUnderCurve, gapRecovered, missArea }) => [
    from,
    to,
    share(areaUnderCurve),
    share(gapRecovered),
    share(missArea),
  ]);
  return tableText(["<prior from", "<asked about", ">AUC", ">APGR", ">miss area"], rows);
}

function goalsText({ goals }: BenchmarkResult): string {
  const rows = goals.map(({ goal, target, measured, isMet }) => [
    goal,
    target,
    measured,
    isMet === undefined ? "-" : isMet ? "met" : "MISSED",
  ]);
  return tableText(["<goal", "<target", "<measured", "<"], rows);
}

/** The policies by area under the frontier, best first. */
export function byArea(policies: readonly PolicyFigures[]): readonly PolicyFigures[] {
  return policies.toSorted((a, b) => a.area.value - b.area.value);
}

/** JSON has no NaN: a saved result has `null` instead. */
function isKnown(value: number | null): value is number {
  return value !== null && Number.isFinite(value);
}

export function percent(value: number | null): string {
  return !isKnown(value) ? "-" : `${(100 * value).toFixed(Math.abs(value) < 0.01 && value !== 0 ? 2 : 1)} %`;
}

export function interval({ value, low, high }: Estimate): string {
  return !isKnown(value) ? "-" : `${percent(value)} (${percent(low)} to ${percent(high)})`;
}

export function plain({ value, low, high }: Estimate): string {
  return !isKnown(value) ? "-" : `${value.toFixed(3)} (${low.toFixed(3)} to ${high.toFixed(3)})`;
}

export function share(value: number | null): string {
  return isKnown(value) ? value.toFixed(3) : "-";
}

export function points(value: number): string {
  return `${value >= 0 ? "+" : "−"}${Math.abs(100 * value).toFixed(2)} points`;
}
