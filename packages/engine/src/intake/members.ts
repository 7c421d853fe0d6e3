/**
 * What a value holds, whatever it is.
 * @module
 */

/** The members of a value: none of something that is not an object. */
export function membersOf(value: unknown): { readonly [key: string]: unknown } {
  return isObject(value) ? value : {};
}

/** The items of a value: none of something that is not a list. */
export function itemsOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

export function isObject(value: unknown): value is { readonly [key: string]: unknown } {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
