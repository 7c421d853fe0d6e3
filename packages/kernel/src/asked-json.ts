/**
 * Values that the client sent and the decision replaced, in the form of a journal entry.
 * @module
 */
import type { Asked } from "./decision-entry.ts";
import { objectOf } from "./entry-table.ts";
import { type EntryValue, U16, U64 } from "./entry-value.ts";
import type { TextCursor } from "./text-cursor.ts";
import { type Bps, type CostMicrocents, costMicrocents, type Mask, mask } from "./units.ts";

/** The member `asked`. */
export const ASKED: EntryValue<Asked> = objectOf<Asked>({
  budgetMicrocents: {
    type: U64 as EntryValue<CostMicrocents>,
    holds: "maximum cost",
    leftOut: "not replaced",
  },
  providers: { type: U64 as EntryValue<Mask>, holds: "mask of the allowed providers", leftOut: "not replaced" },
  qualityMinBps: { type: U16 as EntryValue<Bps>, holds: "quality floor", leftOut: "not replaced" },
});

/** Reads it from text; `undefined` if the cursor fails. A floor is rare, and left to the general reader. */
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
