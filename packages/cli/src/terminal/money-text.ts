/**
 * Microcents as dollars, for people.
 * @module
 */
import { MICROCENTS_PER_DOLLAR } from "@calybris/kernel";

/** A microcent is the eighth decimal of a dollar. */
const DOLLAR_DECIMALS = 8;

/** Exact, without trailing zeros and currency sign: `0.0013071`. */
export function dollars(microcents: bigint): string {
  return dollarsTo(microcents, decimalsOf(microcents));
}

/** Like {@link dollars}, with thousands separators: `12,345.6`. */
export function exactDollars(microcents: bigint): string {
  return groupedDollars(microcents, decimalsOf(microcents));
}

/** With a number of decimals; further decimals are truncated. */
export function dollarsTo(microcents: bigint, decimals: number): string {
  const sign = microcents < 0n ? "-" : "";
  const whole = (microcents < 0n ? -microcents : microcents) / MICROCENTS_PER_DOLLAR;
  return `${sign}${whole}${decimals === 0 ? "" : `.${fractionOf(microcents).slice(0, decimals)}`}`;
}

/** Like {@link dollarsTo}, with thousands separators: `12,345.67`. */
export function groupedDollars(microcents: bigint, decimals: number): string {
  const [whole = "", fraction] = dollarsTo(microcents, decimals).split(".");
  const grouped = whole.replace(/\B(?=(?:\d{3})+$)/g, ",");
  return fraction === undefined ? grouped : `${grouped}.${fraction}`;
}

/** The decimals with which all amounts are exact. */
export function exactDecimals(amounts: readonly bigint[]): number {
  return Math.max(0, ...amounts.map(decimalsOf));
}

/** The number of decimals that suits all amounts of a column. */
export function reportDecimals(amounts: readonly bigint[]): number {
  const largest = amounts.reduce((max, amount) => (amount > max ? amount : amount < -max ? -amount : max), 0n);
  if (largest >= 100n * MICROCENTS_PER_DOLLAR) return 2;
  return largest >= MICROCENTS_PER_DOLLAR ? 4 : 6;
}

function decimalsOf(microcents: bigint): number {
  return fractionOf(microcents).replace(/0+$/, "").length;
}

function fractionOf(microcents: bigint): string {
  const magnitude = microcents < 0n ? -microcents : microcents;
  return String(magnitude % MICROCENTS_PER_DOLLAR).padStart(DOLLAR_DECIMALS, "0");
}
