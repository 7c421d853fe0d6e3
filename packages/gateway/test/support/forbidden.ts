/**
 * Requests that governance forbids to run, whatever else is in them.
 * @module
 */
import { GOVERNANCE } from "@calybris/kernel";
import type { DecisionRequest } from "../../../client/src/index.ts";

export interface Forbidden {
  readonly what: string;
  readonly request: DecisionRequest;
  readonly reason: string;
}

export const FORBIDDEN: readonly Forbidden[] = [
  {
    what: "risk at the limit",
    request: { inputTokens: 100, riskBps: GOVERNANCE.riskHardLimitBps },
    reason: "risk_hard_limit",
  },
  { what: "all the risk there is", request: { inputTokens: 100, riskBps: 10_000 }, reason: "risk_hard_limit" },
  {
    what: "too little confidence",
    request: { inputTokens: 100, confidenceBps: GOVERNANCE.confidenceMinBps - 1 },
    reason: "confidence_hard_limit",
  },
  { what: "no confidence", request: { inputTokens: 100, confidenceBps: 0 }, reason: "confidence_hard_limit" },
  { what: "no value", request: { inputTokens: 1_000_000, valueMicrocents: 0 }, reason: "utility" },
  {
    what: "a value below nothing",
    request: { inputTokens: 1_000_000, valueMicrocents: "-9223372036854775808" },
    reason: "utility",
  },
  {
    what: "a cost beyond what it is worth",
    request: { inputTokens: 4_000_000_000, valueMicrocents: 1_000_000 },
    reason: "utility",
  },
];
