/**
 * Dependencies shared by the flows of model calls.
 * @module
 */
import type { Engine } from "@calybris/engine";
import type { Repeats } from "../brake/repeats.ts";
import type { StormBrake } from "../brake/storm-brake.ts";
import type { Config } from "../config/config.ts";
import type { ExpectedUses } from "../reserve/expected-usage.ts";
import type { UsageEstimator } from "../reserve/usage-estimator.ts";
import type { CallBodies } from "../scan/call-bodies.ts";
import type { AnswerCache } from "./answer-cache.ts";
import type { CallMetrics } from "../watch/call-metrics.ts";
import type { Fleet } from "./fleet.ts";
import type { ModelNames } from "./model-names.ts";

export interface CallContext {
  readonly engine: Engine;
  readonly config: Config;
  readonly fleet: Fleet;
  readonly names: ModelNames;
  readonly bodies: CallBodies;
  /** Estimates input tokens for reservations. */
  readonly estimator: UsageEstimator;
  /** Expected token counts, for ranking candidates. */
  readonly expected: ExpectedUses;
  readonly brake: StormBrake;
  readonly repeats: Repeats;
  readonly metrics: CallMetrics;
  /** The response cache; `undefined` if every call is sent. */
  readonly answers: AnswerCache | undefined;
  readonly nowMs: () => number;
  /** Reports an error that occurred after the head of the answer was sent. */
  readonly report: (error: unknown) => void;
}
