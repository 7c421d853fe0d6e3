/**
 * The field table of a kind of entry: its members in order, each with its type, its meaning and when it is left out. The
 * reader and the writer of every kind are driven by its table; the JSON Schema in `conformance/` and the tables of
 * docs/formats.md are generated from it (`npm run build:entries`).
 * @module
 */
import { writeExact } from "./exact-json.ts";
import { type EntryValue, type JsonSchema, type Members, membersOf, refuseUnknown, written } from "./entry-value.ts";
import { TextCursor } from "./text-cursor.ts";

/** One member. */
export interface Field<Value> {
  readonly type: EntryValue<Value>;
  readonly holds: string;
  /** When it is left out; without this it never is. */
  readonly leftOut?: string;
  /** The default: at this value the member is left out, never written. */
  readonly standard?: Value;
}

/** A field for each member of a body, in order. */
export type Fields<Body> = {
  readonly [Key in Exclude<keyof Body, "kind">]-?: Record<never, never> extends Pick<Body, Key>
    ? Field<Exclude<Body[Key], undefined>> & { readonly leftOut: string }
    : Field<Body[Key]> & { readonly leftOut?: never };
};

/** One of the forms of a kind. */
export interface EntryForm {
  readonly fields: { readonly [key: string]: Field<unknown> };
  /** A conflict between members that are valid one by one; `undefined` if there is none. */
  fault?(body: object): string | undefined;
}

export interface EntryTable {
  /** The meaning of an entry of this kind, for docs/formats.md. */
  readonly says: string;
  /** One, or one for each value of the member `change`. */
  readonly forms: readonly EntryForm[];
}

/** Builds a form, type-checked against the body that it is read into. */
export function formOf<Body extends object>(
  fields: Fields<Body>,
  fault?: (body: Body) => string | undefined,
): EntryForm {
  return fault === undefined ? { fields } : { fields, fault: fault as (body: object) => string | undefined };
}

/** Reads the members of a kind. Throws RangeError naming the member; UnknownMember for a member that no form of it has. */
export function readMembers({ forms }: EntryTable, members: Members): object {
  refuseUnknown(members, forms.length === 1 ? (forms[0] as EntryForm).fields : fieldsOf(forms));
  const form = formFor(forms, members["change"]);
  if (form === undefined) throw new RangeError(`change is not one of ${forms.map(changeOf).join(", ")}`);
  for (const key in members) if (!Object.hasOwn(form.fields, key)) throw new RangeError(`${key} is in another form`);
  const body = readFields(form.fields, members, "");
  const fault = form.fault?.(body);
  if (fault !== undefined) throw new RangeError(fault);
  return body;
}

/**
 * Reads an entry of a kind directly from its text, several times as fast as via JSON. It accepts members only in order and
 * in the form in which they are written. A test checks that it agrees with the general reader.
 *
 * @param from - offset in the text, after the kind.
 * @returns `undefined` if the general reader must read it.
 */
export function scanMembers({ forms }: EntryTable, kind: string, data: string, from: number): object | undefined {
  for (const form of forms) {
    const body = scannedForm(form, kind, new TextCursor(data, from));
    if (body !== undefined) return body;
  }
  return undefined;
}

function scannedForm(form: EntryForm, kind: string, cursor: TextCursor): object | undefined {
  const body: { [key: string]: unknown } = { kind };
  for (const { key, before, initial, type, isRequired, standard } of writtenFields(form.fields)) {
    // Most members are left out of most entries; one character is enough to see that.
    if (cursor.has(initial, INITIAL_AHEAD) && cursor.skip(before)) {
      const value = type.scan?.(cursor);
      if (value === undefined || !cursor.holds || value === standard) return undefined;
      body[key] = value;
    } else if (isRequired) return undefined;
  }
  cursor.expect("}");
  return cursor.holds && cursor.isAtEnd && form.fault?.(body) === undefined ? body : undefined;
}

/** The members of a body, in order and each with a comma before it. */
export function memberText({ forms }: EntryTable, body: object): string {
  const form = formFor(forms, (body as { readonly change?: unknown }).change) as EntryForm;
  return fieldText(form.fields, body);
}

