/**
 * What a policy that learns gets where it says nothing, each with its reason. A policy without `learning` does not learn.
 * @module
 */
import type { Learning } from "@calybris/kernel";

/** The defaults of a policy's `learning`. */
export const LEARNING_DEFAULTS: Learning = Object.freeze({
  /** 5 %: published. */
  explorationBps: 500,
  /** 20 %: published. */
  holdoutBps: 2_000,
  /** A past of about 1,000 outcomes: a world that switches is learned anew as fast. 1,000,000 never forgets (published). */
  discountPpm: 999_000,
  /** Enough for eight quantiles with about 125 requests in each. */
  warmUpRequests: 1_000,
  /** One tenth of the scale: above the floor of one tier, usually below the next but one. */
  anomalyRaiseBps: 1_000,
  /** 5 %. */
  anomalyShareBps: 500,
  /** A week: what comes later says more about the delay than about the decision. */
  attributionSeconds: 604_800,
});
