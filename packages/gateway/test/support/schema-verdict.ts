/**
 * Whether a value is one by a JSON Schema, as far as this service's schemas go: the second opinion that a hand-written
 * check is held to.
 * @module
 */
import type { JsonSchema } from "../../src/http/openapi.ts";

export type Schemas = { readonly [name: string]: JsonSchema };

export function isValid(value: unknown, schema: JsonSchema, schemas: Schemas): boolean {
  const reference = schema["$ref"];
  if (typeof reference === "string")
    return isValid(value, schemas[reference.slice(reference.lastIndexOf("/") + 1)] as JsonSchema, schemas);
  const either = schema["anyOf"] as readonly JsonSchema[] | undefined;
  if (either !== undefined) return either.some((one) => isValid(value, one, schemas));
  const values = schema["enum"] as readonly unknown[] | undefined;
  if (values !== undefined) return values.includes(value);
  const types = schema["type"] === undefined ? [] : [schema["type"]].flat();
  if (types.length > 0 && !types.some((type) => hasType(value, type))) return false;
  return isInRange(value, schema) && partsAreValid(value, schema, schemas);
}

function hasType(value: unknown, type: unknown): boolean {
  switch (type) {
    case "integer":
      return typeof value === "bigint" || (typeof value === "number" && Number.isInteger(value));
    case "array":
      return Array.isArray(value);
    case "object":
      return typeof value === "object" && value !== null && !Array.isArray(value);
    case "null":
      return value === null;
    default:
      return typeof value === type;
  }
}

function isInRange(value: unknown, schema: JsonSchema): boolean {
  const bound = (key: string, otherwise: number): number => (schema[key] as number | undefined) ?? otherwise;
  if (typeof value === "number" || typeof value === "bigint")
    return value >= bound("minimum", Number.NEGATIVE_INFINITY) && value <= bound("maximum", Number.POSITIVE_INFINITY);
  if (typeof value === "string")
    return (
      value.length >= bound("minLength", 0) &&
      value.length <= bound("maxLength", Number.POSITIVE_INFINITY) &&
      new RegExp((schema["pattern"] as string | undefined) ?? "", "u").test(value)
    );
  if (Array.isArray(value))
    return value.length >= bound("minItems", 0) && value.length <= bound("maxItems", Number.POSITIVE_INFINITY);
  return true;
}

function partsAreValid(value: unknown, schema: JsonSchema, schemas: Schemas): boolean {
  if (Array.isArray(value))
    return (
      schema["items"] === undefined || value.every((item) => isValid(item, schema["items"] as JsonSchema, schemas))
    );
  if (typeof value !== "object" || value === null) return true;
  const properties = (schema["properties"] ?? {}) as Schemas;
  const others = schema["additionalProperties"];
  const required = (schema["required"] ?? []) as readonly string[];
  if (!required.every((key) => Object.hasOwn(value, key))) return false;
  return Object.entries(value).every(([key, member]) => {
    const property = Object.hasOwn(properties, key) ? properties[key] : undefined;
    if (property !== undefined) return isValid(member, property, schemas);
    if (others === false) return false;
    return typeof others !== "object" || others === null || isValid(member, others as JsonSchema, schemas);
  });
}
