/**
 * Constants of learning that no policy can change, each with its reason.
 * @module
 */

/** Step up on a failure; twice the step down (published). */
export const TRACKER_UP_BPS = 20;
export const TRACKER_DOWN_BPS = 10;
/** Range of the tracker's steps: it never assumes that everything succeeds, or that nothing does. */
export const FLOOR_MIN_BPS = 2_000;
export const FLOOR_MAX_BPS = 9_800;
/** Distance from which a feature is anomalous in its regime, in standard deviations. */
export const ANOMALY_DEVIATIONS = 3;
/** Minimum observations before a value can be anomalous. */
export const ANOMALY_OBSERVATIONS_MIN = 30;
/**
 * Number of requests over which the share of lifted floors is limited, so that unusual requests cannot be used to get the
 * top tier.
 */
export const ANOMALY_WINDOW = 1_000;
/** Minimum observations before a tier's success rate counts. */
export const QUALITY_OBSERVATIONS_MIN = 50;
