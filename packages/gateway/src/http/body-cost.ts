/**
 * Limits on the number of members in a body and on the length of its texts. They are checked before the schema, so that the
 * time of that check is bounded.
 * @module
 */
import { CalybrisError, type Mistake } from "@calybris/kernel";
import { GatewayError } from "../gateway-errors.ts";
import type { BodyRule } from "./route-contract.ts";

/** Far longer than any name, ID or amount. */
const TEXT_CHARACTERS_MAX = 4_096;

/** @throws CalybrisError `CAL_REQUEST_INVALID` if a handler checks the body, `CAL_GATEWAY_REQUEST_INVALID` otherwise. */
export function affordable(body: unknown, membersMax: number, checkedBy: BodyRule["checkedBy"]): unknown {
  const mistake = costMistake(body, membersMax);
  if (mistake === undefined) return body;
  const mistakes = [mistake];
  if (checkedBy === "handler") throw new CalybrisError("CAL_REQUEST_INVALID", { mistakes });
  throw new GatewayError("CAL_GATEWAY_REQUEST_INVALID", { mistakes });
}

/** The first limit that a body exceeds; `undefined` if it exceeds none. */
function costMistake(body: unknown, membersMax: number): Mistake | undefined {
  const cost = { members: 0, characters: 0 };
  measure(body, membersMax, cost);
  if (cost.members > membersMax)
    return {
      path: "",
      problem: `has more than ${membersMax} keys and items`,
      remedy: `Send at most ${membersMax}.`,
    };
  if (cost.characters > TEXT_CHARACTERS_MAX)
    return {
      path: "",
      problem: `has a text of ${cost.characters} characters`,
      remedy: `Send at most ${TEXT_CHARACTERS_MAX} in one text.`,
    };
  return undefined;
}

/** Whether a body of this length cannot exceed a limit: each member takes at least two bytes. */
export function isCheap(bytes: number, membersMax: number): boolean {
  return bytes <= Math.min(2 * membersMax, TEXT_CHARACTERS_MAX);
}

/** Stops as soon as there are more than `membersMax` members. */
function measure(value: unknown, membersMax: number, cost: { members: number; characters: number }): void {
  if (typeof value === "string") cost.characters = Math.max(cost.characters, value.length);
  if (typeof value !== "object" || value === null) return;
  const items: readonly unknown[] = Array.isArray(value) ? value : Object.values(value);
  cost.members += items.length;
  if (cost.members > membersMax) return;
  if (items !== value) for (const key in value) cost.characters = Math.max(cost.characters, key.length);
  for (const item of items) {
    measure(item, membersMax, cost);
    if (cost.members > membersMax) return;
  }
}
