/**
 * Finds the schema at a path inside another schema.
 * @module
 */
import type { JsonPath } from "@calybris/engine/internal";
import { z } from "zod";

export function schemaAt(schema: z.ZodType, path: JsonPath): z.ZodType | undefined {
  return path.reduce<z.ZodType | undefined>((inner, part) => memberOf(inner, part), schema);
}

function memberOf(schema: z.ZodType | undefined, part: string | number): z.ZodType | undefined {
  const bare = unwrapped(schema);
  if (bare instanceof z.ZodObject) return (bare.shape as { readonly [key: string]: z.ZodType })[part];
  if (bare instanceof z.ZodArray) return bare.element as z.ZodType;
  if (bare instanceof z.ZodRecord) return bare.valueType as z.ZodType;
  return undefined;
}

function unwrapped(schema: z.ZodType | undefined): z.ZodType | undefined {
  return schema instanceof z.ZodOptional || schema instanceof z.ZodNullable
    ? unwrapped(schema.unwrap() as z.ZodType)
    : schema;
}
