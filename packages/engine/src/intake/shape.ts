/**
 * The shape of a file: zod schemas whose fields say in words what they want, and the mistakes of a value against one,
 * each with its path, its line and its remedy.
 * @module
 */
import type { Mistake } from "@calybris/kernel";
import { z } from "zod";
import { MONEY_UNITS, showValue } from "./money.ts";
import { nameRemedy } from "./nearest.ts";
import type { JsonPath, LineOf } from "./read-json.ts";

/** Names the schema of a file for editors; says nothing else. */
export const SCHEMA_KEY = "$schema";

/** A field that takes what `accepts` takes, and says otherwise what it wants. */
export function field(
  accepts: (value: unknown) => boolean,
  wanted: string,
  schema: Readonly<Record<string, unknown>>,
): z.ZodType {
  return z.custom(accepts, { error: wanted }).meta({ ...schema, description: `${capital(wanted)}.` });
}

/** A whole number, small enough for a JSON number. */
export function whole(min: number, max: number, what: string): z.ZodType {
  const accepts = (value: unknown): boolean =>
    Number.isSafeInteger(value) && Number(value) >= min && Number(value) <= max;
  return field(accepts, `a whole number from ${min} to ${max} (${what})`, {
    type: "integer",
    minimum: min,
    maximum: max,
  });
}

/** An integer of 64 unsigned bits: a number, or digits in quotes. */
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
    (value) => typeof value === "string" && value.trim() !== "" && value.length <= maxCharacters && isPrintable(value),
    `text of 1 to ${maxCharacters} printable characters (${what})`,
    { type: "string", minLength: 1, maxLength: maxCharacters },
  );
}

export function flag(what: string): z.ZodType {
  return field((value) => typeof value === "boolean", `true or false (${what})`, { type: "boolean" });
}

/** An amount of money under one of its names; what it holds is checked where it is read. */
export function amount(unit: string): z.ZodType {
  const decimals = MONEY_UNITS.find((money) => money.unit === unit)?.decimals ?? 0;
  const pattern = decimals === 0 ? "^-?[0-9]{1,20}$" : `^-?[0-9]{1,20}(\\.[0-9]{1,${decimals}})?$`;
  const description =
    unit === "Microcents" ? "Whole microcents; 1 cent is 1,000,000." : `${unit}, as a decimal in quotes like "0.25".`;
  return z
    .any()
    .optional()
    .meta({ type: ["integer", "string"], pattern, description });
}

/** No control characters, no halves of a surrogate pair. */
export function isPrintable(value: string): boolean {
  return !/\p{C}/u.test(value);
}

/** The keys that the object at a path may have; for an unknown key's remedy. */
export type KeysAt = (path: JsonPath) => readonly string[];

/** Every mistake of a value against a schema. */
export function shapeMistakes(schema: z.ZodType, value: unknown, keysAt: KeysAt, lineOf?: LineOf): Mistake[] {
  const result = schema.safeParse(value);
  if (result.success) return [];
  return result.error.issues.flatMap(withinUnion).flatMap((issue) => {
    const path = issue.path.filter((part) => typeof part !== "symbol");
    if (issue.code === "unrecognized_keys")
      return issue.keys.map((key) =>
        mistakeAt([...path, key], "is not known here", nameRemedy(key, keysAt(path)), lineOf),
      );
    const found = valueAt(value, path);
    const isCounted = Array.isArray(found) && (issue.code === "too_big" || issue.code === "too_small");
    const problem = found === undefined ? "is missing" : isCounted ? `holds ${found.length}` : `is ${showValue(found)}`;
    return [mistakeAt(path, problem, `Write ${messageOf(issue)}.`, lineOf)];
  });
}

export function mistakeAt(path: JsonPath, problem: string, remedy: string, lineOf?: LineOf): Mistake {
  const line = lineOf?.(path);
  return { path: pathText(path), problem, remedy, ...(line === undefined ? {} : { line }) };
}

/** `candidates[3].qualityBps`. */
export function pathText(path: JsonPath): string {
  return path.map((part, at) => (typeof part === "number" ? `[${part}]` : at === 0 ? part : `.${part}`)).join("");
}

/** The members of a value, whatever it is: none of something that is not an object. */
export function membersOf(value: unknown): { readonly [key: string]: unknown } {
  const isObject = typeof value === "object" && value !== null && !Array.isArray(value);
  return isObject ? (value as { readonly [key: string]: unknown }) : {};
}

/** The items of a value, whatever it is: none of something that is not a list. */
export function itemsOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function valueAt(value: unknown, path: JsonPath): unknown {
  return path.reduce<unknown>(
    (at, part) => (at === undefined ? at : (itemsOf(at)[Number(part)] ?? membersOf(at)[part])),
    value,
  );
}

/** Of a value that may be one of several: what is wrong within the one it looks like; or else all that it may be. */
function withinUnion(issue: z.core.$ZodIssue): readonly z.core.$ZodIssue[] {
  if (issue.code !== "invalid_union") return [issue];
  const isInside = ({ path, code }: z.core.$ZodIssue): boolean => path.length > 0 || code === "unrecognized_keys";
  const alike = issue.errors.find((issues) => issues.some(isInside));
  if (alike !== undefined)
    return alike.flatMap((each) => withinUnion({ ...each, path: [...issue.path, ...each.path] }));
  const message = issue.errors.flatMap(([first]) => (first === undefined ? [] : messageOf(first))).join(", or ");
  return [{ ...issue, message }];
}

function messageOf(issue: z.core.$ZodIssue): string {
  return issue.code === "custom" ? issue.message : wantedOf(issue);
}

function wantedOf(issue: z.core.$ZodIssue): string {
  if (issue.code === "too_big") return `at most ${issue.maximum} of them`;
  if (issue.code === "too_small") return `at least ${issue.minimum} of them`;
  if (issue.code === "invalid_type") return WANTED[issue.expected] ?? `a value of type ${issue.expected}`;
  return issue.message;
}

const WANTED: Readonly<Record<string, string>> = { object: "an object", record: "an object", array: "a list" };

function capital(words: string): string {
  return words.charAt(0).toUpperCase() + words.slice(1);
}
