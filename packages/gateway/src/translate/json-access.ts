/**
 * Reads values of a request by path, and refuses what is not of the expected kind, naming the path.
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

/** `undefined` for `null`, and for what is absent. */
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

/** Refuses members of an object besides those that are read. `null` and an empty list, as answers carry them, are none. */
export function onlyMembers(object: ExactObject, path: string, ...known: readonly string[]): void {
  for (const [name, value] of Object.entries(object))
    if (value !== null && !(Array.isArray(value) && value.length === 0) && !known.includes(name))
      throw untranslatable(`${path}.${name}`, "has no counterpart in the other dialect");
}

/** An object that has no other members than these. */
export function objectWith(value: ExactJson | undefined, path: string, ...known: readonly string[]): ExactObject {
  const object = objectAt(value, path);
  onlyMembers(object, path, ...known);
  return object;
}
