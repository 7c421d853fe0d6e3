/**
 * The report of `calybris estimate` as one page.
 * @module
 */
import { listHtml, escaped, rangePlot, reportPage, tableHtml } from "../report/page.ts";
import type { EstimateReport } from "./report.ts";
import { ESTIMATOR_TITLES, headlineOf, number, SLOPE_NOTE } from "./text.ts";

const [WIDTH, HEIGHT, LEFT, RIGHT, BOTTOM] = [720, 300, 60, 20, 40];
const ERRORS_SHOWN = 1.96;

export function estimateHtml(report: EstimateReport): string {
  const { file, target, rows, refusals, interval, warnings, support, arms } = report;
  const value = headlineOf(report);
  const range =
    interval === null
      ? ""
      : `, between ${number(interval.lower)} and ${number(interval.upper)} with confidence ${(100 * (1 - interval.alpha)).toFixed(0)} % (anytime-valid)`;
  const lead =
    refusals.length > 0
      ? `<p class="lead">The log cannot answer this question.</p>${listHtml(refusals.map(({ reason, explanation }) => `${reason}: ${explanation}`))}`
      : `<p class="lead"><b>${escaped(target)}</b> would have earned <b>${number(value)}</b> on average${range}.</p>`;
  const notes = [
    `${support.effectiveRows.toFixed(1)} effective rows; the largest weight is ${number(support.maxWeight)}.`,
    ...warnings,
    ...rows.leftOut.map((one) => `${one.rows} rows left out: ${one.reason} (first in line ${one.firstLine}).`),
  ];
  return reportPage(
    "estimate",
    "Estimated reward of another policy",
    `<p>${escaped(file)}: ${rows.used.toLocaleString("en")} of ${rows.read.toLocaleString("en")} rows used.</p>
${lead}
${estimatesPlot(report)}
${overTimePlot(report)}
<h2>Arms</h2>
${tableHtml(
  ["arm", "rows", "mean reward", "target's share"],
  arms.map((arm) => [
    arm.name,
    arm.rows.toLocaleString("en"),
    number(arm.meanReward),
    `${(100 * arm.targetShare).toFixed(1)} %`,
  ]),
)}
<h2>Support</h2>
${listHtml(notes)}`,
  );
}

/** Each estimate with its 95 % Wald interval, which is valid for one look at independent rows. */
function estimatesPlot({ estimates, logged, refusals }: EstimateReport): string {
  if (refusals.length > 0) return "";
  const bars = estimates.flatMap(({ name, value, standardError }) => {
    if (value === null) return [];
    const error = ERRORS_SHOWN * (standardError ?? 0);
    return [{ title: ESTIMATOR_TITLES[name], value, low: value - error, high: value + error }];
  });
  const ran = logged.value === null ? undefined : { title: `what ran: ${number(logged.value)}`, value: logged.value };
  return `<h2>Estimates, with standard intervals for one look</h2>
${rangePlot("Estimates with intervals", bars, ran)}
<p>${SLOPE_NOTE}</p>`;
}

/** The anytime-valid interval, over rows. */
function overTimePlot({ overTime }: EstimateReport): string {
  const last = overTime.at(-1);
  if (last === undefined || overTime.length < 2) return "";
  const [low, high] = [
    Math.min(...overTime.map(({ lower }) => lower)),
    Math.max(...overTime.map(({ upper }) => upper)),
  ];
  const x = (rows: number): string => (LEFT + (rows / last.rows) * (WIDTH - LEFT - RIGHT)).toFixed(1);
  const y = (value: number): string => (10 + ((high - value) / (high - low || 1)) * (HEIGHT - BOTTOM - 10)).toFixed(1);
  const points = [
    ...overTime.map(({ rows, upper }) => `${x(rows)},${y(upper)}`),
    ...overTime.toReversed().map(({ rows, lower }) => `${x(rows)},${y(lower)}`),
  ];
  const ticks = [low, (low + high) / 2, high].map(
    (value) =>
      `<line class="grid" x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${y(value)}" y2="${y(value)}"/><text x="${LEFT - 6}" y="${y(value)}" dy="4" text-anchor="end">${Number(value.toPrecision(3))}</text>`,
  );
  return `<h2>The interval as rows came in</h2>
<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="Interval over rows">${ticks.join("")}<polygon class="band" points="${points.join(" ")}"/><text x="${WIDTH - RIGHT}" y="${HEIGHT - 16}" text-anchor="end">${last.rows.toLocaleString("en")} rows</text></svg>`;
}
