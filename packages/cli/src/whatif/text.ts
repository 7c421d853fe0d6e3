/**
 * The report of `calybris whatif` for a terminal.
 * @module
 */
import { styleText } from "node:util";
import { percent } from "../replay/report.ts";
import { groupedDollars, reportDecimals } from "../terminal/money-text.ts";
import { count, counted } from "../terminal/number-text.ts";
import { tableText } from "../terminal/table.ts";
import { printable } from "../terminal/terminal-text.ts";
import type { EffectReport, GroupReport, WhatIfReport } from "./report.ts";
import type { Winning } from "./winning.ts";

const TRANSITIONS_SHOWN = 12;

export function whatIfText(report: WhatIfReport, html: string | undefined): string {
  const { all } = report;
  const money = moneyOf(report);
  const parts = [
    [styleText("bold", headline(report)), ...notes(report)].join("\n"),
    all.decisions === 0 ? "" : tableText(["<", ">"], countRows(all, money)),
    riskText(report),
    transitionsText(report, money),
    groupsText(report, money),
    winningText(report.winning),
    diffText(report, money),
    html === undefined ? "" : `Written: ${html}`,
  ];
  return parts.filter((part) => part !== "").join("\n\n");
}

export type Money = (microcents: bigint) => string;

export function moneyOf({ all }: WhatIfReport): Money {
  const decimals = reportDecimals([all.costMicrocents, all.otherCostMicrocents]);
  return (microcents) => groupedDollars(microcents, decimals);
}

export function headline(report: WhatIfReport): string {
  const { all, policy } = report;
  if (all.decisions === 0) return "Nothing can be said: the journal holds no decision that the policy could make.";
  const changed = `${printable(policy)} would change ${count(all.changed)} of ${counted(all.decisions, "decision", "decisions")} (${shareText(all.changed / all.decisions)})`;
  const { savedMicrocents, costMicrocents } = all;
  const money = moneyOf(report);
  if (savedMicrocents === 0n) return `${changed} and cost the same.`;
  const isLess = savedMicrocents > 0n;
  const amount = isLess ? savedMicrocents : -savedMicrocents;
  return `${changed} and cost $${money(amount)} ${isLess ? "less" : "more"} (${percent(amount, costMicrocents)} of $${money(costMicrocents)}).`;
}

export function notes({ all, invalid, observed, outcomesUnbound }: WhatIfReport): readonly string[] {
  const lines: string[] = [];
  if (all.decisions > 0)
    lines.push("Costs are the estimates that decisions are made with, of requests that both policies serve.");
  if (invalid > 0)
    lines.push(
      `${counted(invalid, "request names", "requests name")} something that the policy does not have. It would refuse them; they are in no figure.`,
    );
  if (observed > 0)
    lines.push(
      `${counted(observed, "decision was", "decisions were")} only observed: the requested candidate ran. Costs compare the decisions, outcomes what ran.`,
    );
  if (outcomesUnbound > 0)
    lines.push(
      `${counted(outcomesUnbound, "outcome is", "outcomes are")} of decisions that lie too far back to compare.`,
    );
  return lines;
}

export function countRows(all: GroupReport, money: Money): [string, string][] {
  const of = (number: number): string => `${count(number)} (${shareText(number / all.decisions)})`;
  return [
    ["decisions that change", of(all.changed)],
    ["  of which the action changes", of(all.actionChanged)],
    ["  no longer served", `${of(all.newlyRejected)}, costing $${money(all.newlyRejectedMicrocents)} today`],
    ["  newly served", `${of(all.noLongerRejected)}, for $${money(all.noLongerRejectedMicrocents)}`],
    ["  to a candidate rated lower", of(all.lowerQuality)],
    ["  to a candidate rated higher", of(all.higherQuality)],
    ["  that cost less / more", `${count(all.costsLess)} / ${count(all.costsMore)}`],
    ["cost today", `$${money(all.costMicrocents)}`],
    ["cost under the policy", `$${money(all.otherCostMicrocents)}`],
  ];
}

function riskText({ all, alpha }: WhatIfReport): string {
  if (all.outcomes === 0)
    return all.decisions === 0
      ? ""
      : all.outcomesUnknown > 0
        ? "Its risk is unknown: the probabilities of the journal's draws are unavailable."
        : "Its risk is unknown: the journal holds no outcomes of these decisions.";
  const confidence = `${(100 * (1 - alpha)).toFixed(0)} %`;
  const lines = [
    styleText("bold", riskHeadline(all.success)),
    tableText(
      ["<difference to what ran", ">estimate", ">low", ">high", ">not answered", ">effective outcomes"],
      [effectRow("success", all.success), effectRow("net reward", all.reward)],
    ),
    `From ${counted(all.outcomes, "outcome", "outcomes")}. With confidence ${confidence} the difference is between low and high; the intervals are anytime-valid.`,
    ...all.success.refusals.map(({ explanation }) => printable(explanation)),
  ];
  if (all.outcomesUnknown > 0)
    lines.push(
      `${counted(all.outcomesUnknown, "outcome is", "outcomes are")} left out: the probabilities of their draws are not known.`,
    );
  return lines.join("\n");
}

