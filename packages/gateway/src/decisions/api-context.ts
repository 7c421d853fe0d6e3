/**
 * What the handlers of the API share: the engine, its limits, and who counts.
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
  /** Signs receipts; `undefined` where no key is configured. */
  readonly receipts: ReceiptSigner | undefined;
  /** Keys that the engine knows have changed. */
  readonly keysChanged: () => void;
  /** Reloads the service on behalf of a caller. */
  readonly reload: (callerOf: () => Caller) => Promise<ReloadReport>;
}
