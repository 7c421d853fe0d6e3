/**
 * The learning section of the policy that `calybris init` writes: complete with its defaults, but commented out, so that
 * traffic is not explored without consent.
 * @module
 */
import { LEARNING_DEFAULTS, OFFSETS_EXPLORATION_DEFAULT_BPS } from "@calybris/engine/internal";

type Setting = keyof typeof LEARNING_DEFAULTS | "targetFailureBps";

const REMARKS: Readonly<Partial<Record<Setting, string>>> = {
  explorationBps: "spread evenly over the tiers that may be drawn, on average; 0 takes the best one",
  holdoutBps: "left alone by the learner, to compare with",
  discountPpm: "how much of the past is kept at each outcome; 1000000 never forgets",
  warmUpRequests: "before that, everything is in one regime",
  anomalyRaiseBps: "how far a request that is unlike its regime is lifted above its use case's floor",
  anomalyShareBps: "at most so many of any 1000 requests are lifted",
  attributionSeconds: "an outcome that is later teaches nothing",
};

/** Lines of a policy, each commented out with two slashes. */
export function learningSectionText(): string {
  const defaults = { ...LEARNING_DEFAULTS, explorationBps: OFFSETS_EXPLORATION_DEFAULT_BPS };
  const settings = Object.entries(defaults).map(
    ([name, value]) =>
      `  //   ${JSON.stringify(name)}: ${JSON.stringify(value)}, // ${REMARKS[name as Setting] ?? name}`,
  );
  return [
    "  // Without this section nothing is learned. With it, a request without a floor gets one that was learned from",
    "  // outcomes (`calybris outcome`). These are the defaults; write only what you change.",
    '  // "learning": {',
    '  //   "method": "offsets", // within a regime the prior\'s score decides; "regimes": Beta beliefs, as published',
    '  //   // "features": ["size", "urgency"], // whole numbers that requests carry; the tokens when left out',
    '  //   // "targetFailureBps": 500, // where failures settle; a third when left out',
    ...settings,
    "  // },",
  ].join("\n");
}
