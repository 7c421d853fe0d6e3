/**
 * The HTML report of `calybris whatif`.
 * @module
 */
import { escaped, listHtml, type RangeBar, rangePlot, reportPage, tableHtml } from "../report/page.ts";
import { barPlot } from "../report/bars.ts";
import type { EffectReport, WhatIfReport } from "./report.ts";
import { countRows, groupCells, headline, moneyOf, notes, riskHeadline, shareText } from "./text.ts";

const [BARS_SHOWN, GROUPS_SHOWN] = [15, 40];

export function whatIfHtml(report: WhatIfReport): string {
  const { all, groups, by, transitions, policy } = report;
  const money = moneyOf(report);
  const nothing = { title: "no difference", value: 0 };
  const sections = [
    `<p class="lead">${escaped(headline(report))}</p>${listHtml(notes(report))}`,
    all.decisions === 0 ? "" : tableHtml(["decisions", ""], countRows(all, money)),
    all.outcomes === 0
      ? "<p>Its risk is unknown: no outcome of these decisions can be compared.</p>"
      : `<h2>What it risks</h2><p>${escaped(riskHeadline(all.success))} The journal cannot answer for ${shareText(all.success.unanswered)} of the policy's choices. ${escaped(all.success.refusals.map(({ explanation }) => explanation).join(" "))}</p>
${rangePlot("Difference to what ran", [...barOf("success", all.success), ...barOf("net reward", all.reward)], nothing)}`,
    transitions.length === 0
      ? ""
      : `<h2>Which candidate takes the place of which</h2>
${barPlot(
  "Decisions that change",
  transitions.slice(0, BARS_SHOWN).map(({ from, to, decisions }) => ({
    title: `${from} → ${to}`,
    value: decisions,
    text: decisions.toLocaleString("en"),
  })),
)}
${tableHtml(
  ["from", "to", "decisions", "saved $"],
  transitions.map(({ from, to, decisions, savedMicrocents }) => [
    from,
    to,
    decisions.toLocaleString("en"),
    money(savedMicrocents),
  ]),
)}`,
    groups.length === 0
      ? ""
      : `<h2>By ${escaped(by ?? "")}</h2>
${rangePlot(
  "Difference of success by group",
  groups.slice(0, GROUPS_SHOWN).flatMap(({ name, success }) => barOf(name, success)),
  nothing,
)}
${tableHtml(
  [by ?? "", "decisions", "change", "saved $", "no longer served", "success", "low", "high", "not answered"],
  groups.map((group) => [group.name, ...groupCells(group, money)]),
)}`,
  ];
  return reportPage("what if", `What would change under ${policy}`, sections.join("\n"));
}

const TITLE_CHARACTERS = 28;

function barOf(title: string, { difference, interval }: EffectReport): readonly RangeBar[] {
  if (difference === null || interval === null) return [];
  const { lower: low, upper: high } = interval;
  return [{ title: title.slice(0, TITLE_CHARACTERS), value: difference, low, high }];
}
