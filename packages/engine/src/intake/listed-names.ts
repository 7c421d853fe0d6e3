/**
 * Lists of names, and names that have to be in one: each is looked up once, however long the lists are.
 * @module
 */
import type { JsonPath } from "@calybris/kernel";
import { itemsOf } from "./members.ts";
import { type Mistakes, showValue } from "./mistakes.ts";

/** A list of names as it was written, and its names to look up. */
export interface Listed {
  readonly items: readonly unknown[];
  readonly names: ReadonlySet<unknown>;
}

/** @param most - a longer list counts as none: its length is a mistake already. */
export function listedIn(value: unknown, most: number): Listed {
  const items = itemsOf(value).length > most ? [] : itemsOf(value);
  return { items, names: new Set(items) };
}

/** Adds a name that is not listed. */
export function checkListed(name: unknown, { items, names }: Listed, mistakes: Mistakes, at: JsonPath): void {
  if (typeof name !== "string" || names.has(name) || mistakes.isFull) return;
  const known = items.filter((item) => typeof item === "string");
  mistakes.add(at, `is ${showValue(name)}, which is not listed`, mistakes.remedyFor(name, known));
}

/** Adds each item of a list that is in it already. */
export function checkDistinct({ items, names }: Listed, mistakes: Mistakes, at: JsonPath): void {
  if (names.size === items.length) return;
  const firstOf = new Map<unknown, number>();
  for (const [index, item] of items.entries()) {
    if (mistakes.isFull) return;
    const first = firstOf.get(item);
    if (first === undefined) firstOf.set(item, index);
    else mistakes.add([...at, index], `is ${showValue(item)}, a duplicate of number ${first}`, "Write each name once.");
  }
}
