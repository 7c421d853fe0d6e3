/**
 * The schema of a configuration file, generated from the table of options.
 * @module
 */
import { field, text, whole } from "@calybris/engine/internal";
import { z } from "zod";
import { SCOPES } from "../keys/scope.ts";
import { CALL_SHAPES } from "./call-config.ts";
import { OPTIONS, type OptionKind, type ServiceOption } from "./options.ts";

const oneOf = (values: readonly string[], what: string): z.ZodType =>
  field((value) => values.includes(value as string), `${values.map((value) => `"${value}"`).join(" or ")} (${what})`, {
    enum: values,
  });

const KEY_SHAPE: z.ZodType = z.strictObject({
  name: text(128, "what people call the key"),
  scopes: z.array(oneOf(SCOPES, "what the key may do")).min(1).max(SCOPES.length),
  sha256: field(
    (value) => typeof value === "string" && /^[0-9a-f]{64}$/.test(value),
    "64 hexadecimal digits (the SHA-256 of the key)",
    { type: "string", pattern: "^[0-9a-f]{64}$" },
  ),
  perSecond: whole(1, 10_000_000, "requests a second").optional(),
  tenants: z.array(text(128, "a tenant it may act for")).min(1).max(10_000).optional(),
});

function schemaOf(kind: OptionKind, what: string): z.ZodType {
  switch (kind.is) {
    case "text":
      return text(kind.max, what);
    case "whole":
      return whole(kind.min, kind.max, what);
    case "one of":
      return oneOf(kind.values, what);
    case "texts":
      return z.array(text(2_048, what)).max(kind.max);
    case "keys":
      return z.array(KEY_SHAPE).max(kind.max);
    case "list":
      return z.array(CALL_SHAPES[kind.of]).max(kind.max);
  }
}

/** Options by section; options at the top of the file form the section "". */
export function bySection(): ReadonlyMap<string, readonly ServiceOption[]> {
  return Map.groupBy(OPTIONS, ({ path }) => (path.includes(".") ? path.slice(0, path.indexOf(".")) : ""));
}

export function keyOf({ path }: ServiceOption): string {
  return path.slice(path.indexOf(".") + 1);
}

export const configSchema: z.ZodType = z.strictObject({
  $schema: text(2_000, "a schema for editors").optional(),
  ...Object.fromEntries(
    [...bySection()].flatMap(([section, options]) => {
      const members = options.map((option): [string, z.ZodType] => [
        keyOf(option),
        schemaOf(option.kind, option.what).optional(),
      ]);
      return section === "" ? members : [[section, z.strictObject(Object.fromEntries(members)).optional()]];
    }),
  ),
});
