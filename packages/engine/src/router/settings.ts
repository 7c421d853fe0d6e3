/**
 * What no policy can change about learning, each with its reason.
 * @module
 */

/** Up on a failure; twice as fast as down (published). */
export const TRACKER_UP_BPS = 20;
export const TRACKER_DOWN_BPS = 10;
/** A step never takes the tracker beyond these: it never believes that anything does, nor that nothing does. */
export const FLOOR_MIN_BPS = 2_000;
export const FLOOR_MAX_BPS = 9_800;
/** Unlike its regime: more than three standard deviations away. */
export const ANOMALY_DEVIATIONS = 3;
/** Fewer observations say nothing about what is usual. */
export const ANOMALY_OBSERVATIONS_MIN = 30;
/** The requests over which the share of lifted floors is bounded, so that nobody can buy the top tier by being odd. */
export const ANOMALY_WINDOW = 1_000;
/** From so many observations on, a tier's success rate may speak. */
export const QUALITY_OBSERVATIONS_MIN = 50;
