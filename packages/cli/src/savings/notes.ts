/**
 * The limitations of a savings report, as sentences: some apply to every export, some only to this one.
 * @module
 */
import type { SavingsReport } from "@calybris/savings";
import { groupedDollars, reportDecimals } from "../terminal/money-text.ts";
import { counted } from "../terminal/number-text.ts";

export function savingsNotes(report: SavingsReport): readonly string[] {
  const { source, rows, total, chosen, unknownModels, catalog } = report;
  const money = (microcents: bigint): string =>
    `$${groupedDollars(microcents, reportDecimals([total.paidMicrocents]))}`;
  const requests = (number: number): string => counted(number, "request", "requests");
  const have = (number: number): string => counted(number, "row has", "rows have");
  const notes = [
    `Answers were not judged. Quality is the rating of each model in the catalog ${catalog.name}: for language models, people's preference on the LMArena leaderboard, not correctness on your tasks.`,
    "The export does not show whether a request needed tools, images, a long context or a specific region.",
    "A substitute is priced at catalog prices, without cache or batch discounts, for the same number of tokens; another model may count input differently and write more or fewer tokens.",
  ];
  if (chosen !== undefined && chosen.lostCapabilities.length > 0) {
    const lost = chosen.lostCapabilities.map((each) => `${each.name} (${requests(each.requests)})`);
    notes.push(`Some requests move to a model without a capability of the requested one: ${lost.join(", ")}.`);
  }
  if (chosen !== undefined && chosen.newlyReasoningRequests > 0)
    notes.push(
      `${counted(chosen.newlyReasoningRequests, "request moves", "requests move")} to a model that reasons before it answers. Reasoning is billed as output and is not in these estimates: expect to save less there, or leave such models out with --exclude.`,
    );
  if (chosen !== undefined && chosen.rejectedRequests > 0)
    notes.push(
      `The policy would reject ${requests(chosen.rejectedRequests)}: the requested model is disabled in the catalog, and no other model is as cheap. In this report they are not moved.`,
    );
  if (total.requests > rows.used) notes.push("Each row of this export sums several requests, and is moved as a whole.");
  if (rows.batch > 0 && total.estimatedMicrocents > 0n)
    notes.push(
      `${counted(rows.batch, "row", "rows")} of batch requests: estimated at half the catalog's price. A substitute is priced in full.`,
    );
  if (total.cachedInputTokens > 0n && total.estimatedMicrocents > 0n)
    notes.push(
      `Cached input (${total.cachedInputTokens.toLocaleString("en")} tokens) is estimated at the provider's price for cached input if the price is known.`,
    );
  if (chosen !== undefined && chosen.excessMicrocents > 0n)
    notes.push(
      `Some requests cost less than their substitute's catalog price, as with cached input or a negotiated price. No saving is counted for them; without such discounts the substitutes would cost ${money(chosen.excessMicrocents)} more than was paid.`,
    );
  const unpriced = unknownModels.reduce((sum, usage) => sum + usage.unpricedRows, 0);
  if (unpriced > 0)
    notes.push(
      `${have(unpriced)} neither a cost nor a model in the catalog; their cost is unknown and not included in any sum.`,
    );
  if (rows.unreadTimes > 0)
    notes.push(`${have(rows.unreadTimes)} a time that is not ISO 8601, day.month.year or seconds since 1970.`);
  if (source.name === "guess")
    notes.push(
      `The columns were recognised by their names: ${JSON.stringify(source.map)}. Pass --map if one of them is wrong.`,
    );
  return notes;
}
