/**
 * The value types of entry members. Each reads its value strictly, in the form in which it was written, and describes it as
 * a JSON Schema, which also bounds its size in bytes.
 * @module
 */
import { type ExactJson, exactInteger, writeExact } from "./exact-json.ts";
import { DIGEST_PATTERN, isDigest } from "./names.ts";
import type { TextCursor } from "./text-cursor.ts";
import { BPS_MAX, I64_MAX, I64_MIN, type Microcents, microcents, U16_MAX, U32_MAX, U64_MAX } from "./units.ts";

export type Members = { readonly [key: string]: ExactJson };
export type JsonSchema = { readonly [keyword: string]: unknown };

/** A member that is unknown to this version; a later version may have written it. */
export class UnknownMember extends RangeError {
  readonly member: string;

  constructor(member: string) {
    super(`${member} is unknown`);
    this.member = member;
  }
}

export interface EntryValue<Value> {
  /** Throws RangeError naming the member. */
  read(json: ExactJson | undefined, key: string): Value;
  /** As compact JSON; by default as `writeExact` writes it. */
  write?(value: Value): string;
  /**
   * The same directly from text; refuses every form but the written one. If a type has no `scan`, the general reader reads
   * the entry.
   */
  scan?(cursor: TextCursor): Value;
  readonly schema: JsonSchema;
}

/** A safe integer in a range. */
export function wholeFrom(min: number, max: number = Number.MAX_SAFE_INTEGER): EntryValue<number> {
  return {
    schema: { type: "integer", minimum: min, maximum: max },
    read: (json, key) => {
      if (typeof json !== "number" || !Number.isSafeInteger(json) || json < min || json > max)
        throw new RangeError(`${key} is not an integer from ${min} to ${max}`);
      return json;
    },
    scan: (cursor) => cursor.whole(min, max),
  };
}

export const WHOLE: EntryValue<number> = wholeFrom(0);
export const POSITIVE: EntryValue<number> = wholeFrom(1);
export const SIGNED: EntryValue<number> = wholeFrom(-Number.MAX_SAFE_INTEGER);
export const U16: EntryValue<number> = wholeFrom(0, U16_MAX);
export const U32: EntryValue<number> = wholeFrom(0, U32_MAX);
export const BPS: EntryValue<number> = wholeFrom(0, BPS_MAX);

function exactFrom(min: bigint, max: bigint): EntryValue<bigint> {
  return {
    schema: { type: "integer", minimum: min, maximum: max },
    read: (json, key) => {
      const value = exactInteger(json);
      if (value === undefined || value < min || value > max)
        throw new RangeError(`${key} is not an integer from ${min} to ${max}`);
      return value;
    },
    scan: (cursor) => {
      const value = min < 0n ? cursor.signed() : cursor.unsigned();
      if (value < min || value > max) cursor.refuse();
      return value;
    },
  };
}

/** Integers of 64 bits, without and with a sign. */
export const U64: EntryValue<bigint> = exactFrom(0n, U64_MAX);
export const I64: EntryValue<bigint> = exactFrom(I64_MIN, I64_MAX);

/** Microcents, 0 or 1 to 2^63−1. */
export const AMOUNT: EntryValue<Microcents> = mapped(exactFrom(0n, I64_MAX), microcents);
export const POSITIVE_AMOUNT: EntryValue<Microcents> = mapped(exactFrom(1n, I64_MAX), microcents);

/** Text that is not empty. */
export const TEXT: EntryValue<string> = textWhere(
  (value) => value !== "",
  { type: "string", minLength: 1 },
  "a non-empty string",
);

/** SHA-256 in hexadecimal. */
export const DIGEST: EntryValue<string> = textWhere(
  isDigest,
  { type: "string", pattern: DIGEST_PATTERN },
  "64 lower-case hexadecimal digits",
);

export const FLAG: EntryValue<boolean> = {
  schema: { type: "boolean" },
  read: (json, key) => {
    if (typeof json !== "boolean") throw new RangeError(`${key} is neither true nor false`);
    return json;
  },
  scan: (cursor) => {
    if (cursor.skip("true")) return true;
    cursor.expect("false");
    return false;
  },
};

/** An object that is kept unchanged. */
export const OBJECT: EntryValue<ExactJson> = {
  schema: { type: "object" },
  read: membersOf,
};

