/**
 * The frontiers of a benchmark, as plot data and as one picture with a panel per data set: savings on the horizontal axis,
 * missed requests on the vertical.
 * @module
 */
import type { SetFigures } from "@calybris/learning";
import { percent } from "./text.ts";

/** Policies with their colours, which colour-blind readers can distinguish (Okabe and Ito). */
const DRAWN: readonly (readonly [string, string])[] = [
  ["calybris", "#d55e00"],
  ["static floor", "#999999"],
  ["static floor on the learned score", "#0072b2"],
  ["gradient-boosted trees", "#009e73"],
  ["LinUCB", "#cc79a7"],
  ["SquareCB", "#56b4e9"],
  ["oracle", "#000000"],
];

/** The policies in the small panels of the picture. */
const IN_PICTURE: ReadonlySet<string> = new Set(["calybris", "static floor", "gradient-boosted trees", "oracle"]);
const LEGEND_X: readonly number[] = [24, 150, 290, 440, 660];

export interface Plot {
  readonly set: string;
  readonly title: string;
  readonly x: readonly number[];
  readonly series: readonly { readonly name: string; readonly colour: string; readonly y: readonly number[] }[];
}

/** One plot per set that has a premium tier. */
export function frontiersOf(sets: readonly SetFigures[]): readonly Plot[] {
  return sets.filter(({ byQuality }) => byQuality === undefined).map(plotOf);
}

const STEPS = 100;

/** The curves of a set at common savings values, by linear interpolation between their settings. */
function plotOf(set: SetFigures): Plot {
  const x = Array.from({ length: STEPS + 1 }, (_, at) => at / STEPS);
  const series = DRAWN.flatMap(([name, colour]) => {
    const policy = set.policies.find((each) => each.name === name);
    if (policy === undefined) return [];
    const ends = [
      { savings: 0, missedOfNeeded: 0 },
      { savings: 1, missedOfNeeded: 1 },
    ];
    const points = [...ends, ...policy.points].toSorted(
      (a, b) => a.savings - b.savings || a.missedOfNeeded - b.missedOfNeeded,
    );
    return [{ name, colour, y: x.map((savings) => at(points, savings)) }];
  });
  return { set: set.set, title: `${set.set} (premium needed on ${percent(set.neededShare)})`, x, series };
}

function at(points: readonly { readonly savings: number; readonly missedOfNeeded: number }[], savings: number): number {
  for (let index = 1; index < points.length; index += 1) {
    const [from, to] = [points[index - 1], points[index]];
    if (from === undefined || to === undefined || to.savings < savings) continue;
    const part = to.savings === from.savings ? 1 : (savings - from.savings) / (to.savings - from.savings);
    return (
      Math.round(10_000 * (from.missedOfNeeded + Math.max(0, part) * (to.missedOfNeeded - from.missedOfNeeded))) /
      10_000
    );
  }
  return points.at(-1)?.missedOfNeeded ?? 1;
}

const COLUMNS = 3;
const PANEL = { width: 290, height: 240, left: 40, top: 34, side: 170 };
const LEGEND_HEIGHT = 40;

/** The picture, with its own background so that it is readable on any page. */
export function frontierSvg(sets: readonly SetFigures[]): string {
  const plots = frontiersOf(sets);
  const width = COLUMNS * PANEL.width;
  const height = LEGEND_HEIGHT + Math.ceil(plots.length / COLUMNS) * PANEL.height;
  const legend = [["random", "#bbbbbb"], ...DRAWN.filter(([name]) => IN_PICTURE.has(name))].map(
    ([name = "", colour = ""], at) =>
      `<g transform="translate(${LEGEND_X[at] ?? 0} 22)"><path d="M0 0h24" stroke="${colour}" stroke-width="3"/><text x="30" y="4">${name}</text></g>`,
  );
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" role="img" aria-label="Missed requests against savings, one panel per data set" font-family="system-ui, sans-serif" font-size="12" fill="#1a1a1a">
<rect width="${width}" height="${height}" fill="#ffffff"/>
${legend.join("\n")}
${plots.map(panel).join("\n")}
</svg>
`;
}

function panel({ set, x, series }: Plot, index: number): string {
  const left = (index % COLUMNS) * PANEL.width + PANEL.left;
  const top = LEGEND_HEIGHT + Math.floor(index / COLUMNS) * PANEL.height + PANEL.top;
  const { side } = PANEL;
  const place = (part: number, value: number): string =>
    `${Math.round(10 * side * part) / 10} ${Math.round(10 * side * (1 - value)) / 10}`;
  const lines = series
    .filter(({ name }) => IN_PICTURE.has(name))
    .toReversed()
    .map(
      ({ name, colour, y }) =>
        `<path d="M${y.flatMap((value, step) => (step % 2 === 0 ? [place(x[step] ?? 0, value)] : [])).join("L")}" fill="none" stroke="${colour}" stroke-width="${name === "calybris" ? 2.5 : 1.25}"/>`,
    );
  return `<g class="set" transform="translate(${left} ${top})"><text x="0" y="-10" font-weight="600">${set}</text>
<path d="M0 0V${side}H${side}" fill="none" stroke="#888888"/><path d="M0 ${side}L${side} 0" stroke="#bbbbbb" stroke-dasharray="4 4"/>
<text x="-6" y="4" text-anchor="end">1</text><text x="-6" y="${side}" text-anchor="end">0</text><text x="${side}" y="${side + 15}" text-anchor="end">savings 100 %</text>
${lines.join("\n")}</g>`;
}
