/**
 * The chain as a strip of cells, and money over entries as stacked areas.
 * @module
 */
import { drawn, element } from "./elements.ts";
import type { Audited, Cell, MoneyAt } from "./protocol.ts";

const WIDTH = 960;
const [COLUMNS, CELL, GAP] = [48, 18, 2];
/** Groups of kinds with a colour each; other kinds share one. */
const GROUPS: Readonly<Record<string, string>> = {
  decision: "decision",
  attempt: "decision",
  outcome: "outcome",
  settlement: "money",
  release: "money",
  hold: "money",
  expiry: "money",
  reconciliation: "money",
  correction: "money",
  grant: "money",
  limit: "money",
  period: "money",
  policy: "policy",
  genesis: "policy",
  key: "policy",
};
const GROUP_NAMES = ["decision", "outcome", "money", "policy", "other"] as const;

/** The cells in rows, with broken ones marked. A click requests the first entry of a cell, or the broken entry in it. */
export function chainStrip({ cells, report }: Audited, onEntry: (sequence: number) => void): HTMLElement {
  const broken = report.findings.map(({ sequence }) => sequence);
  const rows = Math.max(1, Math.ceil(cells.length / COLUMNS));
  const size = WIDTH / COLUMNS;
  const svg = drawn("svg", {
    viewBox: `0 0 ${WIDTH} ${rows * (CELL + GAP) + GAP}`,
    role: "img",
    "aria-label": `The chain of ${report.entries} entries`,
    class: "chain",
  });
  for (const [at, cell] of cells.entries()) {
    const hit = broken.find((sequence) => sequence >= cell.first && sequence <= cell.last);
    const mark = drawn(
      "rect",
      {
        x: (at % COLUMNS) * size + GAP / 2,
        y: Math.floor(at / COLUMNS) * (CELL + GAP) + GAP,
        width: size - GAP,
        height: CELL,
        rx: 3,
        class: hit === undefined ? (GROUPS[cell.kind] ?? "other") : "broken",
      },
      drawn("title", {}, titleOf(cell, hit)),
    );
    mark.addEventListener("click", () => onEntry(hit ?? cell.first));
    svg.append(mark);
  }
  const legend = [...GROUP_NAMES, ...(broken.length > 0 ? ["broken"] : [])].map((name) =>
    element("span", {}, element("i", { class: name }), name),
  );
  return element("div", {}, svg, element("p", { class: "legend" }, ...legend));
}

function titleOf({ first, last, kind }: Cell, hit: number | undefined): string {
  const range = first === last ? `entry ${first}` : `entries ${first} to ${last}`;
  return hit === undefined ? `${range}: ${first === last ? "" : "mostly "}${kind}` : `${range}: entry ${hit} is broken`;
}

const HEIGHT = 220;
const LEFT = 120;
const AREAS = ["settled", "reserved", "remaining"] as const;

/** Settled, reserved and remaining money, stacked. Their sum is the granted amount, which only grants and periods change. */
export function moneyPlot(money: readonly MoneyAt[]): HTMLElement | undefined {
  const last = money.at(-1);
  if (last === undefined || money.length < 2) return undefined;
  const sums = money.map(({ settled, reserved, remaining }) => settled + reserved + remaining);
  const highest = sums.reduce((one, other) => (other > one ? other : one), 1n);
  const x = (sequence: number): number => LEFT + ((WIDTH - LEFT) * sequence) / last.sequence;
  const y = (microcents: bigint): number =>
    HEIGHT - 24 - (Number((microcents * 10_000n) / highest) / 10_000) * (HEIGHT - 40);
  const svg = drawn("svg", {
    viewBox: `0 0 ${WIDTH} ${HEIGHT}`,
    role: "img",
    "aria-label": "Money over entries",
    class: "plot",
  });
  let below = money.map(() => 0n);
  for (const area of AREAS) {
    const top = below.map((sum, at) => sum + (money[at]?.[area] ?? 0n));
    const points = [
      ...money.map(({ sequence }, at) => `${x(sequence)},${y(top[at] ?? 0n)}`),
      ...money.map(({ sequence }, at) => `${x(sequence)},${y(below[at] ?? 0n)}`).toReversed(),
    ];
    svg.append(drawn("polygon", { points: points.join(" "), class: area }, drawn("title", {}, area)));
    below = top;
  }
  for (const share of [0n, 1n, 2n]) {
    const amount = (highest * share) / 2n;
    svg.append(drawn("text", { x: LEFT - 8, y: y(amount) + 4, "text-anchor": "end" }, dollars(amount)));
  }
  svg.append(
    drawn("text", { x: WIDTH, y: HEIGHT - 4, "text-anchor": "end" }, `entry ${last.sequence.toLocaleString("en")}`),
  );
  const legend = AREAS.map((area) =>
    element("span", {}, element("i", { class: area }), `${area} ${dollars(last[area])}`),
  );
  return element("div", {}, svg, element("p", { class: "legend" }, ...legend));
}

const MICROCENTS_PER_CENT = 1_000_000n;
const MICROCENTS_PER_DOLLAR = 100_000_000n;

/** Rounded to cents, towards zero; amounts below a dollar have three digits. */
export function dollars(microcents: bigint): string {
  if (microcents > 0n && microcents < MICROCENTS_PER_DOLLAR)
    return `$${Number((Number(microcents) / 1e8).toPrecision(3))
      .toFixed(10)
      .replace(/0+$/, "")}`;
  const cents = microcents / MICROCENTS_PER_CENT;
  const whole = (cents / 100n).toLocaleString("en");
  return `$${whole}.${String(cents % 100n).padStart(2, "0")}`;
}
