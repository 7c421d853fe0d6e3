/**
 * The report of `calybris regret` for a terminal.
 * @module
 */
import { styleText } from "node:util";
import { counted } from "../terminal/number-text.ts";
import { tableText } from "../terminal/table.ts";
import { printable } from "../terminal/terminal-text.ts";
import type { GroupReport, PolicyReport, RegretReport } from "@calybris/engine";

export function regretText(report: RegretReport, html: string | undefined): string {
  const { all, groups, by } = report;
  const parts = [
    headText(report),
    all.rows === 0
      ? ""
      : tableText(
          ["<policy", ">value", ">low", ">high", ">by SLOPE", ">effective outcomes", "<"],
          all.policies.map((one) => [
            printable(one.name),
            share(one.refusals.length === 0 ? one.value : null),
            share(one.interval?.lower ?? null),
            share(one.interval?.upper ?? null),
            share(one.refusals.length === 0 ? one.bySlope.value : null),
            one.effectiveRows.toFixed(0),
            one.refusals.map(({ reason }) => reason.replaceAll("_", " ")).join(", "),
          ]),
        ),
    targetText(report),
    comparisonText(report),
    groups.length === 0
      ? ""
      : tableText(
          [`<${printable(by ?? "")}`, ">outcomes", ">earned", ">best", "<", ">regret"],
          groups.map((group) => [
            printable(group.name),
            group.rows.toLocaleString("en"),
            share(group.ran.value),
            share(bestOf(group)?.value ?? null),
            printable(group.best ?? "unknown"),
            share(group.regret),
          ]),
        ),
    calibrationText(report),
    html === undefined ? "" : `Written: ${html}`,
  ];
  return parts.filter((part) => part !== "").join("\n\n");
}

function headText({ decisions, outcomes, missing, all }: RegretReport): string {
  const summary = `${counted(decisions, "decision", "decisions")}, ${counted(outcomes, "outcome", "outcomes")}, of which ${all.rows.toLocaleString("en")} of the learner's own decisions.`;
  if (all.rows === 0)
    return `${styleText("bold", "No regret to report.")} No outcome belongs to a decision of the learner.\n${summary}`;
  const best = bestOf(all);
  const said =
    best === undefined
      ? `Decisions earned ${share(all.ran.value)} on average. No other policy can be estimated.`
      : (all.regret ?? 0) <= 0
        ? `Decisions earned ${share(all.ran.value)} on average, and no policy that can be estimated would have earned more.`
        : `Decisions earned ${share(all.ran.value)} on average; the policy "${printable(best.name)}" would have earned ${share(best.value)}: a regret of ${share(all.regret)}.`;
  return `${styleText("bold", said)}\n${summary} ${missing.toLocaleString("en")} decisions without an outcome in time are not included.\nSLOPE values have no anytime-valid interval.`;
}

function targetText({ all: { targetDifference, policies }, target }: RegretReport): string {
  if (target === null || targetDifference === null) return "";
  const { difference, lower, upper, unknown, rows } = targetDifference;
  const refusals = policies.find(({ name }) => name === "target")?.refusals ?? [];
  const skipped = unknown === 0 ? "" : ` On ${unknown.toLocaleString("en")} outcomes its choice is unknown.`;
  if (refusals.length > 0)
    return `The policy "${printable(target)}" cannot be estimated: ${refusals.map(({ explanation }) => explanation).join(" ")}${skipped}`;
  return `The policy "${printable(target)}" against the candidates that ran: ${share(difference)}, between ${share(lower)} and ${share(upper)}, over ${rows.toLocaleString("en")} outcomes.${skipped}`;
}

const WARM_UP = 8;

export function cellName({ regime, tier }: { readonly regime: number; readonly tier: number }): string {
  return `${regime === WARM_UP ? "warm-up" : `regime ${regime}`}, tier ${tier}`;
}

/** The cells with biased predictions, or a statement that there are none. */
function calibrationText({ calibration }: RegretReport): string {
  if (calibration.length === 0) return "";
  const biased = calibration.filter(({ isBiased }) => isBiased);
  if (biased.length === 0)
    return `No bias of predicted rewards is shown in any of ${calibration.length} cells of regime and tier.`;
  return `${styleText("bold", `Predictions are biased in ${biased.length} of ${calibration.length} cells of regime and tier.`)} The learner was not changed.\n${tableText(
    ["<cell", ">outcomes", ">predicted", ">observed", ">bias from", ">to"],
    biased.map((cell) => [
      cellName(cell),
      cell.rows.toLocaleString("en"),
      share(cell.predicted),
      share(cell.observed),
      share(cell.biasLower),
      share(cell.biasUpper),
    ]),
  )}`;
}

function comparisonText({ all, margin, alpha }: RegretReport): string {
  if (all.rows === 0) return "";
  const confidence = `${(100 * (1 - alpha)).toFixed(0)} %`;
  if (all.learnerIsBetterAt !== null)
    return `The learner is better than the base policy: shown with confidence ${confidence} at outcome ${all.learnerIsBetterAt.toLocaleString("en")}.`;
  if (all.learnerIsNoWorseAt !== null)
    return `The learner is no worse than the base policy by more than ${share(margin)}: shown with confidence ${confidence} at outcome ${all.learnerIsNoWorseAt.toLocaleString("en")}.`;
  return "The learner is not yet shown to be better than the base policy.";
}

export function bestOf(group: GroupReport): PolicyReport | undefined {
  return group.policies.find(({ name }) => name === group.best);
}

/** A share with four decimals. */
export function share(value: number | null): string {
  return value === null ? "-" : value.toFixed(4);
}
