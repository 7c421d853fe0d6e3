/**
 * Contextual bandits on linear contexts: LinUCB (Li et al., WWW 2010), SquareCB (Foster and Rakhlin, ICML 2020), and a
 * logistic regression of success per tier with a small share of exploration.
 * @module
 */
import { seededChance } from "../chance.ts";
import type { OnlinePolicy, PolicyKind, PolicySetting } from "../online-policy.ts";
import { contextsOf } from "./contexts.ts";
import { RidgeArm } from "./ridge-arm.ts";

const CONFIDENCE = 0.5;

export const LIN_UCB: PolicyKind = {
  name: "LinUCB",
  isRandom: false,
  start: ({ table, scoresBps }) => {
    const contexts = contextsOf(table);
    const arms = table.tierNames.map(() => new RidgeArm(contexts.size));
    const context = new Float64Array(contexts.size);
    return {
      recommend: (row, out) => {
        contexts.read(row, scoresBps?.[row] ?? 0, context);
        let best = Number.NEGATIVE_INFINITY;
        for (let tier = 0; tier < arms.length; tier += 1) {
          const arm = arms[tier] as RidgeArm;
          const bound = arm.predict(context) + CONFIDENCE * Math.sqrt(arm.uncertainty(context));
          if (bound <= best) continue;
          best = bound;
          out.tier = tier;
        }
        out.propensity = 1;
      },
      observe: (_row, tier, _success, reward) => arms[tier]?.add(context, reward / 10_000),
    };
  },
};

/** The rate at which exploration decreases. */
const SQUARE_CB_SCALE = 10;

export const SQUARE_CB: PolicyKind = {
  name: "SquareCB",
  isRandom: true,
  start: ({ table, scoresBps, seed }) => {
    const contexts = contextsOf(table);
    const arms = table.tierNames.map(() => new RidgeArm(contexts.size));
    const context = new Float64Array(contexts.size);
    const predicted = new Float64Array(arms.length);
    const chance = seededChance(seed, 32);
    let time = 0;
    return {
      recommend: (row, out) => {
        time += 1;
        contexts.read(row, scoresBps?.[row] ?? 0, context);
        let best = 0;
        for (let tier = 0; tier < arms.length; tier += 1) {
          predicted[tier] = (arms[tier] as RidgeArm).predict(context);
          if ((predicted[tier] as number) > (predicted[best] as number)) best = tier;
        }
        const sharpness = SQUARE_CB_SCALE * Math.sqrt((arms.length * time) / contexts.size);
        let draw = chance.share();
        out.tier = best;
        let rest = 1;
        for (let tier = 0; tier < arms.length; tier += 1) {
          if (tier === best) continue;
          const share = 1 / (arms.length + sharpness * ((predicted[best] as number) - (predicted[tier] as number)));
          rest -= share;
          if (draw >= 0 && draw < share) {
            out.tier = tier;
            out.propensity = share;
            draw = -1;
          } else if (draw >= 0) draw -= share;
        }
        if (out.tier === best) out.propensity = rest;
      },
      observe: (_row, tier, _success, reward) => arms[tier]?.add(context, reward / 10_000),
    };
  },
};

const LOGISTIC_RATE = 0.5;
const LOGISTIC_EXPLORATION = 0.02;

export const LOGISTIC_BANDIT: PolicyKind = {
  name: "logistic, online",
  isRandom: true,
  start: ({ table, scoresBps, seed, valueMicrocents }: PolicySetting): OnlinePolicy => {
    const contexts = contextsOf(table);
    const tiers = table.tierNames.length;
    const weights = table.tierNames.map(() => new Float64Array(contexts.size));
    const squares = table.tierNames.map(() => new Float64Array(contexts.size).fill(1e-6));
    const costShares = new Float64Array(tiers);
    const counts = new Float64Array(tiers);
    const context = new Float64Array(contexts.size);
    const chance = seededChance(seed, 33);
    const odds = (tier: number): number => {
      const arm = weights[tier] as Float64Array;
      let sum = 0;
      for (let at = 0; at < arm.length; at += 1) sum += (arm[at] as number) * (context[at] as number);
      return sum;
    };
    return {
      recommend: (row, out) => {
        contexts.read(row, scoresBps?.[row] ?? 0, context);
        let [best, most] = [0, Number.NEGATIVE_INFINITY];
        for (let tier = 0; tier < tiers; tier += 1) {
          const expected = 1 / (1 + Math.exp(-odds(tier))) - (costShares[tier] as number);
          if (expected > most) [best, most] = [tier, expected];
        }
        const isExplored = chance.share() < LOGISTIC_EXPLORATION;
        out.tier = isExplored ? chance.below(tiers) : best;
        out.propensity = LOGISTIC_EXPLORATION / tiers + (out.tier === best ? 1 - LOGISTIC_EXPLORATION : 0);
      },
      observe: (row, tier, success) => {
        const count = (counts[tier] as number) + 1;
        counts[tier] = count;
        const cost = (table.costsMicrocents[row * tiers + tier] as number) / valueMicrocents;
        costShares[tier] = (costShares[tier] as number) + (cost - (costShares[tier] as number)) / count;
        const error = success / 10_000 - 1 / (1 + Math.exp(-odds(tier)));
        const [arm, square] = [weights[tier] as Float64Array, squares[tier] as Float64Array];
        for (let at = 0; at < arm.length; at += 1) {
          const slope = error * (context[at] as number);
          square[at] = (square[at] as number) + slope * slope;
          arm[at] = (arm[at] as number) + (LOGISTIC_RATE * slope) / Math.sqrt(square[at] as number);
        }
      },
    };
  },
};
