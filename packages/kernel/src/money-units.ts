/**
 * Units of money in files and options, and their conversion to microcents. An amount with a fraction of a microcent is
 * refused, not rounded.
 * @module
 */
import { MICROCENTS_PER_CENT, MICROCENTS_PER_DOLLAR } from "./units.ts";

export interface MoneyUnit {
  readonly name: "microcents" | "cents" | "dollars";
  /** Suffix of a field name, as in `valueDollars`. */
  readonly suffix: "Microcents" | "Cents" | "Dollars";
  /** Microcents per unit. */
  readonly microcents: bigint;
  /** Maximum digits after the decimal point. */
  readonly decimals: number;
}

export const MONEY_UNITS: readonly MoneyUnit[] = Object.freeze([
  { name: "microcents", suffix: "Microcents", microcents: 1n, decimals: 0 },
  { name: "cents", suffix: "Cents", microcents: MICROCENTS_PER_CENT, decimals: 6 },
  { name: "dollars", suffix: "Dollars", microcents: MICROCENTS_PER_DOLLAR, decimals: 8 },
] as const);

const DECIMAL = /^(-?)([0-9]{1,20})(?:\.([0-9]{1,20}))?$/;

/**
 * Converts an amount to microcents. Accepts an integer, or a decimal as a string; returns `undefined` for anything else and
 * for amounts with a fraction of a microcent.
 *
 * @example
 * ```ts
 * import { amountMicrocents } from "@calybris/kernel";
 * amountMicrocents("0.25", { microcents: 100_000_000n, decimals: 8 }); // 25000000n
 * amountMicrocents(0.25, { microcents: 100_000_000n, decimals: 8 }); // undefined
 * ```
 */
export function amountMicrocents(
  value: unknown,
  { microcents, decimals }: Pick<MoneyUnit, "microcents" | "decimals">,
): bigint | undefined {
  if (typeof value === "bigint") return value * microcents;
  if (typeof value === "number") return Number.isSafeInteger(value) ? BigInt(value) * microcents : undefined;
  const match = typeof value === "string" ? DECIMAL.exec(value) : null;
  if (match === null) return undefined;
  const [, sign = "", whole = "", fraction = ""] = match;
  if (fraction.length > decimals) return undefined;
  const magnitude = BigInt(whole) * microcents + BigInt(fraction.padEnd(decimals, "0") || "0");
  return sign === "-" ? -magnitude : magnitude;
}
