/**
 * Applies the field table: the capabilities that a request needs, and the fields that prevent a translation.
 * @module
 */
import type { ExactJson } from "@calybris/kernel";
import { GatewayError } from "../gateway-errors.ts";
import type { AnswerDialect } from "../wire/dialect.ts";
import { type Capability, dispositionIn, type FieldTable } from "./request-fields.ts";

export type ExactObject = { readonly [name: string]: ExactJson };

/** The error for a field at `path` that the other dialect cannot express. */
export function untranslatable(path: string, problem: string): GatewayError {
  const remedy = "Leave it out, or allow only models of the request's own dialect.";
  return new GatewayError("CAL_GATEWAY_UNTRANSLATABLE", { mistakes: [{ path, problem, remedy }] });
}

/**
 * @throws GatewayError `CAL_GATEWAY_UNTRANSLATABLE` naming the first field that is refused or not in the table.
 */
export function requireTranslatable(request: ExactObject, table: FieldTable, target: AnswerDialect): void {
  for (const [field] of asked(request, table)) {
    const rule = Object.hasOwn(table, field) ? table[field] : undefined;
    if (rule === undefined) throw untranslatable(field, "is unknown to this version");
    if (dispositionIn(rule, target) === "refused")
      throw untranslatable(field, "has no counterpart in the other dialect");
  }
}

/** The capabilities that a model needs to serve the request, by its top-level fields. */
export function neededCapabilities(request: ExactObject, table: FieldTable): ReadonlySet<Capability> {
  return new Set(
    asked(request, table).flatMap(([field]) => (Object.hasOwn(table, field) ? (table[field]?.gate ?? []) : [])),
  );
}

/** Fields with a value that is not neutral. */
function asked(request: ExactObject, table: FieldTable): readonly (readonly [string, ExactJson])[] {
  return Object.entries(request).filter(([field, value]) => {
    const neutral = Object.hasOwn(table, field) ? (table[field]?.neutral ?? []) : [];
    return value !== null && !neutral.some((one) => JSON.stringify(one) === exactText(value));
  });
}

/**
 * Writes an exact value as JSON.
 *
 * @throws GatewayError `CAL_GATEWAY_UNTRANSLATABLE` for a number without an exact value.
 */
export function exactText(value: ExactJson): string {
  if (typeof value === "bigint") return value.toString();
  if (typeof value === "number" && !Number.isFinite(value))
    throw untranslatable("", "has a number that cannot be kept exactly");
  if (Array.isArray(value)) return `[${value.map(exactText).join(",")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const members = Object.entries(value).filter(([, member]) => member !== undefined);
  return `{${members.map(([name, member]) => `${JSON.stringify(name)}:${exactText(member)}`).join(",")}}`;
}
