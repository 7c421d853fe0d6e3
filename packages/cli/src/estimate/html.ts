/**
 * The report of `calybris estimate` as one page: SVG and tables, no script, nothing from the network.
 * @module
 */
import type { EstimateReport } from "./report.ts";
import { ESTIMATOR_TITLES, number } from "./text.ts";

const [WIDTH, HEIGHT, LEFT, RIGHT, BOTTOM] = [720, 300, 220, 20, 40];
const ERRORS_SHOWN = 1.96;
const ROW_HEIGHT = 24;

export function estimateHtml(report: EstimateReport): string {
  const { file, target, rows, refusals, interval, estimates, warnings } = report;
  const value = estimates.find(({ name }) => name === "dr")?.value ?? null;
  const lead =
    refusals.length > 0
      ? `<p class="lead">The log cannot answer this question.</p><ul>${list(refusals.map(({ explanation }) => explanation))}</ul><p>The numbers below are not to be acted on.</p>`
      : `<p class="lead"><b>${escaped(target)}</b> would have earned <b>${number(value)}</b> on average${interval === null ? "" : `, between ${number(interval.lower)} and ${number(interval.upper)} with confidence ${(100 * (1 - interval.alpha)).toFixed(0)} %, however often you look`}.</p>`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>Calybris: estimate</title>
<style>
:root { --ink: light-dark(#1a1a1a, #eee); --line: light-dark(#ddd, #444); --main: light-dark(#0072b2, #56b4e9); }
body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 64rem; padding: 0 1rem; color: var(--ink); }
h1, h2 { line-height: 1.2; } .lead { font-size: 1.15rem; } .scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-size: 14px; font-variant-numeric: tabular-nums; } td, th { padding: .25rem .6rem; border-bottom: 1px solid var(--line); text-align: right; } td:first-child, th:first-child { text-align: left; overflow-wrap: anywhere; }
svg { width: 100%; height: auto; } svg text { font: 12px system-ui, sans-serif; fill: var(--ink); } .grid { stroke: var(--line); } .main { stroke: var(--main); fill: var(--main); } .band { fill: var(--main); fill-opacity: .2; }
</style>
</head>
<body>
<h1>What another policy would have earned</h1>
<p>${escaped(file)}: ${rows.used.toLocaleString("en")} of ${rows.read.toLocaleString("en")} rows used.</p>
${lead}
${estimatesPlot(report)}
${overTimePlot(report)}
<h2>Arms</h2>
<div class="scroll"><table><thead><tr><th>arm</th><th>rows</th><th>mean reward</th><th>target's share</th></tr></thead><tbody>${report.arms.map((arm) => `<tr><td>${escaped(arm.name)}</td><td>${arm.rows.toLocaleString("en")}</td><td>${number(arm.meanReward)}</td><td>${(100 * arm.targetShare).toFixed(1)} %</td></tr>`).join("\n")}</tbody></table></div>
<h2>Support</h2>
<ul>${list([`${report.support.effectiveRows.toFixed(1)} effective rows; the largest weight is ${number(report.support.maxWeight)}.`, ...warnings, ...rows.leftOut.map((one) => `${one.rows} rows left out: ${one.reason} (first in line ${one.firstLine}).`)])}</ul>
</body>
</html>
`;
}

/** Each estimate with its 95 % Wald interval, which holds for one look at independent rows. */
function estimatesPlot({ estimates, logged }: EstimateReport): string {
  const bars = estimates.flatMap(({ name, value, standardError }) =>
    value === null ? [] : [{ title: ESTIMATOR_TITLES[name], value, error: ERRORS_SHOWN * (standardError ?? 0) }],
  );
  if (bars.length === 0) return "";
  const ends = bars.flatMap(({ value, error }) => [value - error, value + error]);
  const x = scale([...ends, logged.value ?? ends[0] ?? 0]);
  const height = bars.length * ROW_HEIGHT + BOTTOM;
  const marks = bars.map(({ title, value, error }, index) => {
    const y = index * ROW_HEIGHT + 16;
    return `<text x="${LEFT - 10}" y="${y + 4}" text-anchor="end">${title}</text><line class="main" x1="${x(value - error)}" x2="${x(value + error)}" y1="${y}" y2="${y}" stroke-width="2"/><circle class="main" cx="${x(value)}" cy="${y}" r="4"/><title>${title}: ${number(value)}</title>`;
  });
  const ran =
    logged.value === null
      ? ""
      : `<line class="grid" x1="${x(logged.value)}" x2="${x(logged.value)}" y1="4" y2="${height - BOTTOM}" stroke-dasharray="5 4"/><text x="${x(logged.value)}" y="${height - 20}" text-anchor="middle">what ran: ${number(logged.value)}</text>`;
  return `<h2>Estimates, with standard intervals for one look</h2>
<svg viewBox="0 0 ${WIDTH} ${height}" role="img" aria-label="Estimates with intervals">${ran}${marks.join("\n")}</svg>`;
}

/** The interval that may be watched, over rows. */
function overTimePlot({ overTime }: EstimateReport): string {
  const last = overTime.at(-1);
  if (last === undefined || overTime.length < 2) return "";
  const [low, high] = [
    Math.min(...overTime.map(({ lower }) => lower)),
    Math.max(...overTime.map(({ upper }) => upper)),
  ];
  const x = (rows: number): string => (60 + (rows / last.rows) * (WIDTH - 60 - RIGHT)).toFixed(1);
  const y = (value: number): string => (10 + ((high - value) / (high - low || 1)) * (HEIGHT - BOTTOM - 10)).toFixed(1);
  const points = [
    ...overTime.map(({ rows, upper }) => `${x(rows)},${y(upper)}`),
    ...overTime.toReversed().map(({ rows, lower }) => `${x(rows)},${y(lower)}`),
  ];
  const ticks = [low, (low + high) / 2, high].map(
    (value) =>
      `<line class="grid" x1="60" x2="${WIDTH - RIGHT}" y1="${y(value)}" y2="${y(value)}"/><text x="54" y="${y(value)}" dy="4" text-anchor="end">${Number(value.toPrecision(3))}</text>`,
  );
  return `<h2>The interval as rows came in</h2>
<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="Interval over rows">${ticks.join("")}<polygon class="band" points="${points.join(" ")}"/><text x="${WIDTH - RIGHT}" y="${HEIGHT - 16}" text-anchor="end">${last.rows.toLocaleString("en")} rows</text></svg>`;
}

function scale(values: readonly number[]): (value: number) => string {
  const [low, high] = [Math.min(...values), Math.max(...values)];
  return (value) => (LEFT + 10 + ((value - low) / (high - low || 1)) * (WIDTH - LEFT - RIGHT - 20)).toFixed(1);
}

function list(lines: readonly string[]): string {
  return lines.map((line) => `<li>${escaped(line)}</li>`).join("\n");
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
}
