/**
 * What a policy that learns gets where it says nothing, each with its reason. A policy without `learning` does not learn.
 * @module
 */
import type { Learning } from "@calybris/kernel";

/** How a policy may learn. */
export const LEARNING_METHODS: readonly ["regimes", "offsets"] = ["regimes", "offsets"];
/** Of a policy file that names none: less regret on every set of docs/learning-results.md. `regimes` is published behaviour. */
export const LEARNING_METHOD_DEFAULT: (typeof LEARNING_METHODS)[number] = "offsets";
/** The average share that offsets explore, 1 %: the table of docs/learning-results.md, "Exploration". */
export const OFFSETS_EXPLORATION_DEFAULT_BPS = 100;

/** The defaults of a policy's `learning`. */
export const LEARNING_DEFAULTS: Learning = Object.freeze({
  /** 5 %: published, of the regimes router. */
  explorationBps: 500,
  /** 20 %: published. */
  holdoutBps: 2_000,
  /**
   * A past of about 500 outcomes: after a world has switched, 90 % of what was lost is back within 500 decisions, which 999,000
   * does not reach (docs/learning-results.md). 1,000,000 never forgets (published).
   */
  discountPpm: 998_000,
  /** Enough for eight quantiles with about 125 requests in each. */
  warmUpRequests: 1_000,
  /** One tenth of the scale: above the floor of one tier, usually below the next but one. */
  anomalyRaiseBps: 1_000,
  /** 5 %. */
  anomalyShareBps: 500,
  /** A week: what comes later says more about the delay than about the decision. */
  attributionSeconds: 604_800,
});
