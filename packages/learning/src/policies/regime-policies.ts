/**
 * Greedy choice over the router's regimes: the tier with the best mean reward in the regime, with or without a share of
 * random exploration.
 * @module
 */
import { seededChance } from "../chance.ts";
import type { PolicyKind } from "../online-policy.ts";

const REGIMES = 8;

function greedy(name: string, exploration: number): PolicyKind {
  return {
    name,
    isRandom: exploration > 0,
    start: ({ table, scoresBps, boundariesBps, seed }) => {
      const tiers = table.tierNames.length;
      const [sums, counts] = [new Float64Array(REGIMES * tiers), new Float64Array(REGIMES * tiers)];
      const chance = seededChance(seed, 34);
      const regimeOf = (row: number): number => {
        if (scoresBps === undefined || boundariesBps === undefined) return 0;
        let regime = 0;
        while (regime < boundariesBps.length && (scoresBps[row] ?? 0) >= (boundariesBps[regime] ?? 0)) regime += 1;
        return regime;
      };
      return {
        recommend: (row, out) => {
          const base = regimeOf(row) * tiers;
          let [best, most] = [tiers - 1, Number.NEGATIVE_INFINITY];
          for (let tier = tiers - 1; tier >= 0; tier -= 1) {
            const count = counts[base + tier] as number;
            // An untried tier counts as perfect, so that each is tried once.
            const mean = count === 0 ? 1 : (sums[base + tier] as number) / count;
            if (mean > most) [best, most] = [tier, mean];
          }
          const isExplored = exploration > 0 && chance.share() < exploration;
          out.tier = isExplored ? chance.below(tiers) : best;
          out.propensity = exploration / tiers + (out.tier === best ? 1 - exploration : 0);
        },
        observe: (row, tier, _success, reward) => {
          const at = regimeOf(row) * tiers + tier;
          sums[at] = (sums[at] as number) + reward / 10_000;
          counts[at] = (counts[at] as number) + 1;
        },
      };
    },
  };
}

export const GREEDY: PolicyKind = greedy("greedy", 0);
export const EPSILON_GREEDY: PolicyKind = greedy("ε-greedy", 0.05);
