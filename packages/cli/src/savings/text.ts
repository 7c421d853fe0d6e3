/**
 * The report of `calybris savings` for a terminal.
 * @module
 */
import { styleText } from "node:util";
import type { CurvePoint, Incumbent, MarginalSaving, NamedUsage, SavingsReport } from "@calybris/savings";
import { groupedDollars, reportDecimals } from "../terminal/money-text.ts";
import { percent } from "../replay/report.ts";
import { savingsNotes } from "./notes.ts";
import { counted } from "../terminal/number-text.ts";
import { tableText } from "../terminal/table.ts";
import { printable } from "../terminal/terminal-text.ts";

const MODELS_SHOWN = 12;
const DAYS_SHOWN = 14;
const TAGS_SHOWN = 10;
const NAME_SHOWN_CHARACTERS_MAX = 40;
const BAD_ROWS_SHOWN = 5;

export function savingsText(
  report: SavingsReport,
  options: { readonly writePolicy?: string; readonly html?: string },
): string {
  const money = moneyOf(report);
  const parts = [
    headText(report, money),
    section("Paid, by model", usageTable("<model", report.models, report, money, MODELS_SHOWN)),
    report.unknownModels.length === 0
      ? ""
      : section(
          "Models that are not in the catalog (not moved)",
          usageTable("<model", report.unknownModels, report, money, MODELS_SHOWN),
        ),
    section("Paid, by day", usageTable("<day", report.days, report, money, DAYS_SHOWN)),
    section("Paid, by tag", usageTable("<tag", report.tags, report, money, TAGS_SHOWN)),
    curveText(report, money),
    marginalText(report, money),
    badRowsText(report),
    section(
      "Not known",
      savingsNotes(report)
        .map((note) => `- ${note}`)
        .join("\n"),
    ),
    nextText(report, options),
  ];
  return parts.filter((part) => part !== "").join("\n\n");
}

type Money = (microcents: bigint) => string;

function moneyOf({ total }: SavingsReport): Money {
  const decimals = reportDecimals([total.paidMicrocents]);
  return (microcents) => groupedDollars(microcents, decimals);
}

function section(title: string, text: string): string {
  return text === "" ? "" : `${styleText("bold", title)}\n${text}`;
}

function headText(
  { file, source, rows, total, firstDay, lastDay, catalog, chosen }: SavingsReport,
  money: Money,
): string {
  const period = firstDay === undefined ? "" : firstDay === lastDay ? `, ${firstDay}` : `, ${firstDay} to ${lastDay}`;
  const estimated =
    total.estimatedMicrocents === 0n
      ? "as stated in the export"
      : total.reportedMicrocents === 0n
        ? `estimated at the prices of the catalog ${catalog.name}; the export states no cost`
        : `$${money(total.reportedMicrocents)} as stated in the export, $${money(total.estimatedMicrocents)} estimated at catalog prices`;
  const lines = [
    `${printable(file)}: ${source.title}`,
    `${counted(rows.used, "row", "rows")}, ${counted(total.requests, "request", "requests")}${period}${rows.bad > 0 ? `; ${counted(rows.bad, "row", "rows")} could not be used` : ""}`,
    `${styleText("bold", `Paid $${money(total.paidMicrocents)}`)} (${estimated})`,
  ];
  if (chosen !== undefined) {
    const cost = total.paidMicrocents - chosen.savedMicrocents;
    lines.push(
      `${styleText(
        "bold",
        `Would have cost $${money(cost)} at quality floor ${chosen.floorBps}: ${percent(chosen.savedMicrocents, total.paidMicrocents)} less`,
      )}; mean rating ${chosen.askedQualityBps} before, ${chosen.qualityBps} after. Answers were not judged.`,
    );
  }
  return lines.join("\n");
}

function usageTable(
  name: string,
  list: readonly NamedUsage[],
  { total }: SavingsReport,
  money: Money,
  shown: number,
): string {
  // A single row without a name only repeats the total.
  if (list.length === 0 || (list.length === 1 && list[0]?.name.startsWith("(") === true)) return "";
  const rows = list
    .slice(0, shown)
    .map((usage) => [
      shortName(usage.name),
      usage.requests.toLocaleString("en"),
      usage.inputTokens.toLocaleString("en"),
      usage.outputTokens.toLocaleString("en"),
      usage.unpricedRows === usage.rows ? "unknown" : money(usage.paidMicrocents),
      percent(usage.paidMicrocents, total.paidMicrocents),
    ]);
  const table = tableText([name, ">requests", ">input tokens", ">output tokens", ">paid $", ">share"], rows);
  const more = list.length - rows.length;
  return more === 0 ? table : `${table}\n${more.toLocaleString("en")} more; --json and --html list them.`;
}

