/**
 * Compares the expected and the found content of an entry by their JSON, which is only written if they may differ.
 * @module
 */
import { writeExact } from "@calybris/kernel";
import type { Report } from "../report.ts";

/** Reports a difference. Both values must have their members in the same order. */
export function same(what: string, expected: unknown, found: unknown, report: Report): void {
  if (isEqual(expected, found)) return;
  const [one, other] = [writeExact(expected), writeExact(found)];
  if (one !== other) report("learning", `${what} ${one}`, `${what} ${other}`);
}

/**
 * True only if the compact JSON of both values is the same, given the same member order; `undefined` members count as left
 * out. False is inconclusive: the two texts are then compared. For numbers that are not exact integers, either result is
 * possible.
 */
export function isEqual(one: unknown, other: unknown): boolean {
  if (one === other) return true;
  if (typeof one !== "object" || typeof other !== "object" || one === null || other === null) return false;
  if (Array.isArray(one)) return Array.isArray(other) && areEqual(one, other);
  return !Array.isArray(other) && haveEqualMembers(one as Members, other as Members);
}

interface Members {
  readonly [key: string]: unknown;
}

function areEqual(one: readonly unknown[], other: readonly unknown[]): boolean {
  if (one.length !== other.length) return false;
  for (let at = 0; at < one.length; at++) if (!isEqual(one[at], other[at])) return false;
  return true;
}

function haveEqualMembers(one: Members, other: Members): boolean {
  for (const key in one) if (!isEqual(one[key], other[key])) return false;
  for (const key in other) if (other[key] !== undefined && one[key] === undefined) return false;
  return true;
}
