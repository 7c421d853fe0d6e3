/**
 * The expected success of each tier before any outcome: the prior's prediction for every tier, or else its gain around the
 * middle of the catalog's qualities, or else those qualities.
 * @module
 */
import { spreadGain } from "./prior-success.ts";

/**
 * The gain of the top tier over the cheapest, spread around the middle of their qualities, with tiers between at even steps.
 * The difference of both ends equals the gain exactly. Without a gain, the result is the qualities.
 *
 * @param tierFloors - the lowest quality of each tier, cheapest first.
 * @param gainBps - predicted; `undefined` without a prior.
 */
export function expectFromCatalog(tierFloors: readonly number[], gainBps: number | undefined, out: number[]): void {
  const top = tierFloors.length - 1;
  out.length = tierFloors.length;
  if (gainBps === undefined || top < 1) {
    for (let tier = 0; tier <= top; tier++) out[tier] = tierFloors[tier] as number;
    return;
  }
  const middle = Math.floor(((tierFloors[0] as number) + (tierFloors[top] as number)) / 2);
  spreadGain(middle, gainBps, top + 1, out);
}
