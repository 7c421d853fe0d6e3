/**
 * What the flows of model calls share.
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
  /** Of the tokens of inputs, for reservations. */
  readonly estimator: UsageEstimator;
  /** For ranking. */
  readonly expected: ExpectedUses;
  readonly brake: StormBrake;
  readonly repeats: Repeats;
  readonly metrics: CallMetrics;
  /** `undefined`: every call is sent. */
  readonly answers: AnswerCache | undefined;
  readonly nowMs: () => number;
  /** What went wrong after the head had left. */
  readonly report: (error: unknown) => void;
}
