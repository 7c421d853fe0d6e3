/**
 * Two years of 30 large stocks, day by day (2018-01-11 to 2020-01-10), in time order.
 *
 * A request is a trading day of one stock, with the information at its close. Premium was needed if the next day's close
 * moved by more than 2 percent. Yahoo Finance, no licence stated: for internal tests, never distributed.
 * @module
 */
import { FEATURE_MISSING, type Table, TableBuilder } from "@calybris/learning";
import { type DataPlace, outcomeBps, PLAIN_COSTS_MICROCENTS, records, setText } from "./set-file.ts";

const FILE = {
  set: "sp500",
  path: "sp500/sp500_30tickers_2y.csv.gz",
  sha256: "0760fb1001df62e14a6e3bc5bbb58d465eb881c5a8687220d8d3ddbe715a5285",
} as const;

/** A larger move needed premium. */
export const MOVE = 0.02;
/** RiskMetrics: the share of the previous day's variance that is kept. */
const EWMA_KEPT = 0.94;
const EWMA_START = 0.0002;

const FEATURES = [
  "returnBps",
  "returnSizeBps",
  "volumeRatioPercent",
  "rangeBps",
  "gapBps",
  "gapSizeBps",
  "momentum5Bps",
  "momentum10Bps",
  "volatility20Bps",
  "range5Bps",
];

interface Day {
  readonly date: string;
  readonly ticker: string;
  readonly open: number;
  readonly high: number;
  readonly low: number;
  readonly close: number;
  readonly volume: number;
}

/** Every day that has a next one: the day's features and the next day's outcome. The baseline is the EWMA volatility. */
export async function sp500(place: DataPlace): Promise<Table> {
  const byTicker = new Map<string, Day[]>();
  for (const row of records(await setText(FILE, place))) {
    const number = (column: string): number => Number(row[column]);
    const [date, ticker] = [row["Date"] ?? "", row["Name"] ?? ""];
    const prices = { open: number("Open"), high: number("High"), low: number("Low"), close: number("Close") };
    const days = byTicker.get(ticker) ?? [];
    days.push({ date, ticker, ...prices, volume: number("Volume") });
    byTicker.set(ticker, days);
  }
  const builder = new TableBuilder("sp500", FEATURES, ["routine", "careful"]);
  const rows = [...byTicker.values()].flatMap((days) => rowsOf(days.toSorted((a, b) => (a.date < b.date ? -1 : 1))));
  for (const row of rows.sort((a, b) => (a.date < b.date ? -1 : a.date > b.date ? 1 : a.ticker < b.ticker ? -1 : 1))) {
    if (row.isMove === undefined) {
      builder.leaveOut("no next day");
      continue;
    }
    builder.add({
      features: row.features,
      category: row.ticker,
      outcomesBps: [outcomeBps(!row.isMove), outcomeBps(true)],
      costsMicrocents: PLAIN_COSTS_MICROCENTS,
      baseline: row.ewma,
    });
  }
  return builder.finish({ isInTimeOrder: true, baselineName: "EWMA volatility" });
}

interface Row {
  readonly date: string;
  readonly ticker: string;
  readonly features: readonly number[];
  readonly ewma: number;
  readonly isMove: boolean | undefined;
}

function rowsOf(days: readonly Day[]): Row[] {
  const closes = days.map(({ close }) => close);
  const returns = closes.map((close, at) => close / (closes[at - 1] ?? close) - 1);
  const ranges = days.map(({ high, low, close }) => (high - low) / close);
  let variance = EWMA_START;
  return days.map((day, at) => {
    const change = returns[at] ?? 0;
    if (at > 0) variance = EWMA_KEPT * variance + (1 - EWMA_KEPT) * change * change;
    const gap = at === 0 ? undefined : day.open / (closes[at - 1] ?? day.open) - 1;
    const next = closes[at + 1];
    const volumes = days.slice(Math.max(0, at - 20), at).map(({ volume }) => volume);
    const back = (count: number): number | undefined =>
      at < count ? undefined : day.close / (closes[at - count] ?? 1) - 1;
    const features = [
      bps(at === 0 ? undefined : change),
      bps(at === 0 ? undefined : Math.abs(change)),
      volumes.length < 5 ? FEATURE_MISSING : Math.round((100 * day.volume) / mean(volumes)),
      bps(ranges[at]),
      bps(gap),
      bps(gap === undefined ? undefined : Math.abs(gap)),
      bps(back(5)),
      bps(back(10)),
      bps(at < 20 ? undefined : deviation(returns.slice(at - 19, at + 1))),
      bps(at < 4 ? undefined : mean(ranges.slice(at - 4, at + 1))),
    ];
    const isMove = next === undefined ? undefined : Math.abs(next / day.close - 1) > MOVE;
    return { date: day.date, ticker: day.ticker, features, ewma: Math.sqrt(variance), isMove };
  });
}

function bps(share: number | undefined): number {
  return share === undefined ? FEATURE_MISSING : Math.round(share * 10_000);
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function deviation(values: readonly number[]): number {
  const center = mean(values);
  return Math.sqrt(mean(values.map((value) => (value - center) ** 2)));
}
