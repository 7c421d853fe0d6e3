/**
 * The context that the API's handlers share: the engine, its limits, and metrics.
 * @module
 */
import type { Caller, Engine } from "@calybris/engine";
import type { Config } from "../config/config.ts";
import type { ReloadReport } from "../reload.ts";
import type { Rates } from "../http/rates.ts";
import type { Metrics } from "../watch/metrics.ts";
import type { ReceiptSigner } from "./receipts.ts";
import type { PolicyAnswers } from "./policy-answers.ts";

export interface ApiContext {
  readonly engine: Engine;
  readonly config: Config;
  readonly rates: Rates;
  readonly metrics: Metrics;
  readonly policyAnswers: PolicyAnswers;
  /** Signs receipts; `undefined` if no key is configured. */
  readonly receipts: ReceiptSigner | undefined;
  /** Called when the engine's keys have changed. */
  readonly keysChanged: () => void;
  /** Reloads the service on behalf of a caller. */
  readonly reload: (callerOf: () => Caller) => Promise<ReloadReport>;
}
