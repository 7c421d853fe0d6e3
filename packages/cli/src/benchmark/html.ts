/**
 * The HTML report of a benchmark: goals, and a frontier per set. It is one file and needs no network.
 * uPlot draws the plots; without scripts the tables show the same figures.
 * @module
 */
import { readFile } from "node:fs/promises";
import type { SetFigures } from "@calybris/learning";
import { frontiersOf } from "./frontiers.ts";
import type { BenchmarkResult } from "./run.ts";
import { interval } from "./text.ts";

export async function benchmarkHtml(result: BenchmarkResult): Promise<string> {
  const library = await fileOfPackage("uPlot.iife.min.js");
  const style = await fileOfPackage("uPlot.min.css");
  const plots = frontiersOf(result.sets);
  const goals = result.goals.map(
    ({ goal, target, measured, isMet }) =>
      `<tr class="${isMet === undefined ? "open" : isMet ? "met" : "missed"}"><td>${escaped(goal)}</td><td>${escaped(target)}</td><td>${escaped(measured)}</td><td>${isMet === undefined ? "not measured" : isMet ? "met" : "MISSED"}</td></tr>`,
  );
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Calybris: learning benchmark results</title>
<style>${style}
body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 72rem; padding: 0 1rem; color: #1a1a1a; background: #fff; }
h1, h2 { line-height: 1.2; } .plots { display: grid; grid-template-columns: repeat(auto-fit, minmax(30rem, 1fr)); gap: 2rem; }
table { border-collapse: collapse; width: 100%; font-size: 13px; } td, th { padding: .25rem .6rem; border-bottom: 1px solid #ddd; text-align: left; vertical-align: top; }
.met td:last-child { color: #00704f; } .missed td:last-child { color: #b03a00; font-weight: 600; } .number { text-align: right; }
.scroll { overflow-x: auto; } figure { margin: 0; } figcaption { font-weight: 600; } .u-legend { font-size: 12px; text-align: left; }
</style>
</head>
<body>
<h1>Learning benchmark results</h1>
<p>${escaped(result.command)}, commit ${escaped(result.commit)}, ${escaped(result.machine.cpu)}, ${result.machine.cores} cores, Node ${escaped(result.machine.node)}; ${result.rowsRead.toLocaleString("en")} rows read, ${result.seeds} seeds, ${result.seconds} s.${result.isQuick ? " A quick run: thinned rows, few trials." : ""}</p>
<h2>Frontiers</h2>
<p>Across: savings, as a share of the most that can be saved. Up: P(downgraded | premium needed). Lower is better; the straight line is random.</p>
<div class="plots">${plots.map(({ title }, at) => `<figure><figcaption>${escaped(title)}</figcaption><div id="plot${at}"></div></figure>`).join("")}</div>
<h2>Goals</h2>
<div class="scroll"><table><thead><tr><th>goal</th><th>target</th><th>measured</th><th></th></tr></thead><tbody>${goals.join("\n")}</tbody></table></div>
<h2>P(downgraded | premium needed) at equal savings, with 95 % intervals</h2>
${result.sets.map(setTable).join("\n")}
<script>${library}</script>
<script>
const plots = ${JSON.stringify(plots).replaceAll("<", "\\u003c")};
plots.forEach((plot, at) => {
  const place = document.getElementById("plot" + at);
  const share = (_u, value) => value == null ? "" : (100 * value).toFixed(1) + " %";
  new uPlot({
    width: Math.min(560, place.clientWidth || 480), height: 340,
    scales: { x: { time: false, range: [0, 1] }, y: { range: [0, 1] } },
    axes: [{ values: (_u, ticks) => ticks.map((tick) => Math.round(100 * tick) + " %") }, { values: (_u, ticks) => ticks.map((tick) => Math.round(100 * tick) + " %"), size: 56 }],
    series: [{ label: "savings", value: share }, { label: "random", stroke: "#bbbbbb", dash: [4, 4], value: share },
      ...plot.series.map((line) => ({ label: line.name, stroke: line.colour, width: line.name === "calybris" ? 2.5 : 1.25, value: share, points: { show: false } }))],
  }, [plot.x, plot.x, ...plot.series.map((line) => line.y)], place);
});
</script>
</body>
</html>
`;
}

function setTable({ set, policies }: SetFigures): string {
  const rows = policies.map(
    ({ name, track, seeds, atSavings }) =>
      `<tr><td>${escaped(name)}</td><td>${track}${track === "bandit" ? `, ${seeds} seeds` : ""}</td>${atSavings.map(({ missedOfNeeded }) => `<td class="number">${interval(missedOfNeeded)}</td>`).join("")}</tr>`,
  );
  return `<h3>${escaped(set)}</h3><div class="scroll"><table><thead><tr><th>policy</th><th>track</th><th class="number">20 %</th><th class="number">40 %</th><th class="number">60 %</th><th class="number">80 %</th></tr></thead><tbody>${rows.join("")}</tbody></table></div>`;
}

async function fileOfPackage(name: string): Promise<string> {
  return await readFile(new URL(name, import.meta.resolve("uplot")), "utf8");
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
}
