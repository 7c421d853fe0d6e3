/**
 * The cost of exported usage, and its cost at each quality floor.
 * @module
 */
export type { NamedUsage, Usage } from "./breakdown.ts";
export { type ChoiceLimits, Choices, type Within } from "./choices.ts";
export type { CurvePoint, Flow } from "./curve.ts";
export { USAGE_EXPORTS, type UsageExport } from "./exports.ts";
export { type BadRow, type ChosenPoint, type SavingsOptions, type SavingsReport, savings } from "./savings.ts";
export {
  estimateMarginalSavings,
  type Incumbent,
  type MarginalSaving,
  type MarginalSavings,
  type MarginalSavingsOptions,
  type ModelUsage,
} from "./marginal-savings.ts";
export { savingsPolicy } from "./savings-policy.ts";
export { SAVINGS_ERRORS } from "./savings-errors.ts";
export { parseUsageMap, type UsageMap } from "./usage-map.ts";
