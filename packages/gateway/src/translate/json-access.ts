/**
 * Reads values of a request; errors for values of an unexpected type name the path.
 * @module
 */
import type { ExactJson } from "@calybris/kernel";
import { type ExactObject, untranslatable } from "./field-check.ts";

export function objectAt(value: ExactJson | undefined, path: string): ExactObject {
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw untranslatable(path, "is not an object");
  return value as ExactObject;
}

export function listAt(value: ExactJson | undefined, path: string): readonly ExactJson[] {
  if (!Array.isArray(value)) throw untranslatable(path, "is not a list");
  return value;
}

export function textAt(value: ExactJson | undefined, path: string): string {
  if (typeof value !== "string") throw untranslatable(path, "is not a text");
  return value;
}

/** `undefined` for `null` and for absent values. */
export function given<T>(
  value: ExactJson | undefined,
  path: string,
  read: (value: ExactJson, path: string) => T,
): T | undefined {
  return value === undefined || value === null ? undefined : read(value, path);
}

export function numberAt(value: ExactJson, path: string): number {
  if (typeof value !== "number" || !Number.isFinite(value)) throw untranslatable(path, "is not a number");
  return value;
}

export function booleanAt(value: ExactJson, path: string): boolean {
  if (typeof value !== "boolean") throw untranslatable(path, "is not true or false");
  return value;
}

/** Refuses members other than the known ones, unless they are `null` or an empty list, as in answers. */
export function onlyMembers(object: ExactObject, path: string, ...known: readonly string[]): void {
  for (const [name, value] of Object.entries(object))
    if (value !== null && !(Array.isArray(value) && value.length === 0) && !known.includes(name))
      throw untranslatable(`${path}.${name}`, "has no counterpart in the other dialect");
}

/** An object with only the known members. */
export function objectWith(value: ExactJson | undefined, path: string, ...known: readonly string[]): ExactObject {
  const object = objectAt(value, path);
  onlyMembers(object, path, ...known);
  return object;
}
