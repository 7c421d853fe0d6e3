/**
 * The fields of the ledger's and the learner's commands: any value becomes either a value in its range, or a mistake that
 * names the field.
 * @module
 */
import { EngineError } from "../engine-errors.ts";
import { I64_MAX, isDigest, isName, type Microcents, type Mistake, NAME_WANTED } from "@calybris/kernel";
import { Mistakes, showValue } from "./mistakes.ts";

/** A valid value, or the mistake. */
export type Field<Value> = { readonly value: Value } | { readonly mistake: Mistake };

/** An amount in microcents, from `least` to 2^63−1: a safe integer, a `bigint`, or digits in quotes. */
export function amountField(path: string, given: unknown, least: bigint): Field<Microcents> {
  const exact = exactAmount(given);
  if (exact !== undefined && exact >= least && exact <= I64_MAX) return { value: exact as Microcents };
  const remedy = `Send whole microcents from ${least} to 2^63 − 1; beyond 2^53 as digits in quotes.`;
  return { mistake: { path, problem: given === undefined ? "is missing" : `is ${showValue(given)}`, remedy } };
}

/** Whether a whole number from 0 to `most` was given. */
export function isWhole(given: unknown, most: number): given is number {
  return Number.isSafeInteger(given) && !Object.is(given, -0) && (given as number) >= 0 && (given as number) <= most;
}

/** A whole number from 0. */
export function wholeField(path: string, given: unknown, most: number): Field<number> {
  if (isWhole(given, most)) return { value: given };
  return { mistake: { path, problem: `is ${showValue(given)}`, remedy: `Send a whole number from 0 to ${most}.` } };
}

/** A name or an id: 1 to 128 printable characters. */
export function nameField(path: string, given: unknown): Field<string> {
  if (isName(given)) return { value: given };
  const problem = given === undefined ? "is missing" : `is ${showValue(given)}`;
  return { mistake: { path, problem, remedy: `Send ${NAME_WANTED}.` } };
}

/** SHA-256 in hexadecimal. */
export function digestField(path: string, given: unknown): Field<string> {
  if (isDigest(given)) return { value: given };
  return { mistake: { path, problem: `is ${showValue(given)}`, remedy: "Send 64 hexadecimal digits in lower case." } };
}

export function oneOfField<Value extends string>(path: string, given: unknown, values: readonly Value[]): Field<Value> {
  const value = values.find((known) => known === given);
  if (value !== undefined) return { value };
  const problem = given === undefined ? "is missing" : `is ${showValue(given)}`;
  return { mistake: { path, problem, remedy: `Send one of ${values.join(", ")}.` } };
}

export function flagField(path: string, given: unknown): Field<boolean> {
  if (typeof given === "boolean") return { value: given };
  return { mistake: { path, problem: `is ${showValue(given)}`, remedy: "Send true or false, or leave it out." } };
}

/** An optional field. */
export function optionalField<Value>(given: unknown, field: Field<Value>): Field<Value | undefined> {
  return given === undefined ? { value: undefined } : field;
}

/** A mistake for each unknown field of a command. */
export function unknownFields(command: object, known: readonly string[]): readonly Mistake[] {
  const mistakes = new Mistakes();
  for (const key in command) {
    if (mistakes.isFull) break;
    if (!known.includes(key)) mistakes.add([key], "is an unknown field", mistakes.remedyFor(key, known));
  }
  return mistakes.list;
}

/**
 * The values, if all fields are valid.
 *
 * @param unknown - mistakes for unknown fields.
 * @throws CalybrisError `CAL_LEDGER_INVALID`, or the given code, with every mistake at once.
 */
export function refuseMistakes<Fields extends { readonly [key: string]: Field<unknown> }>(
  fields: Fields,
  code: "CAL_LEDGER_INVALID" | "CAL_OUTCOME_INVALID" = "CAL_LEDGER_INVALID",
  unknown: readonly Mistake[] = [],
): { readonly [Key in keyof Fields]: Fields[Key] extends Field<infer Value> ? Value : never } {
  const mistakes: Mistake[] = [...unknown];
  const values: { [key: string]: unknown } = {};
  for (const key in fields) {
    const field = fields[key] as Field<unknown>;
    if ("mistake" in field) mistakes.push(field.mistake);
    else values[key] = field.value;
  }
  if (mistakes.length > 0) throw new EngineError(code, { mistakes });
  return values as { readonly [Key in keyof Fields]: Fields[Key] extends Field<infer Value> ? Value : never };
}

function exactAmount(given: unknown): bigint | undefined {
  if (typeof given === "bigint") return given;
  if (typeof given === "number")
    return Number.isSafeInteger(given) && !Object.is(given, -0) ? BigInt(given) : undefined;
  return typeof given === "string" && /^[0-9]{1,19}$/.test(given) ? BigInt(given) : undefined;
}
