/**
 * What the host calls. It writes the policy header and the candidates, calls `build` once, and then decides records.
 *
 * To be read in this order: `layout` (where everything is), `walk` (the definition as a loop), `terms` and `wide` (its
 * arithmetic), `masked` with `gates` and `tables` (the fast way), `bounds` (how far that is exact), `filter` (for many
 * survivors), `unpacked` (for large numbers), `reason` and `record` (what is written).
 */
import { buildBounds } from "./bounds.as";
import { buildFilter } from "./filter.as";
import { CANDIDATES, COUNT, DECISION_BYTES, MASKED_COUNT_MAX, REQUEST_BYTES, RISK_HARD_LIMIT } from "./layout.as";
import { decideMasked } from "./masked.as";
import { buildTables } from "./tables.as";
import { decideByWalk } from "./walk.as";

/** Where the host writes the policy header. */
export function headerAddress(): usize {
  return RISK_HARD_LIMIT;
}

/** Where the host writes the candidates; requests and decisions follow wherever it likes. */
export function candidatesAddress(): usize {
  return CANDIDATES;
}

export function build(): void {
  buildBounds();
  if (load<u32>(COUNT) > MASKED_COUNT_MAX) return;
  buildTables();
  buildFilter();
}

export function decide(request: usize, decision: usize): void {
  if (load<u32>(COUNT) > MASKED_COUNT_MAX) decideByWalk(request, decision);
  else decideMasked(request, decision);
}

export function batch(request: usize, decision: usize, count: u32): void {
  if (load<u32>(COUNT) > MASKED_COUNT_MAX) {
    walkBatch(request, decision, count);
    return;
  }
  for (; count != 0; count--) {
    decideMasked(request, decision);
    request += REQUEST_BYTES;
    decision += DECISION_BYTES;
  }
}

/** The same decisions by the straightforward loop, whatever the catalog's length. */
export function walkBatch(request: usize, decision: usize, count: u32): void {
  for (; count != 0; count--) {
    decideByWalk(request, decision);
    request += REQUEST_BYTES;
    decision += DECISION_BYTES;
  }
}
