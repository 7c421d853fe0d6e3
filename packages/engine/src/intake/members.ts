/**
 * The members or items of a value of any type.
 * @module
 */

/** The members of an object; empty for any other value. */
export function membersOf(value: unknown): { readonly [key: string]: unknown } {
  return isObject(value) ? value : {};
}

/** The items of a list; empty for any other value. */
export function itemsOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

export function isObject(value: unknown): value is { readonly [key: string]: unknown } {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
