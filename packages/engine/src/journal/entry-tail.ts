/**
 * The text of an entry. That of most decisions is written by a faster writer, which is held against the kernel's where it
 * runs: the first entries of each form, and now and then one of those that follow. An entry whose texts differ is never
 * ordered; the engine stops.
 * @module
 */
import { type DecisionEntry, entryDataTail, invariant, type OrderedEntry } from "@calybris/kernel";
import { decisionTail } from "./decision-tail.ts";

/** How many entries of a form are compared before only every so many-th is. */
const COMPARED_FIRST = 4;
const COMPARED_EVERY = 512;

export class EntryTails {
  readonly #write: typeof decisionTail;
  /** How many entries of each form were written. */
  readonly #counts = new Map<number, number>();

  constructor(write: typeof decisionTail = decisionTail) {
    this.#write = write;
  }

  /** What follows the value of `durable` in the entry's data. */
  of(entry: OrderedEntry): string {
    const { body, at } = entry;
    const tail = body.kind === "decision" ? this.#write(at, body) : undefined;
    if (tail === undefined) return entryDataTail(entry);
    if (this.#isCompared(body as DecisionEntry))
      invariant(tail === entryDataTail(entry), "both writers of a decision's entry write the same text");
    return tail;
  }

  #isCompared(body: DecisionEntry): boolean {
    const form = formOf(body);
    const count = (this.#counts.get(form) ?? 0) + 1;
    this.#counts.set(form, count);
    return count <= COMPARED_FIRST || count % COMPARED_EVERY === 0;
  }
}

/** Bits of what an entry has. */
function formOf({
  requestId,
  actor,
  tenant,
  reservationSeconds,
  request,
  learning,
  decision,
  defaulted,
  bounds,
}: DecisionEntry): number {
  return (
    bit(requestId !== undefined, 0) |
    bit(actor !== undefined, 1) |
    bit(tenant !== undefined, 2) |
    bit(reservationSeconds !== undefined, 3) |
    bit(request.budgetLimitMicrocents < 2n ** 63n, 4) |
    bit(request.latencyMaxMs !== 0, 5) |
    bit(request.requestedId !== 0, 6) |
    bit(learning !== undefined, 7) |
    bit(learning?.anomalous === true, 8) |
    bit(learning?.holdout === true, 9) |
    bit(learning?.explored === true, 10) |
    bit(learning?.textScore !== undefined, 11) |
    bit(decision.action === "reject", 12) |
    bit(decision.action === "execute", 13) |
    bit(bounds !== undefined, 14) |
    (defaulted.length << 15)
  );
}

function bit(is: boolean, position: number): number {
  return is ? 1 << position : 0;
}