/**
 * Text that satisfies a rule.
 *
 * @param wanted - completes "is not …" in an error.
 */
export function textWhere(holds: (value: string) => boolean, schema: JsonSchema, wanted: string): EntryValue<string> {
  return {
    schema,
    read: (json, key) => {
      if (typeof json !== "string" || !holds(json)) throw new RangeError(`${key} is not ${wanted}`);
      return json;
    },
    scan: (cursor) => {
      cursor.expect('"');
      const value = cursor.text();
      if (!cursor.holds || !holds(value)) cursor.refuse();
      return value;
    },
  };
}

export function oneOf<const Value extends string | number | true>(values: readonly Value[]): EntryValue<Value> {
  const texts = values.map((value) => JSON.stringify(value));
  return {
    schema: values.length === 1 ? { const: values[0] } : { enum: values },
    read: (json, key) => {
      const value = values.find((known) => known === json);
      if (value === undefined) throw new RangeError(`${key} is not one of ${values.join(", ")}`);
      return value;
    },
    scan: (cursor) => {
      for (let at = 0; at < texts.length; at++) if (cursor.skip(texts[at] as string)) return values[at] as Value;
      cursor.refuse();
      return values[0] as Value;
    },
  };
}

/**
 * A list.
 *
 * @param rule - a further constraint: as text that completes "is not …", as a check, and as keywords of a schema.
 */
export function listOf<Item>(
  item: EntryValue<Item>,
  rule?: { readonly wanted: string; readonly holds: (items: readonly Item[]) => boolean; readonly schema: JsonSchema },
): EntryValue<readonly Item[]> {
  return {
    schema: { type: "array", items: item.schema, ...rule?.schema },
    read: (json, key) => {
      if (!Array.isArray(json)) throw new RangeError(`${key} is not a list`);
      const items = (json as readonly ExactJson[]).map((each, index) => item.read(each, `${key}[${index}]`));
      if (rule !== undefined && !rule.holds(items)) throw new RangeError(`${key} is not ${rule.wanted}`);
      return items;
    },
    write: (items) => `[${items.map((each) => written(item, each)).join(",")}]`,
    ...(item.scan !== undefined && { scan: (cursor: TextCursor) => scannedList(cursor, item, rule?.holds) }),
  };
}

function scannedList<Item>(
  cursor: TextCursor,
  item: EntryValue<Item>,
  holds: ((items: readonly Item[]) => boolean) | undefined,
): readonly Item[] {
  const items: Item[] = [];
  cursor.expect("[");
  if (!cursor.skip("]")) {
    do items.push(item.scan?.(cursor) as Item);
    while (cursor.holds && cursor.skip(","));
    cursor.expect("]");
  }
  if (!cursor.holds || (holds !== undefined && !holds(items))) cursor.refuse();
  return items;
}

/** A non-empty selection from a list of texts, each at most once and in the order of the list. */
export function someOf<const Value extends string>(values: readonly Value[]): EntryValue<readonly Value[]> {
  return listOf(oneOf(values), {
    wanted: `some of ${values.join(", ")}, in that order`,
    holds: (items) => items.length > 0 && values.filter((value) => items.includes(value)).join() === items.join(),
    schema: { minItems: 1, maxItems: values.length, uniqueItems: true },
  });
}

/** A value as compact JSON. */
export function written<Value>(type: EntryValue<Value>, value: Value): string {
  return type.write === undefined ? writeExact(value) : type.write(value);
}

/** Throws {@link UnknownMember} for a member that is not among `keys`. */
export function refuseUnknown(members: Members, keys: { readonly [key: string]: unknown }, path = ""): void {
  for (const key in members) if (!Object.hasOwn(keys, key)) throw new UnknownMember(`${path}${key}`);
}

/** The members of an object. */
export function membersOf(json: ExactJson | undefined, key: string): Members {
  if (typeof json !== "object" || json === null || Array.isArray(json)) throw new RangeError(`${key} is not an object`);
  return json as Members;
}

function mapped<From, To extends From>(type: EntryValue<From>, map: (value: From) => To): EntryValue<To> {
  const { scan } = type;
  return {
    schema: type.schema,
    read: (json, key) => map(type.read(json, key)),
    ...(scan !== undefined && {
      scan: (cursor: TextCursor) => {
        const value = scan(cursor);
        return cursor.holds ? map(value) : (value as To);
      },
    }),
  };
}
