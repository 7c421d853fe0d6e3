/**
 * What the flows of model calls share.
 * @module
 */
import type { Engine } from "@calybris/engine";
import type { Config } from "../config/config.ts";
import type { CallBodies } from "../scan/call-bodies.ts";
import type { EngineCalls } from "./engine-calls.ts";
import type { Fleet } from "./fleet.ts";
import type { ModelNames } from "./model-names.ts";

export interface CallContext {
  readonly engine: Engine;
  readonly calls: EngineCalls;
  readonly config: Config;
  readonly fleet: Fleet;
  readonly names: ModelNames;
  readonly bodies: CallBodies;
  readonly nowMs: () => number;
  /** What went wrong after the head had left. */
  readonly report: (error: unknown) => void;
}
