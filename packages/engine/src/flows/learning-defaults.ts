/**
 * Defaults of a policy's `learning`, each with its reason. A policy without `learning` does not learn.
 * @module
 */
import type { Learning } from "@calybris/kernel";

/** The learning methods. */
export const LEARNING_METHODS: readonly ["regimes", "offsets"] = ["regimes", "offsets"];
/** Default of a policy file: less regret on every data set of docs/learning-results.md. `regimes` is published behaviour. */
export const LEARNING_METHOD_DEFAULT: (typeof LEARNING_METHODS)[number] = "offsets";
/** Average share of exploration by offsets, 1 %: the table of docs/learning-results.md, "Exploration". */
export const OFFSETS_EXPLORATION_DEFAULT_BPS = 100;

/** The defaults of a policy's `learning`. */
export const LEARNING_DEFAULTS: Learning = Object.freeze({
  /** 5 %: the published value of the regimes router. */
  explorationBps: 500,
  /** 20 %: the published value. */
  holdoutBps: 2_000,
  /**
   * A memory of about 500 outcomes: after the world changes, 90 % of the loss is recovered within 500 decisions, which
   * 999,000 does not achieve (docs/learning-results.md). 1,000,000 never forgets (published).
   */
  discountPpm: 998_000,
  /** Enough for eight quantiles with about 125 requests in each. */
  warmUpRequests: 1_000,
  /** One tenth of the scale: above the floor of one tier, usually below the floor two tiers up. */
  anomalyRaiseBps: 1_000,
  /** 5 %. */
  anomalyShareBps: 500,
  /** A week: a later outcome says more about the delay than about the decision. */
  attributionSeconds: 604_800,
});
