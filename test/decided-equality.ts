/**
 * Decisions are read from their records when they are looked at, by accessors that an equality would pass over: they are
 * compared member by member. Loaded before every test file, so it imports nothing of ours.
 * @module
 */
import { expect } from "vitest";

expect.addEqualityTesters([
  function decisions(this: { equals(a: unknown, b: unknown): boolean }, a: unknown, b: unknown): boolean | undefined {
    // An expectation of some members goes by `toMatchObject`, which reads accessors by itself.
    if (!(isRecorded(a) || isRecorded(b)) || !isWhole(a) || !isWhole(b)) return undefined;
    return this.equals(membersOf(a), membersOf(b));
  },
]);

function isRecorded(value: unknown): value is object {
  return typeof value === "object" && value !== null && value.constructor?.name === "RecordedDecision";
}

function isWhole(value: unknown): boolean {
  return isRecorded(value) || (typeof value === "object" && value !== null && "digests" in value);
}

function membersOf(value: unknown): unknown {
  if (!isRecorded(value)) return value;
  const accessors = Object.entries(Object.getOwnPropertyDescriptors(Object.getPrototypeOf(value) as object));
  const read = accessors.filter(([, { get }]) => get !== undefined).map(([name]) => [name, value[name as never]]);
  const { repeated } = value as { readonly repeated?: unknown };
  return Object.fromEntries([...read.filter(([, member]) => member !== undefined), ["repeated", repeated]]);
}
