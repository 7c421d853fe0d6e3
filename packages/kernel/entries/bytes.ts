/**
 * How many bytes a value takes as compact JSON, from its schema.
 * @module
 */
import { writeExact } from "../src/index.ts";
import type { JsonSchema } from "../src/entry-value.ts";

export interface Bytes {
  readonly least: number;
  /** `undefined` without a bound. */
  readonly most: number | undefined;
  /** Whether it is text, which takes what it takes. */
  readonly isText?: true;
}

export function bytesOf(schema: JsonSchema): Bytes {
  if ("const" in schema) return exactly(writeExact(schema["const"]).length);
  const values = schema["enum"] as readonly unknown[] | undefined;
  if (values !== undefined) return union(values.map((value) => exactly(writeExact(value).length)));
  const either = (schema["anyOf"] ?? schema["oneOf"]) as readonly JsonSchema[] | undefined;
  if (either !== undefined) return union(either.map(bytesOf));
  switch (schema["type"]) {
    case "boolean":
      return { least: 4, most: 5 };
    case "integer":
      return integerBytes(schema);
    case "string":
      return textBytes(schema);
    case "array":
      return arrayBytes(schema);
    default:
      return objectBytes(schema);
  }
}

/** A member: its comma, its key and a colon beside the value. */
export function memberBytes(key: string, schema: JsonSchema): Bytes {
  return plus(bytesOf(schema), key.length + 4);
}

/** For a person: `16`, `16–20`, `16 or more`, `16 and the text`. */
export function bytesText({ least, most, isText }: Bytes): string {
  if (isText === true) return `${least} + text`;
  if (most === undefined) return `${least}+`;
  return least === most ? `${least}` : `${least}–${most}`;
}

function exactly(bytes: number): Bytes {
  return { least: bytes, most: bytes };
}

function plus({ least, most, isText }: Bytes, bytes: number): Bytes {
  return { least: least + bytes, most: most === undefined ? undefined : most + bytes, ...(isText ? { isText } : {}) };
}

function union(all: readonly Bytes[]): Bytes {
  return { least: Math.min(...all.map(({ least }) => least)), most: largest(all) };
}

function largest(all: readonly Bytes[]): number | undefined {
  return all.some(({ most }) => most === undefined) ? undefined : Math.max(...all.map(({ most }) => most ?? 0));
}

function integerBytes({ minimum, maximum }: JsonSchema): Bytes {
  const lengths = [minimum, maximum].map((bound) => String(bound).length);
  const isAcrossZero = Number(minimum) <= 0;
  return { least: isAcrossZero ? 1 : (lengths[0] as number), most: Math.max(...lengths) };
}

/** A pattern of a fixed length, or text of any. */
function textBytes({ pattern }: JsonSchema): Bytes {
  const [, digits] = /^\^\[[^\]]+\]\{([0-9]+)\}\$$/.exec(String(pattern)) ?? [];
  return digits === undefined ? { least: 2, most: undefined, isText: true } : exactly(Number(digits) + 2);
}

function arrayBytes(schema: JsonSchema): Bytes {
  const parts = schema["prefixItems"] as readonly JsonSchema[] | undefined;
  if (parts !== undefined) return listBytes(parts.map(bytesOf));
  const item = bytesOf(schema["items"] as JsonSchema);
  const [least = 0, most] = [schema["minItems"], schema["maxItems"]] as (number | undefined)[];
  const repeated = (count: number): readonly Bytes[] => new Array<Bytes>(count).fill(item);
  return {
    least: listBytes(repeated(least)).least,
    most: most === undefined ? undefined : listBytes(repeated(most)).most,
  };
}

/** Brackets and commas around the items. */
function listBytes(items: readonly Bytes[]): Bytes {
  const around = 2 + Math.max(0, items.length - 1);
  const least = items.reduce((sum, item) => sum + item.least, around);
  const most = items.reduce<number | undefined>(
    (sum, item) => (sum === undefined || item.most === undefined ? undefined : sum + item.most),
    around,
  );
  return { least, most };
}

function objectBytes(schema: JsonSchema): Bytes {
  const properties = Object.entries((schema["properties"] ?? {}) as { readonly [key: string]: JsonSchema });
  if (properties.length === 0) return { least: 2, most: undefined };
  const required = schema["required"] as readonly string[];
  const all = properties.map(([key, value]) => ({
    isRequired: required.includes(key),
    bytes: memberBytes(key, value),
  }));
  // The first member has no comma before it.
  const least = all.reduce((sum, { isRequired, bytes }) => sum + (isRequired ? bytes.least : 0), 1);
  const most = all.reduce<number | undefined>(
    (sum, { bytes }) => (sum === undefined || bytes.most === undefined ? undefined : sum + bytes.most),
    1,
  );
  const someOptional = required.length === 0 ? Math.min(...all.map(({ bytes }) => bytes.least)) : 0;
  return { least: least + someOptional, most };
}
