/**
 * What the client sent where the request holds another value, as an entry holds it.
 * @module
 */
import type { Asked } from "./decision-entry.ts";
import { u16, exact, type Members } from "./entry-fields.ts";
import type { TextCursor } from "./text-cursor.ts";
import { bps, costMicrocents, mask } from "./units.ts";

/** The member `asked`; `undefined` when nothing was replaced. */
export function askedText(asked: Asked | undefined): string | undefined {
  if (asked === undefined) return undefined;
  const { budgetMicrocents, providers, qualityMinBps } = asked;
  const members =
    (budgetMicrocents === undefined ? "" : `,"budgetMicrocents":${budgetMicrocents}`) +
    (providers === undefined ? "" : `,"providers":${providers}`) +
    (qualityMinBps === undefined ? "" : `,"qualityMinBps":${qualityMinBps}`);
  return members === "" ? undefined : `{${members.slice(1)}}`;
}

/** Reads it back. Throws RangeError naming the member. */
export function askedFromJson(members: Members): Asked {
  const has = (key: string): boolean => members[key] !== undefined;
  return {
    ...(has("budgetMicrocents") ? { budgetMicrocents: costMicrocents(exact(members, "budgetMicrocents")) } : {}),
    ...(has("providers") ? { providers: mask(exact(members, "providers")) } : {}),
    ...(has("qualityMinBps") ? { qualityMinBps: bps(u16(members, "qualityMinBps")) } : {}),
  };
}

/** Reads it from text; `undefined` when the cursor no longer holds. A floor is rare, and left to the general reader. */
export function askedIn(cursor: TextCursor): Asked | undefined {
  const budget = cursor.skip('{"budgetMicrocents":') ? cursor.unsigned() : undefined;
  const providers = cursor.skip(budget === undefined ? '{"providers":' : ',"providers":')
    ? cursor.unsigned()
    : undefined;
  if (budget === undefined && providers === undefined) cursor.refuse();
  cursor.expect("}");
  if (!cursor.holds) return undefined;
  return {
    ...(budget === undefined ? undefined : { budgetMicrocents: costMicrocents(budget) }),
    ...(providers === undefined ? undefined : { providers: mask(providers) }),
  };
}
