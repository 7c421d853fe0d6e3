/**
 * Money as people write it: one amount under one of three names that end in its unit. `valueMicrocents` is a whole
 * number; `valueCents` and `valueDollars` are decimal strings, because a JSON fraction is not exact. 1 cent is 1,000,000
 * microcents, $1 is 100,000,000, and what a microcent cannot hold is refused rather than rounded.
 * @module
 */
import { MICROCENTS_PER_CENT, MICROCENTS_PER_DOLLAR, type Mistake } from "@calybris/kernel";

/** The units an amount may be written in, with the microcents that one of each is worth. */
export const MONEY_UNITS: readonly { readonly unit: string; readonly microcents: bigint; readonly decimals: number }[] =
  Object.freeze([
    { unit: "Microcents", microcents: 1n, decimals: 0 },
    { unit: "Cents", microcents: MICROCENTS_PER_CENT, decimals: 6 },
    { unit: "Dollars", microcents: MICROCENTS_PER_DOLLAR, decimals: 8 },
  ]);

/** One amount: `value`, or `inputPrice` with the suffix `PerMillion`; the least and the most it may be. */
export interface MoneyField {
  readonly stem: string;
  readonly suffix: string;
  readonly minMicrocents: bigint;
  readonly maxMicrocents: bigint;
}

/** Two amounts are read of every request, so their names are put together once. */
const keysOf = new WeakMap<MoneyField, readonly string[]>();

/** The three names of an amount. */
export function moneyKeys(field: MoneyField): readonly string[] {
  let keys = keysOf.get(field);
  if (keys === undefined) {
    keys = MONEY_UNITS.map(({ unit }) => `${field.stem}${unit}${field.suffix}`);
    keysOf.set(field, keys);
  }
  return keys;
}

/** Microcents, or what is wrong: a {@link Mistake} whose path is the member's name. `undefined`: not written at all. */
export type MoneyReading = { readonly microcents: bigint } | { readonly mistake: Mistake } | undefined;

/** Reads the one member of `members` that holds this amount. */
export function readMoney(members: { readonly [key: string]: unknown }, field: MoneyField): MoneyReading {
  let reading: MoneyReading;
  let readFrom = "";
  const keys = moneyKeys(field);
  for (let index = 0; index < keys.length; index++) {
    const key = keys[index] as string;
    if (members[key] === undefined) continue;
    if (reading !== undefined) {
      const problem = `is written beside ${readFrom}`;
      return { mistake: { path: key, problem, remedy: "Write the amount once, in the unit that reads best." } };
    }
    reading = readAmount(members[key], key, index, field);
    readFrom = key;
  }
  return reading;
}

/** The remedy for an amount that has to be there and is not. */
export function missingMoney(field: MoneyField): Mistake {
  const [microcentsKey = "", centsKey, dollarsKey] = moneyKeys(field);
  return { path: microcentsKey, problem: "is missing", remedy: `Write it, or ${centsKey} or ${dollarsKey}.` };
}

function readAmount(value: unknown, key: string, unitIndex: number, field: MoneyField): MoneyReading {
  const unit = MONEY_UNITS[unitIndex] ?? { unit: "", microcents: 1n, decimals: 0 };
  const amount = amountMicrocents(value, unit.microcents, unit.decimals);
  if (amount === undefined)
    return { mistake: { path: key, problem: `is ${showValue(value)}`, remedy: wanted(unit.decimals) } };
  if (amount < field.minMicrocents || amount > field.maxMicrocents) {
    const range = `${field.minMicrocents} to ${field.maxMicrocents} microcents`;
    return {
      mistake: { path: key, problem: `is ${showValue(value)}, out of range`, remedy: `Write an amount from ${range}.` },
    };
  }
  return { microcents: amount };
}

function wanted(decimals: number): string {
  return decimals === 0
    ? "Write a whole number of microcents (1 cent is 1,000,000), as a number or as digits in quotes."
    : `Write a decimal in quotes, like "0.25", with at most ${decimals} digits after the point.`;
}

/** The amount in microcents; `undefined` when it is not one, or finer than a microcent. */
export function amountMicrocents(value: unknown, microcentsPerUnit: bigint, decimals: number): bigint | undefined {
  if (typeof value === "bigint") return value * microcentsPerUnit;
  if (typeof value === "number") return Number.isSafeInteger(value) ? BigInt(value) * microcentsPerUnit : undefined;
  if (typeof value !== "string") return undefined;
  const match = /^(-?)([0-9]{1,20})(?:\.([0-9]{1,20}))?$/.exec(value);
  if (match === null) return undefined;
  const [, sign = "", whole = "", fraction = ""] = match;
  if (fraction.length > decimals) return undefined;
  const magnitude = BigInt(whole) * microcentsPerUnit + BigInt(fraction.padEnd(decimals, "0") || "0");
  return sign === "-" ? -magnitude : magnitude;
}

const VALUE_SHOWN_MAX_CHARACTERS = 60;

/** A value as an error shows it: short, and told apart from text. */
export function showValue(value: unknown): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return "a list";
  if (typeof value === "object") return "an object";
  if (typeof value === "string") {
    const text = JSON.stringify(value);
    return text.length > VALUE_SHOWN_MAX_CHARACTERS ? `${text.slice(0, VALUE_SHOWN_MAX_CHARACTERS)}…` : text;
  }
  const text = String(value);
  return text.length > VALUE_SHOWN_MAX_CHARACTERS ? `${text.slice(0, VALUE_SHOWN_MAX_CHARACTERS)}…` : text;
}
