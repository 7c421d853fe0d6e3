/**
 * Money in files: one amount under one of three names that end in its unit. `valueMicrocents` is an integer; `valueCents`
 * and `valueDollars` are decimal strings, because a JSON fraction is not exact. 1 cent is 1,000,000 microcents, $1 is
 * 100,000,000. An amount with a fraction of a microcent is refused, not rounded.
 * @module
 */
import { amountMicrocents, type JsonPath, type Mistake, MONEY_UNITS, type MoneyUnit } from "@calybris/kernel";
import { type Mistakes, showValue } from "./mistakes.ts";

/** An amount: `value`, or `inputPrice` with the suffix `PerMillion`; and its range. */
export interface MoneyField<Stem extends string = string, Suffix extends string = string> {
  readonly stem: Stem;
  readonly suffix: Suffix;
  readonly minMicrocents: bigint;
  readonly maxMicrocents: bigint;
  /** Its three names, precomputed for amounts that every request has. */
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

/** Microcents, or a {@link Mistake} whose path is the member's name. `undefined`: not given. */
export type MoneyReading = { readonly microcents: bigint } | { readonly mistake: Mistake } | undefined;

/**
 * Fast path of {@link readMoney}: the amount, if it is given once, as a whole number of microcents in its range; nearly
 * every amount is. `undefined` in every other case.
 */
export function plainMoney(members: { readonly [key: string]: unknown }, field: MoneyField): bigint | undefined {
  const keys = moneyKeys(field);
  const value = members[keys[0] as string];
  if (typeof value !== "number" || !Number.isSafeInteger(value)) return undefined;
  if (members[keys[1] as string] !== undefined || members[keys[2] as string] !== undefined) return undefined;
  const amount = wholeBigInt(value);
  return amount < field.minMicrocents || amount > field.maxMicrocents ? undefined : amount;
}

/** Like `BigInt`, but faster: writes two words and reads them as one, without a runtime call. */
function wholeBigInt(value: number): bigint {
  halves[0] = value;
  halves[1] = Math.floor(value / 2 ** 32);
  return amountOfHalves[0] as bigint;
}

const amountOfHalves = new BigInt64Array(1);
/** Little-endian, as on every supported platform; an element takes a number modulo 2^32. */
const halves = new Uint32Array(amountOfHalves.buffer);

/** Reads the amount from whichever of its names is present in `members`. */
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

/** Adds the mistake of an amount: given twice, invalid, or missing, if `missing` gives the remedy for that. */
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

/** The mistake of a missing required amount. */
export function missingMoney(field: MoneyField): Mistake {
  const [microcentsKey = "", centsKey, dollarsKey] = moneyKeys(field);
  return { path: microcentsKey, problem: "is missing", remedy: `Write it, or ${centsKey} or ${dollarsKey}.` };
}

/** The amount, after a check that it is present. */
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
