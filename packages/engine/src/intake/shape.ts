/**
 * The shapes of files: zod schemas whose fields describe the expected value for errors.
 * @module
 */
import { isName, MONEY_UNITS, type MoneyUnit } from "@calybris/kernel";
import { z } from "zod";
import { type MoneyField, moneyKeys } from "./money.ts";

/** The key that names a file's schema for editors; it has no other effect. */
export const SCHEMA_KEY = "$schema";

export interface FieldRule {
  readonly accepts: (value: unknown) => boolean;
  readonly wanted: string;
}

/** By the schema's definition: `meta` and `describe` copy a schema but keep its definition. */
const FIELD_RULES = new WeakMap<object, FieldRule>();

/** A field that accepts the values of `accepts`, with the expected value for errors. */
export function field(
  accepts: (value: unknown) => boolean,
  wanted: string,
  schema: Readonly<Record<string, unknown>>,
): z.ZodType {
  const described = z.custom(accepts, { error: wanted }).meta({ ...schema, description: `${capital(wanted)}.` });
  FIELD_RULES.set(described.def, { accepts, wanted });
  return described;
}

/** An integer within the range of a JSON number. */
export function whole(min: number, max: number, what: string): z.ZodType {
  const accepts = (value: unknown): boolean =>
    Number.isSafeInteger(value) && Number(value) >= min && Number(value) <= max;
  return field(accepts, `a whole number from ${min} to ${max} (${what})`, {
    type: "integer",
    minimum: min,
    maximum: max,
  });
}

/** An unsigned 64-bit integer: a number, or digits in quotes. */
export function unsigned64(what: string): z.ZodType {
  return field((value) => unsigned64Of(value) !== undefined, `a whole number from 0 to 2^64−1 (${what})`, {
    type: ["integer", "string"],
    minimum: 0,
    pattern: "^[0-9]{1,20}$",
  });
}

export function unsigned64Of(value: unknown): bigint | undefined {
  const isExact = typeof value === "bigint" || (typeof value === "number" && Number.isSafeInteger(value));
  if (!isExact && !(typeof value === "string" && /^[0-9]{1,20}$/.test(value))) return undefined;
  const exact = BigInt(value as bigint | number | string);
  return exact >= 0n && exact < 2n ** 64n ? exact : undefined;
}

export function text(maxCharacters: number, what: string): z.ZodType {
  return field(
    (value) => isName(value, maxCharacters),
    `text of 1 to ${maxCharacters} printable characters (${what})`,
    { type: "string", minLength: 1, maxLength: maxCharacters },
  );
}

export function flag(what: string): z.ZodType {
  return field((value) => typeof value === "boolean", `true or false (${what})`, { type: "boolean" });
}

/** One of a few texts. */
export function oneOf(values: readonly string[], what: string): z.ZodType {
  const wanted = `${values.map((value) => `"${value}"`).join(", ")} (${what})`;
  return field((value) => values.includes(value as string), wanted, { enum: values });
}

/** An amount of money under each of its names; its value is checked when it is read. */
export function amount<Stem extends string, Suffix extends string>(
  money: MoneyField<Stem, Suffix>,
): Record<`${Stem}${MoneyUnit["suffix"]}${Suffix}`, z.ZodType> {
  const schemas = MONEY_UNITS.map(({ suffix, decimals }) => {
    const pattern = decimals === 0 ? "^-?[0-9]{1,20}$" : `^-?[0-9]{1,20}(\\.[0-9]{1,${decimals}})?$`;
    const description =
      decimals === 0 ? "Whole microcents; 1 cent is 1,000,000." : `${suffix}, as a decimal in quotes like "0.25".`;
    return z
      .any()
      .optional()
      .meta({ type: ["integer", "string"], pattern, description });
  });
  return Object.fromEntries(moneyKeys(money).map((key, index) => [key, schemas[index] as z.ZodType])) as Record<
    `${Stem}${MoneyUnit["suffix"]}${Suffix}`,
    z.ZodType
  >;
}

/** Objects of one shape under names that the file's author chooses. */
export function named(most: number, shape: z.ZodType, meta: Readonly<Record<string, unknown>>): z.ZodType {
  return z.record(z.string(), shape).meta({ ...meta, [COUNT_MAX_KEY]: most });
}

/** The JSON Schema keyword that holds the limit of a schema of named objects. */
export const COUNT_MAX_KEY = "maxProperties";

/** The rule of a field that {@link field} made. */
export function ruleOf(schema: z.ZodType): FieldRule | undefined {
  return FIELD_RULES.get(schema.def);
}

function capital(words: string): string {
  return words.charAt(0).toUpperCase() + words.slice(1);
}