/** Shortens a name to fit a table: tags and names in a file may have any length. */
function shortName(name: string): string {
  const line = printable(name);
  return line.length > NAME_SHOWN_CHARACTERS_MAX ? `${line.slice(0, NAME_SHOWN_CHARACTERS_MAX - 1)}…` : line;
}

function curveText({ curve, chosen, total }: SavingsReport, money: Money): string {
  if (chosen === undefined) return "";
  const points = distinct(curve);
  const rows = points.map((point) => [
    `${point.floorBps === chosen.floorBps ? "> " : "  "}${point.floorBps}`,
    money(total.paidMicrocents - point.savedMicrocents),
    money(point.savedMicrocents),
    percent(point.savedMicrocents, total.paidMicrocents),
    String(point.qualityBps),
    percent(BigInt(point.substitutedRequests), BigInt(point.requests)),
    percent(BigInt(point.lowerRatedRequests), BigInt(point.requests)),
  ]);
  const columns = ["<floor", ">would cost $", ">saved $", ">saved", ">mean rating", ">moved", ">to a lower rating"];
  const flows = chosen.flows.filter(({ requested, chosen: to }) => requested !== to).slice(0, MODELS_SHOWN);
  const moved = flows.map((flow) => [
    flow.requested,
    flow.chosen,
    flow.requests.toLocaleString("en"),
    money(flow.askedMicrocents),
    money(flow.costMicrocents),
  ]);
  return [
    section("Cost at each quality floor", tableText(columns, rows)),
    flows.length === 0
      ? ""
      : section(
          `At floor ${chosen.floorBps}`,
          tableText(["<requested", "<would have run", ">requests", ">paid $", ">would cost $"], moved),
        ),
  ]
    .filter((text) => text !== "")
    .join("\n\n");
}

const INCUMBENTS: { readonly [Name in Incumbent]: string } = {
  today: "today's choice of models",
  none: "no router: everything on",
  basic: "one model for everything:",
  smart: "a router that takes the cheapest sufficient model",
};

export function incumbentName({ incumbent, model }: Pick<MarginalSaving, "incumbent" | "model">): string {
  return model === undefined ? INCUMBENTS[incumbent] : `${INCUMBENTS[incumbent]} ${model}`;
}

function marginalText({ marginal }: SavingsReport, money: Money): string {
  if (marginal === undefined) return "";
  const rows = marginal.against.map((one) => [
    incumbentName(one),
    money(one.costMicrocents),
    money(one.savedMicrocents),
    percent(one.savedMicrocents, one.costMicrocents),
    String(one.qualityBps),
  ]);
  return section(
    `Saved at floor ${marginal.floorBps}, compared with alternatives`,
    tableText(["<instead", ">costs $", ">saved $", ">saved", ">mean rating"], rows),
  );
}

/** The floors with different results; of several with the same result, the highest. */
export function distinct(curve: readonly CurvePoint[]): readonly CurvePoint[] {
  return curve.filter((point, index) => point.policyFloorBps !== curve[index - 1]?.policyFloorBps);
}

function badRowsText({ rows, badRows }: SavingsReport): string {
  if (rows.bad === 0) return "";
  const shown = badRows.slice(0, BAD_ROWS_SHOWN).map(({ line, problem }) => `line ${line} ${printable(problem)}`);
  const more = rows.bad - shown.length;
  return section(
    "Rows that could not be used",
    [...shown, ...(more > 0 ? [`${more.toLocaleString("en")} more`] : [])].join("\n"),
  );
}

function nextText(
  { chosen }: SavingsReport,
  { writePolicy, html }: { readonly writePolicy?: string; readonly html?: string },
): string {
  const lines: string[] = [];
  if (html !== undefined) lines.push(`wrote ${html}`);
  if (writePolicy !== undefined) lines.push(`wrote ${writePolicy}; next: calybris policy check ${writePolicy}`);
  else if (chosen !== undefined)
    lines.push("Next: --write-policy FILE writes the policy for this floor; --html FILE draws the curve.");
  return lines.join("\n");
}