/** An object whose members are fields. */
export function objectOf<Body extends object>(fields: Fields<Body>): EntryValue<Body> {
  return {
    schema: objectSchema(fields),
    read: (json, key) => {
      const members = membersOf(json, key);
      refuseUnknown(members, fields, `${key}.`);
      return readFields(fields, members, `${key}.`) as Body;
    },
    write: (value) => `{${fieldText(fields, value).slice(1)}}`,
  };
}

/** An object with arbitrary member names and values of one type. */
export function recordOf<Value>(type: EntryValue<Value>): EntryValue<Readonly<Record<string, Value>>> {
  return {
    schema: { type: "object", additionalProperties: type.schema },
    read: (json, key) =>
      Object.fromEntries(
        Object.entries(membersOf(json, key)).map(([name, value]) => [name, type.read(value, `${key}.${name}`)]),
      ),
    write: (record) =>
      `{${Object.entries(record)
        .map(([name, value]) => `${writeExact(name)}:${written(type, value)}`)
        .join(",")}}`,
  };
}

/** The schema of an object with these members and no others. */
export function objectSchema(
  fields: { readonly [key: string]: Field<unknown> },
  head: { readonly [key: string]: JsonSchema } = {},
): JsonSchema {
  const properties = Object.entries(fields).map(([key, field]) => [key, fieldSchema(field)]);
  const required = Object.entries(fields).flatMap(([key, { leftOut }]) => (leftOut === undefined ? [key] : []));
  return {
    type: "object",
    properties: { ...head, ...Object.fromEntries(properties) },
    required: [...Object.keys(head), ...required],
    additionalProperties: false,
  };
}

function fieldSchema({ type, holds, standard }: Field<unknown>): JsonSchema {
  return { ...type.schema, ...(standard === undefined ? {} : { not: { const: standard } }), description: holds };
}

function formFor(forms: readonly EntryForm[], change: unknown): EntryForm | undefined {
  return forms.length === 1 ? forms[0] : forms.find((form) => changeOf(form) === change);
}

/** The value of `change` that distinguishes a form from the others of its kind. */
function changeOf({ fields }: EntryForm): unknown {
  return fields["change"]?.type.schema["const"];
}

function fieldsOf(forms: readonly EntryForm[]): EntryForm["fields"] {
  return Object.assign({}, ...forms.map(({ fields }) => fields)) as EntryForm["fields"];
}

function readFields(fields: EntryForm["fields"], members: Members, path: string): object {
  const body: { [key: string]: unknown } = {};
  for (const [key, { type, leftOut, standard }] of Object.entries(fields)) {
    const member = members[key];
    if (member === undefined && leftOut !== undefined) continue;
    const value = type.read(member, `${path}${key}`);
    if (standard !== undefined && value === standard) throw new RangeError(`${path}${key} is left out at ${standard}`);
    body[key] = value;
  }
  return body;
}

interface WrittenField {
  readonly key: string;
  /** The text before its value. */
  readonly before: string;
  /** The first character of its key. */
  readonly initial: number;
  readonly type: EntryValue<unknown>;
  readonly isRequired: boolean;
  readonly standard: unknown;
}

/** The first character of a key follows a comma and a quote. */
const INITIAL_AHEAD = 2;

const WRITTEN = new WeakMap<EntryForm["fields"], readonly WrittenField[]>();

function writtenFields(fields: EntryForm["fields"]): readonly WrittenField[] {
  let list = WRITTEN.get(fields);
  if (list === undefined) {
    list = Object.entries(fields).map(([key, { type, leftOut, standard }]) => ({
      key,
      before: `,"${key}":`,
      initial: key.charCodeAt(0),
      type,
      isRequired: leftOut === undefined,
      standard,
    }));
    WRITTEN.set(fields, list);
  }
  return list;
}

function fieldText(fields: EntryForm["fields"], body: object): string {
  const list = writtenFields(fields);
  let text = "";
  for (let at = 0; at < list.length; at++) {
    const { key, before, type } = list[at] as WrittenField;
    const value = (body as { readonly [key: string]: unknown })[key];
    if (value !== undefined) text += before + written(type, value);
  }
  return text;
}
