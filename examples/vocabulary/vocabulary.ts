/**
 * A product's own words, plugged in as data: a pack says which of its fields is which of ours, and which of its values is
 * which of our names. This file knows no product, and the engine knows neither this file nor any pack.
 * @module
 */
import { membersOf, readJsonFile } from "@calybris/engine/internal";

type Plain = string | number | boolean | null | readonly Plain[] | { readonly [key: string]: Plain };
export type Row = { readonly [key: string]: Plain };

/** A field; the same in every record; or a field whose values have other names here. */
type Source =
  | string
  | { readonly const: Plain }
  | { readonly from: string; readonly names: { readonly [value: string]: Plain }; readonly otherwise?: Plain };

/** What our fields are filled from. `features` has names of its own. */
export type Translation = { readonly [field: string]: Source | { readonly [feature: string]: Source } };

export interface Pack {
  readonly product: string;
  /** Our word, theirs. */
  readonly words: Readonly<Record<"candidate" | "tier" | "request" | "outcome" | "tenant", string>>;
  /** As in a policy file: use cases and catalog are theirs as well. */
  readonly policy: Row;
  /** As in a file of budgets: whose money it is, under names of theirs. */
  readonly budgets: Row;
  readonly request: Translation;
  readonly outcome: Translation;
}

/** Fields that hold a list, so that one value, or a list of them, is taken alike. */
const LISTS: readonly string[] = ["signals", "capabilities", "providers", "regions"];

export async function readPack(file: string): Promise<Pack> {
  const { value } = await readJsonFile(file);
  return membersOf(value) as unknown as Pack;
}

/** A record of the product as a request or an outcome of ours. What the record does not say is left out. */
export function translate(translation: Translation, record: Row): Row {
  const translated: Record<string, Plain> = {};
  for (const [field, source] of Object.entries(translation)) {
    const value = isSource(source) ? valueFrom(source, record, LISTS.includes(field)) : translate(source, record);
    if (value !== undefined) translated[field] = value;
  }
  return translated;
}

function isSource(source: Translation[string]): source is Source {
  return typeof source === "string" || "const" in source || "names" in source;
}

function valueFrom(source: Source, record: Row, isList: boolean): Plain | undefined {
  if (typeof source === "string") return record[source];
  if ("const" in source) return source.const;
  const found = record[source.from];
  const named = (value: Plain): Plain | undefined => source.names[String(value)] ?? source.otherwise;
  if (!isList) return found === undefined ? source.otherwise : named(found);
  if (found === undefined) return undefined;
  const values = Array.isArray(found) ? (found as readonly Plain[]) : [found];
  return values.map(named).filter((value) => value !== undefined);
}
