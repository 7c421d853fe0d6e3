/**
 * A bar chart of a report: one row per bar, from 0 to its value.
 * @module
 */
import { escaped } from "./page.ts";

export interface Bar {
  readonly title: string;
  /** At least 0. */
  readonly value: number;
  /** Printed beside the bar. */
  readonly text: string;
}

const [WIDTH, LEFT, RIGHT, ROW_HEIGHT, TITLE_CHARACTERS] = [720, 300, 90, 24, 44];

export function barPlot(label: string, bars: readonly Bar[]): string {
  const most = Math.max(...bars.map(({ value }) => value), 0);
  if (most === 0) return "";
  const rows = bars.map(({ title, value, text }, index) => {
    const y = index * ROW_HEIGHT;
    const width = ((value / most) * (WIDTH - LEFT - RIGHT)).toFixed(1);
    return `<text x="${LEFT - 10}" y="${y + 16}" text-anchor="end">${escaped(title.slice(0, TITLE_CHARACTERS))}</text><rect class="main" x="${LEFT}" y="${y + 4}" width="${width}" height="${ROW_HEIGHT - 8}"/><text x="${LEFT + Number(width) + 6}" y="${y + 16}">${escaped(text)}</text>`;
  });
  return `<svg viewBox="0 0 ${WIDTH} ${bars.length * ROW_HEIGHT + 8}" role="img" aria-label="${escaped(label)}">${rows.join("\n")}</svg>`;
}
