/**
 * Reports as a single HTML page: SVG and tables, light and dark, without scripts and external resources.
 * @module
 */

/** @param body - markup, in which texts are already escaped. */
export function reportPage(title: string, heading: string, body: string): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>Calybris: ${escaped(title)}</title>
<style>
:root { --ink: light-dark(#1a1a1a, #eee); --line: light-dark(#ddd, #444); --main: light-dark(#0072b2, #56b4e9); }
body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 64rem; padding: 0 1rem; color: var(--ink); }
h1, h2 { line-height: 1.2; } .lead { font-size: 1.15rem; } .scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-size: 14px; font-variant-numeric: tabular-nums; } td, th { padding: .25rem .6rem; border-bottom: 1px solid var(--line); text-align: right; } td:first-child, th:first-child { text-align: left; overflow-wrap: anywhere; }
svg { width: 100%; height: auto; } svg text { font: 12px system-ui, sans-serif; fill: var(--ink); } .grid { stroke: var(--line); } .main { stroke: var(--main); fill: var(--main); } .band { fill: var(--main); fill-opacity: .2; }
</style>
</head>
<body>
<h1>${escaped(heading)}</h1>
${body}
</body>
</html>
`;
}

export function tableHtml(columns: readonly string[], rows: readonly (readonly string[])[]): string {
  const head = columns.map((column) => `<th>${escaped(column)}</th>`).join("");
  const body = rows.map((cells) => `<tr>${cells.map((cell) => `<td>${escaped(cell)}</td>`).join("")}</tr>`);
  return `<div class="scroll"><table><thead><tr>${head}</tr></thead><tbody>${body.join("\n")}</tbody></table></div>`;
}

export function listHtml(lines: readonly string[]): string {
  return `<ul>${lines.map((line) => `<li>${escaped(line)}</li>`).join("\n")}</ul>`;
}

export function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
}

export interface RangeBar {
  readonly title: string;
  readonly value: number;
  readonly low: number;
  readonly high: number;
}

const [WIDTH, LEFT, RIGHT, BOTTOM, ROW_HEIGHT] = [720, 220, 20, 40, 24];

/** A plot with a point and its range per row, and a line for the reference. */
export function rangePlot(
  label: string,
  bars: readonly RangeBar[],
  reference: { readonly title: string; readonly value: number } | undefined,
): string {
  if (bars.length === 0) return "";
  const ends = [...bars.flatMap(({ low, high }) => [low, high]), ...(reference === undefined ? [] : [reference.value])];
  const [low, high] = [Math.min(...ends), Math.max(...ends)];
  const x = (value: number): string =>
    (LEFT + 10 + ((value - low) / (high - low || 1)) * (WIDTH - LEFT - RIGHT - 20)).toFixed(1);
  const height = bars.length * ROW_HEIGHT + BOTTOM;
  const marks = bars.map((bar, index) => {
    const y = index * ROW_HEIGHT + 16;
    return `<text x="${LEFT - 10}" y="${y + 4}" text-anchor="end">${escaped(bar.title)}</text><line class="main" x1="${x(bar.low)}" x2="${x(bar.high)}" y1="${y}" y2="${y}" stroke-width="2"/><circle class="main" cx="${x(bar.value)}" cy="${y}" r="4"/>`;
  });
  const line =
    reference === undefined
      ? ""
      : `<line class="grid" x1="${x(reference.value)}" x2="${x(reference.value)}" y1="4" y2="${height - BOTTOM}" stroke-dasharray="5 4"/><text x="${x(reference.value)}" y="${height - 20}" text-anchor="middle">${escaped(reference.title)}</text>`;
  return `<svg viewBox="0 0 ${WIDTH} ${height}" role="img" aria-label="${escaped(label)}">${line}${marks.join("\n")}</svg>`;
}
