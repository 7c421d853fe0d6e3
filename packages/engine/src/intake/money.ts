/**
 * Money as people write it: one amount under one of three names that end in its unit. `valueMicrocents` is a whole
 * number; `valueCents` and `valueDollars` are decimal strings, because a JSON fraction is not exact. 1 cent is 1,000,000
 * microcents, $1 is 100,000,000, and what a microcent cannot hold is refused rather than rounded.
 * @module
 */
import { amountMicrocents, type JsonPath, type Mistake, MONEY_UNITS, type MoneyUnit } from "@calybris/kernel";
import { type Mistakes, showValue } from "./mistakes.ts";

/** One amount: `value`, or `inputPrice` with the suffix `PerMillion`; the least and the most it may be. */
export interface MoneyField<Stem extends string = string, Suffix extends string = string> {
  readonly stem: Stem;
  readonly suffix: Suffix;
  readonly minMicrocents: bigint;
  readonly maxMicrocents: bigint;
  /** Its three names, where it is read of every request: put together once. */
  readonly keys?: readonly string[];
}

/** The three names of an amount. */
export function moneyKeys({
  stem,
  suffix,
  keys,
}: Omit<MoneyField, "minMicrocents" | "maxMicrocents">): readonly string[] {
  return keys ?? MONEY_UNITS.map((unit) => `${stem}${unit.suffix}${suffix}`);
}

/** Microcents, or what is wrong: a {@link Mistake} whose path is the member's name. `undefined`: not written at all. */
export type MoneyReading = { readonly microcents: bigint } | { readonly mistake: Mistake } | undefined;

/**
 * The amount, where it is written once as a whole number of microcents and may be what it is: nearly always, and then no
 * reading of it is made. `undefined` for everything else.
 */
export function plainMoney(members: { readonly [key: string]: unknown }, field: MoneyField): bigint | undefined {
  const keys = moneyKeys(field);
  const value = members[keys[0] as string];
  if (typeof value !== "number" || !Number.isSafeInteger(value)) return undefined;
  if (members[keys[1] as string] !== undefined || members[keys[2] as string] !== undefined) return undefined;
  const amount = wholeBigInt(value);
  return amount < field.minMicrocents || amount > field.maxMicrocents ? undefined : amount;
}

/** As `BigInt`, which is a call out of the engine, and slower than writing two words and reading them as one. */
function wholeBigInt(value: number): bigint {
  halves[0] = value;
  halves[1] = Math.floor(value / 2 ** 32);
  return amountOfHalves[0] as bigint;
}

const amountOfHalves = new BigInt64Array(1);
/** Little-endian, as every engine is; a number is taken modulo 2^32. */
const halves = new Uint32Array(amountOfHalves.buffer);

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
    reading = readAmount(members[key], key, MONEY_UNITS[index] as MoneyUnit, field);
    readFrom = key;
  }
  return reading;
}

/** Adds what is wrong with an amount: written twice, not an amount, or missing where `missing` says whose remedy that is. */
export function checkMoney(
  members: { readonly [key: string]: unknown },
  field: MoneyField,
  mistakes: Mistakes,
  at: JsonPath,
  missing?: Mistake,
): void {
  const reading = readMoney(members, field);
  if (reading !== undefined && "microcents" in reading) return;
  const mistake = reading?.mistake ?? missing;
  if (mistake !== undefined) mistakes.add([...at, mistake.path], mistake.problem, mistake.remedy);
}

/** For an amount that has to be there and is not. */
export function missingMoney(field: MoneyField): Mistake {
  const [microcentsKey = "", centsKey, dollarsKey] = moneyKeys(field);
  return { path: microcentsKey, problem: "is missing", remedy: `Write it, or ${centsKey} or ${dollarsKey}.` };
}

/** An amount that was checked to be there. */
export function amountOf(members: { readonly [key: string]: unknown }, field: MoneyField): bigint {
  const reading = readMoney(members, field);
  if (reading === undefined || !("microcents" in reading))
    throw new RangeError(`${moneyKeys(field)[0]} was not checked`);
  return reading.microcents;
}

function readAmount(value: unknown, key: string, unit: MoneyUnit, field: MoneyField): MoneyReading {
  const amount = amountMicrocents(value, unit);
  if (amount === undefined)
    return { mistake: { path: key, problem: `is ${showValue(value)}`, remedy: remedyOf(unit.decimals) } };
  if (amount < field.minMicrocents || amount > field.maxMicrocents) {
    const range = `${field.minMicrocents} to ${field.maxMicrocents} microcents`;
    return {
      mistake: { path: key, problem: `is ${showValue(value)}, out of range`, remedy: `Write an amount from ${range}.` },
    };
  }
  return { microcents: amount };
}

function remedyOf(decimals: number): string {
  return decimals === 0
    ? "Write a whole number of microcents (1 cent is 1,000,000), as a number or as digits in quotes."
    : `Write a decimal in quotes, like "0.25", with at most ${decimals} digits after the point.`;
}
