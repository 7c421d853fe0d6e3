/**
 * Members of an entry, read as strictly as they are written. What is not there, of another type or out of range throws a
 * RangeError that names the member; whoever reads the entry says which one it was.
 * @module
 */
import { CalybrisError } from "./errors.ts";
import { type ExactJson, exactInteger } from "./exact-json.ts";
import { I64_MAX, type Microcents, microcents, U16_MAX } from "./units.ts";
import { isDigest } from "./names.ts";

export type Members = { readonly [key: string]: ExactJson };

export function text(members: Members, key: string): string {
  const value = members[key];
  if (typeof value !== "string" || value === "") throw new RangeError(`${key} is not a non-empty string`);
  return value;
}

export function oneOf<Value extends string>(members: Members, key: string, values: readonly Value[]): Value {
  const value = values.find((known) => known === members[key]);
  if (value === undefined) throw new RangeError(`${key} is not one of ${values.join(", ")}`);
  return value;
}

/** A whole number that a double holds. */
export function integer(value: ExactJson | undefined, key: string): number {
  if (typeof value !== "number" || !Number.isSafeInteger(value)) throw new RangeError(`${key} is not an integer`);
  return value;
}

/** A whole number from 0. */
export function whole(members: Members, key: string): number {
  const value = integer(members[key], key);
  if (value < 0) throw new RangeError(`${key} is negative`);
  return value;
}

/** Microcents from 0 to 2^63−1. */
export function amount(members: Members, key: string): Microcents {
  const value = exactInteger(members[key]);
  if (value === undefined || value < 0n || value > I64_MAX) throw new RangeError(`${key} is not an amount`);
  return microcents(value);
}

/** An integer of 64 bits, signed or not. */
export function exact(members: Members, key: string): bigint {
  const value = exactInteger(members[key]);
  if (value === undefined) throw new RangeError(`${key} is not an exact integer`);
  return value;
}

/** A whole number of 16 bits. */
export function u16(members: Members, key: string): number {
  const value = whole(members, key);
  if (value > U16_MAX) throw new RangeError(`${key} is above ${U16_MAX}`);
  return value;
}

/** SHA-256 in hexadecimal. */
export function digest(members: Members, key: string): string {
  const value = members[key];
  if (!isDigest(value)) throw new RangeError(`${key} is no digest`);
  return value;
}

/** An object, whose own members are read next. */
export function object(members: Members, key: string): Members {
  const value = members[key];
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw new RangeError(`${key} is no object`);
  return value as Members;
}

/** A member that may be left out: nothing, or an object that has it. */
export function optional<Key extends string, Value>(
  members: Members,
  key: Key,
  read: (members: Members, key: Key) => Value,
): { readonly [Name in Key]?: Value } {
  return members[key] === undefined ? {} : ({ [key]: read(members, key) } as { readonly [Name in Key]?: Value });
}

export function list(members: Members, key: string): readonly ExactJson[] {
  const value = members[key];
  if (!Array.isArray(value)) throw new RangeError(`${key} is not a list`);
  return value;
}

export function integers(members: Members, key: string): readonly number[] {
  return list(members, key).map((value) => integer(value, key));
}

export function malformed(journalSequence: number, problem: string): CalybrisError {
  return new CalybrisError("CAL_JOURNAL_ENTRY_MALFORMED", { sequence: journalSequence, problem });
}
