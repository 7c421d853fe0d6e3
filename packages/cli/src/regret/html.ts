/**
 * The HTML report of `calybris regret`.
 * @module
 */
import { escaped, listHtml, rangePlot, reportPage, tableHtml } from "../report/page.ts";
import type { PolicyReport, RegretReport } from "@calybris/engine";
import { counted } from "../terminal/number-text.ts";
import { bestOf, cellName, share } from "./text.ts";

export function regretHtml({ all, groups, by, decisions, outcomes, alpha, calibration }: RegretReport): string {
  const best = bestOf(all);
  const lead =
    best === undefined
      ? "No other policy can be estimated."
      : `The best policy that can be estimated, ${best.name}, would have earned ${share(best.value)}: a regret of ${share(all.regret)}.`;
  const ran = all.ran.value;
  const reference = ran === null ? undefined : { title: `what ran: ${share(ran)}`, value: ran };
  const usable = all.policies.filter(({ refusals }) => refusals.length === 0);
  const refused = all.policies.filter(({ refusals }) => refusals.length > 0);
  return reportPage(
    "regret",
    "Rewards of decisions, and of other policies",
    `<p>${counted(decisions, "decision", "decisions")}, ${counted(outcomes, "outcome", "outcomes")}, of which ${all.rows.toLocaleString("en")} of the learner's own decisions.</p>
<p class="lead">Decisions earned <b>${share(ran)}</b> on average. ${escaped(lead)}</p>
<h2>Policies, with anytime-valid intervals of confidence ${(100 * (1 - alpha)).toFixed(0)} %</h2>
${rangePlot("Policies with intervals", usable.flatMap(barOf), reference)}
${refused.length === 0 ? "" : `<h2>Cannot be estimated</h2>${listHtml(refused.map(({ name, refusals }) => `${name}: ${refusals[0]?.explanation ?? ""}`))}`}
${calibrationHtml(calibration)}
${
  groups.length === 0
    ? ""
    : `<h2>By ${escaped(by ?? "")}</h2>
${rangePlot(
  "Earned by group",
  groups.flatMap(({ name, ran: { value, standardError } }) =>
    value === null
      ? []
      : [
          {
            title: name.slice(0, 28),
            value,
            low: value - 1.96 * (standardError ?? 0),
            high: value + 1.96 * (standardError ?? 0),
          },
        ],
  ),
  reference,
)}
${tableHtml(
  [by ?? "", "outcomes", "earned", "best policy", "would have earned", "regret"],
  groups.map((group) => [
    group.name,
    group.rows.toLocaleString("en"),
    share(group.ran.value),
    group.best ?? "unknown",
    share(bestOf(group)?.value ?? null),
    share(group.regret),
  ]),
)}`
}`,
  );
}

function calibrationHtml(cells: RegretReport["calibration"]): string {
  if (cells.length === 0) return "";
  const bars = cells.map((cell) => ({
    title: cellName(cell),
    value: cell.observed - cell.predicted,
    low: cell.biasLower,
    high: cell.biasUpper,
  }));
  return `<h2>Predicted and observed: bias by regime and tier</h2>
${rangePlot("Bias of predictions", bars, { title: "no bias", value: 0 })}
${tableHtml(
  ["cell", "outcomes", "predicted", "observed", ""],
  cells.map((cell) => [
    cellName(cell),
    cell.rows.toLocaleString("en"),
    share(cell.predicted),
    share(cell.observed),
    cell.isBiased ? "biased" : "",
  ]),
)}`;
}

function barOf({
  name,
  value,
  interval,
}: PolicyReport): readonly { title: string; value: number; low: number; high: number }[] {
  if (value === null) return [];
  return [{ title: name.slice(0, 28), value, low: interval?.lower ?? value, high: interval?.upper ?? value }];
}
