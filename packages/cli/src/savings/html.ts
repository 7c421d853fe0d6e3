/**
 * The report of `calybris savings` as a single HTML page: SVG and tables, without scripts and external resources.
 * @module
 */
import type { CurvePoint, NamedUsage, SavingsReport } from "@calybris/savings";
import { groupedDollars, reportDecimals } from "../terminal/money-text.ts";
import { percent } from "../replay/report.ts";
import { savingsNotes } from "./notes.ts";
import { distinct, incumbentName } from "./text.ts";

type Money = (microcents: bigint) => string;

export function savingsHtml(report: SavingsReport): string {
  const { total, chosen, file, source, days, models, unknownModels, tags } = report;
  const decimals = reportDecimals([total.paidMicrocents]);
  const money: Money = (microcents) => `$${groupedDollars(microcents, decimals)}`;
  const saved =
    chosen === undefined
      ? ""
      : `<p class="lead">Paid <b>${money(total.paidMicrocents)}</b>. At quality floor ${chosen.floorBps} it would have been <b>${money(total.paidMicrocents - chosen.savedMicrocents)}</b>, ${percent(chosen.savedMicrocents, total.paidMicrocents)} less, with a mean rating of ${chosen.qualityBps} instead of ${chosen.askedQualityBps}. Answers were not judged.</p>`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>Calybris: savings</title>
<style>
body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 64rem; padding: 0 1rem; color: #1a1a1a; background: #fff; }
h1, h2 { line-height: 1.2; } .lead { font-size: 1.15rem; }
table { border-collapse: collapse; width: 100%; font-size: 14px; font-variant-numeric: tabular-nums; } td, th { padding: .25rem .6rem; border-bottom: 1px solid #ddd; text-align: right; }
td:first-child, th:first-child { text-align: left; overflow-wrap: anywhere; } tr.chosen { background: #fdf1e8; font-weight: 600; }
.names td:nth-child(2), .names th:nth-child(2) { text-align: left; }
svg { width: 100%; height: auto; } svg text { font: 12px system-ui, sans-serif; fill: #444; } svg text.mark { fill: #a34700; font-weight: 600; } .scroll { overflow-x: auto; }
</style>
</head>
<body>
<h1>What this usage cost, and what it could have cost</h1>
<p>${escaped(file)}: ${escaped(source.title)}. ${report.rows.used.toLocaleString("en")} rows, ${total.requests.toLocaleString("en")} requests.</p>
${saved}
${curveSection(report, money)}
${marginalSection(report, money)}
${barSection("Paid, by day", days, money)}
${barSection("Paid, by model", [...models, ...unknownModels], money)}
${usageSection("Models", [...models, ...unknownModels], money)}
${usageSection("Tags", tags, money)}
${usageSection("Days", days, money)}
<h2>Not known</h2>
<ul>${savingsNotes(report)
    .map((note) => `<li>${escaped(note)}</li>`)
    .join("\n")}</ul>
</body>
</html>
`;
}

const WIDTH = 720;
const HEIGHT = 300;
const LEFT = 90;
const BOTTOM = 40;

/** Cost by floor, with a step at each floor where the choice changes. */
function curveSection({ curve, chosen, total }: SavingsReport, money: Money): string {
  const points = distinct(curve);
  if (chosen === undefined || points.length === 0) return "";
  const cost = (point: CurvePoint): bigint => total.paidMicrocents - point.savedMicrocents;
  const lowest = curve.at(-1)?.floorBps ?? 0;
  const highest = curve[0]?.floorBps ?? 1;
  const x = (floor: number): number => LEFT + ((floor - lowest) / Math.max(1, highest - lowest)) * (WIDTH - LEFT - 20);
  const y = (microcents: bigint): number =>
    HEIGHT - BOTTOM - (Number((microcents * 10_000n) / (total.paidMicrocents || 1n)) / 10_000) * (HEIGHT - BOTTOM - 20);
  const path = curve.map((point, index) => {
    const [px, py] = [x(point.floorBps).toFixed(1), y(cost(point)).toFixed(1)];
    return index === 0 ? `M${px} ${py}` : `V${py}H${px}`;
  });
  const ticks = roundAmounts(total.paidMicrocents).map((microcents) => {
    const py = y(microcents).toFixed(1);
    return `<line x1="${LEFT}" x2="${WIDTH - 20}" y1="${py}" y2="${py}" stroke="#e5e5e5"/><text x="${LEFT - 8}" y="${py}" dy="4" text-anchor="end">${money(microcents)}</text>`;
  });
  const floors = [lowest, Math.round((lowest + highest) / 2), highest].map(
    (floor) => `<text x="${x(floor).toFixed(1)}" y="${HEIGHT - BOTTOM + 18}" text-anchor="middle">${floor}</text>`,
  );
  const rows = points.map(
    (point) =>
      `<tr${point.policyFloorBps === chosen.policyFloorBps ? ' class="chosen"' : ""}><td>${point.floorBps}</td><td>${money(cost(point))}</td><td>${money(point.savedMicrocents)}</td><td>${percent(point.savedMicrocents, total.paidMicrocents)}</td><td>${point.qualityBps}</td><td>${percent(BigInt(point.substitutedRequests), BigInt(point.requests))}</td><td>${percent(BigInt(point.lowerRatedRequests), BigInt(point.requests))}</td></tr>`,
  );
  const flows = chosen.flows.map(
    (flow) =>
      `<tr><td>${escaped(flow.requested)}</td><td>${escaped(flow.chosen)}</td><td>${flow.requests.toLocaleString("en")}</td><td>${money(flow.askedMicrocents)}</td><td>${money(flow.costMicrocents)}</td></tr>`,
  );
  return `<h2>Cost at each quality floor</h2>
<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="Cost over quality floors">
${ticks.join("\n")}
${floors.join("\n")}
<text x="${(WIDTH + LEFT) / 2}" y="${HEIGHT - 4}" text-anchor="middle">quality floor, in ten-thousandths</text>
<path d="${path.join("")}" fill="none" stroke="#0072b2" stroke-width="2"/>
<line x1="${LEFT}" x2="${WIDTH - 20}" y1="${y(total.paidMicrocents).toFixed(1)}" y2="${y(total.paidMicrocents).toFixed(1)}" stroke="#666" stroke-dasharray="5 4"/>
<text x="${LEFT + 6}" y="${(y(total.paidMicrocents) - 6).toFixed(1)}">paid ${money(total.paidMicrocents)}</text>
<circle cx="${x(chosen.policyFloorBps).toFixed(1)}" cy="${y(cost(chosen)).toFixed(1)}" r="5" fill="#d55e00"/>
<text class="mark" x="${(x(chosen.policyFloorBps) - 10).toFixed(1)}" y="${(y(cost(chosen)) - 10).toFixed(1)}" text-anchor="${x(chosen.policyFloorBps) > WIDTH / 3 ? "end" : "start"}">floor ${chosen.floorBps}: ${money(cost(chosen))}</text>
</svg>
<div class="scroll">${table(["floor", "would cost", "saved", "of what was paid", "mean rating", "moved", "to a lower rating"], rows)}</div>
<h2>At floor ${chosen.floorBps}</h2>
<div class="scroll names">${table(["requested", "would have run", "requests", "paid", "would cost"], flows)}</div>`;
}

function marginalSection({ marginal }: SavingsReport, money: Money): string {
  if (marginal === undefined) return "";
  const rows = marginal.against.map(
    (one) =>
      `<tr><td>${escaped(incumbentName(one))}</td><td>${money(one.costMicrocents)}</td><td>${money(one.savedMicrocents)}</td><td>${percent(one.savedMicrocents, one.costMicrocents)}</td><td>${one.qualityBps}</td></tr>`,
  );
  return `<h2>Saved at floor ${marginal.floorBps}, compared with alternatives</h2>
<div class="scroll names">${table(["instead", "costs", "saved", "of its cost", "mean rating"], rows)}</div>`;
}

/** About five round amounts from 0 to the highest, in steps of 1, 2 or 5 times a power of ten. */
function roundAmounts(highest: bigint): readonly bigint[] {
  const power = 10n ** BigInt(Math.max(0, String(highest / 5n).length - 1));
  const step = [1n, 2n, 5n, 10n].map((factor) => factor * power).find((each) => highest / each <= 5n) ?? 10n * power;
  return Array.from({ length: Number(highest / step) + 1 }, (_, index) => BigInt(index) * step);
}

const BARS_MAX = 62;
const BAR_HEIGHT = 18;

function barSection(title: string, list: readonly NamedUsage[], money: Money): string {
  if (list.length < 2) return "";
  const shown = list.slice(0, BARS_MAX);
  const most = shown.reduce((max, { paidMicrocents }) => (paidMicrocents > max ? paidMicrocents : max), 1n);
  const labels = 190;
  const bars = shown.map(({ name, paidMicrocents }, index) => {
    const width = (Number((paidMicrocents * 10_000n) / most) / 10_000) * (WIDTH - labels - 110);
    const y = index * BAR_HEIGHT;
    return `<text x="${labels - 8}" y="${y + 13}" text-anchor="end">${escaped(name.slice(0, 28))}</text><rect x="${labels}" y="${y + 3}" width="${width.toFixed(1)}" height="${BAR_HEIGHT - 5}" fill="#56b4e9"/><text x="${(labels + width + 6).toFixed(1)}" y="${y + 13}">${money(paidMicrocents)}</text>`;
  });
  return `<h2>${title}</h2>
<svg viewBox="0 0 ${WIDTH} ${shown.length * BAR_HEIGHT + 4}" role="img" aria-label="${title}">
${bars.join("\n")}
</svg>`;
}

function usageSection(title: string, list: readonly NamedUsage[], money: Money): string {
  if (list.length === 0) return "";
  const rows = list.map(
    (usage) =>
      `<tr><td>${escaped(usage.name)}</td><td>${usage.requests.toLocaleString("en")}</td><td>${usage.inputTokens.toLocaleString("en")}</td><td>${usage.outputTokens.toLocaleString("en")}</td><td>${usage.unpricedRows === usage.rows ? "unknown" : money(usage.paidMicrocents)}</td></tr>`,
  );
  return `<h2>${title}</h2>
<div class="scroll">${table(["", "requests", "input tokens", "output tokens", "paid"], rows)}</div>`;
}

function table(columns: readonly string[], rows: readonly string[]): string {
  const head = columns.map((column) => `<th>${column}</th>`).join("");
  return `<table><thead><tr>${head}</tr></thead><tbody>${rows.join("\n")}</tbody></table>`;
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
}