export function riskHeadline({ difference, interval, refusals }: EffectReport): string {
  if (difference === null)
    return `What it does to success cannot be estimated (${refusals.map(({ reason }) => reason.replaceAll("_", " ")).join(", ")}).`;
  const said = `Success would differ by ${signed(difference)}`;
  if (interval === null) return `${said}; too few outcomes for an interval.`;
  if (interval.lower > 0) return `${said}: higher, shown.`;
  if (interval.upper < 0) return `${said}: lower, shown.`;
  return `${said}, between ${signed(interval.lower)} and ${signed(interval.upper)}: neither higher nor lower is shown.`;
}

function effectRow(name: string, effect: EffectReport): string[] {
  const { difference, interval, unanswered, effectiveRows } = effect;
  return [
    name,
    difference === null ? "-" : signed(difference),
    interval === null ? "-" : signed(interval.lower),
    interval === null ? "-" : signed(interval.upper),
    shareText(unanswered),
    effectiveRows.toFixed(0),
  ];
}

function transitionsText({ transitions, all }: WhatIfReport, money: Money): string {
  if (transitions.length === 0) return "";
  const shown = transitions.slice(0, TRANSITIONS_SHOWN);
  const rest = transitions.length - shown.length;
  const table = tableText(
    ["<from", "<to", ">decisions", ">share", ">saved $"],
    shown.map(({ from, to, decisions, savedMicrocents }) => [
      printable(from),
      printable(to),
      count(decisions),
      shareText(decisions / all.decisions),
      money(savedMicrocents),
    ]),
  );
  return rest === 0 ? table : `${table}\n${counted(rest, "more pair", "more pairs")}: --json lists all.`;
}

function groupsText({ groups, by }: WhatIfReport, money: Money): string {
  if (groups.length === 0) return "";
  return tableText(
    [`<${by}`, ">decisions", ">change", ">saved $", ">no longer served", ">success", ">low", ">high", ">not answered"],
    groups.map((group) => [printable(group.name), ...groupCells(group, money)]),
  );
}

export function groupCells(group: GroupReport, money: Money): string[] {
  const { difference, interval, unanswered } = group.success;
  return [
    count(group.decisions),
    shareText(group.changed / group.decisions),
    money(group.savedMicrocents),
    count(group.newlyRejected),
    difference === null ? "-" : signed(difference),
    interval === null ? "-" : signed(interval.lower),
    interval === null ? "-" : signed(interval.upper),
    shareText(unanswered),
  ];
}

function winningText(winning: Winning | null): string {
  if (winning === null) return "";
  const { candidate, requests, wins, outOfReach, changes, refusedBy } = winning;
  const of = (number: number): string => `${count(number)} of ${count(requests)}`;
  const gates = Object.entries(refusedBy).map(([gate, number]) => `${gate.replaceAll("_", " ")} ${count(number)}`);
  const lines = [
    `${styleText("bold", `What would have to change for ${printable(candidate)} to win`)}, each change alone, at the use case's floor`,
    `It wins ${of(wins)} sampled requests. No single change wins ${of(outOfReach)}${gates.length === 0 ? "" : ` (refused by: ${gates.join(", ")})`}.`,
  ];
  if (changes.length > 0)
    lines.push(
      tableText(
        ["<change", ">today", ">wins a tenth", ">half", ">nine tenths", ">of requests"],
        changes.map(({ kind, from, tenth, half, nineTenths, requests: of }) => [
          kind.replaceAll("_", " "),
          ...[from, tenth, half, nineTenths].map(String),
          count(of),
        ]),
      ),
    );
  return lines.join("\n");
}

function diffText({ diff }: WhatIfReport, money: Money): string {
  if (diff === null) return "";
  if (diff.file !== null)
    return `${counted(diff.count, "decision that changes", "decisions that change")} in ${diff.file}`;
  if (diff.count === 0) return "No decision changes.";
  const table = tableText(
    ["<decision", "<tenant", "<use case", "<from", "<to", ">saved $"],
    diff.decisions.map(({ decisionId, tenant, useCase, from, to, costMicrocents, otherCostMicrocents }) => [
      decisionId,
      printable(tenant ?? "-"),
      printable(useCase),
      printable(from),
      printable(to),
      otherCostMicrocents === null ? "-" : money(costMicrocents - otherCostMicrocents),
    ]),
  );
  const rest = diff.count - diff.decisions.length;
  return rest === 0 ? table : `${table}\n${counted(rest, "more decision", "more decisions")}: --diff FILE lists all.`;
}

export function shareText(share: number): string {
  return Number.isFinite(share) ? `${(100 * share).toFixed(1)} %` : "-";
}

export function signed(value: number): string {
  return `${value >= 0 ? "+" : ""}${value.toFixed(4)}`;
}
