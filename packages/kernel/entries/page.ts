/**
 * The tables of docs/formats.md that the field tables say: members in order, what they hold, when they are left out, and the
 * bytes that they take.
 * @module
 */
import { DECISION_FIELDS, ENTRY_TABLES } from "../src/index.ts";
import { CAUSED_FIELDS } from "../src/actor.ts";
import type { Field } from "../src/entry-table.ts";
import type { JsonSchema } from "../src/entry-value.ts";
import { RECOMMENDATION_FIELDS } from "../src/recommendation.ts";
import { REQUEST_FIELDS } from "../src/request-json.ts";
import { CANDIDATE_FIELDS, LEARNING_FIELDS, SNAPSHOT_FIELDS } from "../src/snapshot-fields.ts";
import { bytesText, memberBytes } from "./bytes.ts";
import { KINDS } from "./schema.ts";

interface Row {
  readonly key: string;
  readonly holds: string;
  readonly leftOut: string | undefined;
  readonly schema: JsonSchema;
}

/** Each part of the page that is generated, by its name. */
export function generatedParts(): { readonly [part: string]: string } {
  return {
    cause: tableText(rowsOf(CAUSED_FIELDS)),
    entries: KINDS.flatMap((kind) => (kind === "decision" ? [] : kindText(kind))).join("\n\n"),
    decision: tableText(DECISION_FIELDS.map((field) => ({ ...field, leftOut: field.leftOut }))),
    request: tableText(rowsOf(REQUEST_FIELDS)),
    snapshot: tableText(rowsOf(SNAPSHOT_FIELDS)),
    learning: tableText(rowsOf(LEARNING_FIELDS)),
    candidate: tableText(rowsOf(CANDIDATE_FIELDS)),
    recommendation: tableText(rowsOf(RECOMMENDATION_FIELDS)),
  };
}

/** The page with its generated parts as they should be: each stands between `<!-- NAME -->` and `<!-- /NAME -->`. */
export function withParts(page: string, parts: { readonly [part: string]: string } = generatedParts()): string {
  return Object.entries(parts).reduce((text, [name, part]) => {
    const [from, to] = [`<!-- ${name} -->`, `<!-- /${name} -->`];
    const [start, end] = [text.indexOf(from), text.indexOf(to)];
    if (start === -1 || end === -1) throw new Error(`the page has no part ${name}`);
    return `${text.slice(0, start + from.length)}\n\n${part}\n\n${text.slice(end)}`;
  }, page);
}

function kindText(kind: Exclude<(typeof KINDS)[number], "decision">): readonly string[] {
  const { says, forms } = ENTRY_TABLES[kind];
  return [
    `#### \`${kind}\``,
    `${says}${"actor" in (forms[0]?.fields ?? {}) ? " Its cause follows the members below." : ""}`,
    ...forms.map(({ fields }) => tableText(rowsOf(fields).filter(({ key }) => !(key in CAUSED_FIELDS)))),
  ].filter((text) => text !== "");
}

function rowsOf(fields: { readonly [key: string]: Field<never> | Field<unknown> }): readonly Row[] {
  return Object.entries(fields).map(([key, { type, holds, leftOut }]) => ({
    key,
    holds,
    leftOut,
    schema: type.schema,
  }));
}

function tableText(rows: readonly Row[]): string {
  const cells = rows.map(({ key, holds, leftOut, schema }) => [
    `\`${key}\``,
    `${holds}${valuesText(schema, holds)}`,
    leftOut ?? "never",
    bytesText(memberBytes(key, schema)),
  ]);
  const all = [["member", "holds", "left out when", "bytes"], ...cells];
  const widths = [0, 1, 2, 3].map((column) => Math.max(...all.map((row) => [...(row[column] ?? "")].length)));
  const line = (row: readonly string[]): string =>
    `| ${row.map((cell, column) => cell + " ".repeat((widths[column] ?? 0) - [...cell].length)).join(" | ")} |`;
  const [head = [], ...body] = all;
  return [line(head), `| ${widths.map((width) => "-".repeat(width)).join(" | ")} |`, ...body.map(line)].join("\n");
}

/** The values of an enumeration, unless the text names them. */
function valuesText(schema: JsonSchema, holds: string): string {
  const list = (schema["items"] as JsonSchema | undefined)?.["enum"] ?? schema["enum"] ?? [schema["const"]];
  const values = (list as readonly unknown[]).filter((value) => typeof value === "string");
  if (values.length === 0 || values.every((value) => holds.includes(`\`${value}\``) || holds.includes(`"${value}"`)))
    return "";
  return `: ${values.map((value) => `\`"${value}"\``).join(", ")}`;
}
