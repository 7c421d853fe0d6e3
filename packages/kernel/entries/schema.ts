/**
 * The JSON Schema of the data of an entry, from the field tables: one definition for each kind, and for a decision its parts.
 * @module
 */
import { DECISION_FIELDS, type DecisionField, ENTRY_TABLES, type EntryKind } from "../src/index.ts";
import { type EntryForm, type EntryTable, objectSchema } from "../src/entry-table.ts";
import { type JsonSchema, POSITIVE, WHOLE } from "../src/entry-value.ts";

/** Kinds in the order of the documentation. */
export const KINDS: readonly EntryKind[] = Object.freeze([
  "genesis",
  "policy",
  "key",
  "decision",
  "attempt",
  "outcome",
  "settlement",
  "release",
  "hold",
  "expiry",
  "reconciliation",
  "correction",
  "grant",
  "limit",
  "period",
  "belief",
  "regimes",
  "prior",
  "certificate",
  "state",
  "clock",
  "seal",
  "checkpoint",
]);

export function entrySchema(): JsonSchema {
  const kinds = KINDS.map((kind) => [kind, kind === "decision" ? decisionSchema() : kindSchema(kind)] as const);
  return {
    $schema: "https://json-schema.org/draft/2020-12/schema",
    title: "Data of a journal entry, format 2",
    description:
      "Generated from the field tables in packages/kernel/src: npm run build:entries. Integers are exact, up to 64 bits: read them without rounding.",
    oneOf: kinds.map(([kind]) => ({ $ref: `#/$defs/${kind}` })),
    $defs: Object.fromEntries(kinds),
  };
}

/** The schema as the file holds it. */
export function schemaText(): string {
  const exact = (_key: string, value: unknown): unknown => (typeof value === "bigint" ? `${BIG}${value}` : value);
  const text = JSON.stringify(entrySchema(), exact, 2);
  return `${text.replaceAll(new RegExp(`"${BIG}(-?[0-9]+)"`, "g"), "$1")}\n`;
}

/** Before the digits of what JSON.stringify would refuse. */
const BIG = "exact:";

function kindSchema(kind: Exclude<EntryKind, "decision">): JsonSchema {
  const { says, forms }: EntryTable = ENTRY_TABLES[kind];
  const [only, ...others] = forms.map(({ fields }: EntryForm) => objectSchema(fields, headOf(kind)));
  return { description: says, ...(others.length === 0 ? only : { oneOf: [only, ...others] }) };
}

function decisionSchema(): JsonSchema {
  const properties = DECISION_FIELDS.map(({ key, holds, schema }) => [key, { ...schema, description: holds }]);
  const required = DECISION_FIELDS.filter(({ leftOut }: DecisionField) => leftOut === undefined).map(({ key }) => key);
  const head = headOf("decision");
  return {
    description: "A decision, and the reservation that it makes.",
    type: "object",
    properties: { ...head, ...Object.fromEntries(properties) },
    required: [...Object.keys(head), ...required],
    additionalProperties: false,
  };
}

function headOf(kind: EntryKind): { readonly [key: string]: JsonSchema } {
  return { sequence: POSITIVE.schema, durable: WHOLE.schema, at: WHOLE.schema, kind: { const: kind } };
}
