/**
 * A minimal value for a JSON Schema, for the features that schemas of tools and answers use, so that the mock's structured
 * answers and tool calls parse.
 * @module
 */
import { asList, asObject } from "../wire/stream-sights.ts";

const DEPTH_MAX = 16;

export function schemaInstance(schema: unknown, text: string, depth = 0): unknown {
  const given = asObject(schema) ?? {};
  const inner = (one: unknown): unknown => (depth < DEPTH_MAX ? schemaInstance(one, text, depth + 1) : null);
  if (Array.isArray(given["enum"])) return given["enum"][0];
  if ("const" in given) return given["const"];
  const either = asList(given["anyOf"] ?? given["oneOf"]);
  if (either.length > 0) return inner(either[0]);
  switch (asList(given["type"])[0] ?? given["type"]) {
    case "string":
      return text;
    case "integer":
    case "number":
      return typeof given["minimum"] === "number" ? given["minimum"] : 0;
    case "boolean":
      return false;
    case "null":
      return null;
    case "array":
      return Array.from({ length: Math.min(Number(given["minItems"] ?? 0), 8) }, () => inner(given["items"]));
    default: {
      const properties = asObject(given["properties"]) ?? {};
      const required = asList(given["required"]).map(String);
      return Object.fromEntries(required.map((name) => [name, inner(properties[name])]));
    }
  }
}
