/**
 * Lists of names, and checks that a name is listed, in constant time for each name.
 * @module
 */
import type { JsonPath } from "@calybris/kernel";
import { itemsOf } from "./members.ts";
import { type Mistakes, showValue } from "./mistakes.ts";

/** A list of names as written, with an index. */
export class ListedNames {
  readonly items: readonly unknown[];
  readonly #names: ReadonlySet<unknown>;
  #texts: readonly string[] | undefined;

  /** @param most - a longer list counts as empty: its length is reported elsewhere. */
  constructor(value: unknown, most: number) {
    this.items = itemsOf(value).length > most ? [] : itemsOf(value);
    this.#names = new Set(this.items);
  }

  has(name: unknown): boolean {
    return this.#names.has(name);
  }

  /** Adds a mistake if a name is not listed. */
  checkListed(name: unknown, mistakes: Mistakes, at: JsonPath): void {
    if (typeof name !== "string" || this.has(name) || mistakes.isFull) return;
    this.#texts ??= this.items.filter((item) => typeof item === "string");
    mistakes.add(at, `is ${showValue(name)}, which is not listed`, mistakes.remedyFor(name, this.#texts));
  }

  /** Adds a mistake for each duplicate. */
  checkDistinct(mistakes: Mistakes, at: JsonPath): void {
    if (this.#names.size === this.items.length) return;
    const firstOf = new Map<unknown, number>();
    for (const [index, item] of this.items.entries()) {
      if (mistakes.isFull) return;
      const first = firstOf.get(item);
      if (first === undefined) firstOf.set(item, index);
      else
        mistakes.add([...at, index], `is ${showValue(item)}, a duplicate of number ${first}`, "Write each name once.");
    }
  }
}
