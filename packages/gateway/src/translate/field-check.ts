/**
 * The table of fields, applied: what a request needs of a model, and what keeps it in its dialect.
 * @module
 */
import type { ExactJson } from "@calybris/kernel";
import { GatewayError } from "../gateway-errors.ts";
import type { AnswerDialect } from "../wire/dialect.ts";
import { type Capability, dispositionIn, type FieldTable } from "./request-fields.ts";

export type ExactObject = { readonly [name: string]: ExactJson };

/** The error for what the other dialect cannot say: the path names it. */
export function untranslatable(path: string, problem: string): GatewayError {
  const remedy = "Leave it out, or allow only models of the request's own dialect.";
  return new GatewayError("CAL_GATEWAY_UNTRANSLATABLE", { mistakes: [{ path, problem, remedy }] });
}

/**
 * @throws GatewayError `CAL_GATEWAY_UNTRANSLATABLE` naming the first field that is refused, or that the table does not know.
 */
export function requireTranslatable(request: ExactObject, table: FieldTable, target: AnswerDialect): void {
  for (const [field] of asked(request, table)) {
    const rule = Object.hasOwn(table, field) ? table[field] : undefined;
    if (rule === undefined) throw untranslatable(field, "is unknown to this version");
    if (dispositionIn(rule, target) === "refused")
      throw untranslatable(field, "has no counterpart in the other dialect");
  }
}

/** What a model must be able to do to serve the request, by its top-level fields. */
export function neededCapabilities(request: ExactObject, table: FieldTable): ReadonlySet<Capability> {
  return new Set(
    asked(request, table).flatMap(([field]) => (Object.hasOwn(table, field) ? (table[field]?.gate ?? []) : [])),
  );
}

/** Fields that ask for something. */
function asked(request: ExactObject, table: FieldTable): readonly (readonly [string, ExactJson])[] {
  return Object.entries(request).filter(([field, value]) => {
    const neutral = Object.hasOwn(table, field) ? (table[field]?.neutral ?? []) : [];
    return value !== null && !neutral.some((one) => JSON.stringify(one) === exactText(value));
  });
}

/**
 * JSON from a value that was read exactly.
 *
 * @throws GatewayError `CAL_GATEWAY_UNTRANSLATABLE` for a number that no exact value stands for.
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
