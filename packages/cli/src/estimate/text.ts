/**
 * The report of `calybris estimate` for a terminal.
 * @module
 */
import { styleText } from "node:util";
import { tableText } from "../terminal/table.ts";
import { printable } from "../terminal/terminal-text.ts";
import type { EstimateReport, EstimatorName } from "./report.ts";

const ARMS_SHOWN = 12;
const REASONS_SHOWN = 5;

/** The name of each estimator. */
export const ESTIMATOR_TITLES: Readonly<Record<EstimatorName, string>> = {
  ips: "importance weighting (IPS)",
  snips: "self-normalised (SNIPS)",
  dm: "model alone (DM)",
  dr: "doubly robust (DR)",
  sndr: "DR, self-normalised",
  switchDr: "Switch-DR, above 10",
  switchDrSlope: "Switch-DR, by SLOPE",
  drShrunk: "DR with shrinkage, 100",
  drShrunkSlope: "DR with shrinkage, by SLOPE",
  ipsClipped: "IPS, weights capped at 20",
  drClipped: "DR, weights capped at 20",
};

export const SLOPE_NOTE = "SLOPE chooses a constant from these rows, so its estimates have no anytime-valid interval.";

export function estimateText(report: EstimateReport, html: string | undefined): string {
  const parts = [
    headText(report),
    report.refusals.length > 0 ? "" : estimatesText(report),
    supportText(report),
    armsText(report),
    section("Rows left out", leftOutText(report)),
    section("Warnings", report.warnings.map((warning) => `- ${printable(warning)}`).join("\n")),
    html === undefined ? "" : `Written: ${html}`,
  ];
  return parts.filter((part) => part !== "").join("\n\n");
}

function estimatesText({ estimates }: EstimateReport): string {
  const table = tableText(
    ["<estimator", ">value", ">standard error"],
    estimates.map(({ name, value, standardError, constant }) => [
      `${ESTIMATOR_TITLES[name]}${constant === undefined ? "" : `: ${constant ?? "no limit"}`}`,
      number(value),
      number(standardError),
    ]),
  );
  return `${table}\n${SLOPE_NOTE}`;
}

function headText({ file, target, rows, logged, interval, refusals, ...report }: EstimateReport): string {
  const used = `${printable(file)}: ${rows.used.toLocaleString("en")} of ${rows.read.toLocaleString("en")} rows used. The logged choices earned ${number(logged.value)} on average.`;
  if (refusals.length > 0)
    return `${styleText("bold", "The log cannot answer this question.")}\n${refusals.map(({ reason, explanation }) => `- ${reason}: ${printable(explanation)}`).join("\n")}\n\n${used}`;
  const value = headlineOf(report);
  const range =
    interval === null
      ? "There are too few rows for an interval."
      : `With confidence ${(100 * (1 - interval.alpha)).toFixed(0)} % the value is between ${number(interval.lower)} and ${number(interval.upper)}; the interval is anytime-valid (k = ${number(interval.k)}, ${interval.rows.toLocaleString("en")} rows).`;
  return `${styleText("bold", `${printable(target)} would have earned ${number(value)} on average.`)} ${range}\n${used}`;
}

/** The doubly robust estimate, limited to the possible rewards: its correction may exceed them. */
export function headlineOf({ estimates, rewards }: Pick<EstimateReport, "estimates" | "rewards">): number | null {
  const value = estimates.find(({ name }) => name === "dr")?.value ?? null;
  return value === null ? null : Math.min(Math.max(value, rewards.min), rewards.max);
}

function supportText({ support }: EstimateReport): string {
  const share = (value: number): string => `${(100 * value).toFixed(2)} %`;
  const isPartial = support.chosenOnly > 0;
  return tableText(
    ["<support", ">"],
    [
      ["effective rows", support.effectiveRows.toFixed(1)],
      ["mean weight (1 is expected)", number(support.meanWeight)],
      ["largest weight", number(support.maxWeight)],
      ["weight above the cap", share(support.weightMassClipped)],
      ["target's choices never logged", isPartial ? "unknown" : share(support.targetMassUnlogged)],
      ["target's choices beyond the cap", isPartial ? "unknown" : share(support.targetMassClipped)],
    ],
  );
}

function armsText({ arms }: EstimateReport): string {
  const shown = arms.slice(0, ARMS_SHOWN);
  const more = arms.length > shown.length ? `\n${arms.length - shown.length} more arms: --json lists them.` : "";
  return (
    tableText(
      ["<arm", ">rows", ">mean reward", ">target's share"],
      shown.map(({ name, rows, meanReward, targetShare }) => [
        printable(name),
        rows.toLocaleString("en"),
        number(meanReward),
        `${(100 * targetShare).toFixed(1)} %`,
      ]),
    ) + more
  );
}

function leftOutText({ rows: { leftOut } }: EstimateReport): string {
  return leftOut
    .slice(0, REASONS_SHOWN)
    .map(
      ({ reason, rows, firstLine }) =>
        `- ${rows.toLocaleString("en")}: ${printable(reason)} (first in line ${firstLine})`,
    )
    .join("\n");
}

function section(title: string, text: string): string {
  return text === "" ? "" : `${styleText("bold", title)}\n${text}`;
}

/** Six significant digits. */
export function number(value: number | null): string {
  return value === null ? "-" : String(Number(value.toPrecision(6)));
}
