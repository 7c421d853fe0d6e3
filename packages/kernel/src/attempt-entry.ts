/**
 * Attempts of a call. The decision itself covers the beginning of the first. Each later attempt is durable, with its own
 * reservation, before a byte of it is sent. The end of every attempt is an entry.
 * @module
 */
import { type Caused, CAUSED_FIELDS } from "./actor.ts";
import { type ReservationBasis, RESERVATION_BASES } from "./decision-entry.ts";
import { type EntryTable, type Field, formOf } from "./entry-table.ts";
import { AMOUNT, oneOf, POSITIVE, TEXT, WHOLE, wholeFrom } from "./entry-value.ts";
import type { Microcents } from "./units.ts";

/** An attempt is about to be sent. */
export interface AttemptBegunEntry extends Caused {
  readonly kind: "attempt";
  readonly change: "begun";
  /** Journal sequence of the decision. */
  readonly of: number;
  /** From 2. */
  readonly number: number;
  /** Id of the candidate that it is sent to. */
  readonly candidate: number;
  /** The deployment of the candidate; left out if it has only one. */
  readonly deployment?: string;
  readonly reservedMicrocents: Microcents;
  readonly basis: ReservationBasis;
}

/** An attempt has ended, the first one (number 1) included. */
export interface AttemptEndedEntry extends Caused {
  readonly kind: "attempt";
  readonly change: "ended";
  readonly of: number;
  readonly number: number;
  /** Status of the provider's answer; 0 if there was none. */
  readonly status: number;
  readonly latencyMs: number;
  readonly firstByteMs?: number;
  /** Left out if usage, and so the cost, is unknown. */
  readonly costMicrocents?: Microcents;
  /** As the provider counted them. */
  readonly inputTokens?: number;
  readonly outputTokens?: number;
  /** The parts of the input that were read from the provider's cache, and written to it. */
  readonly cacheReadTokens?: number;
  readonly cacheWriteTokens?: number;
}

export type AttemptEntry = AttemptBegunEntry | AttemptEndedEntry;

const OF: Field<number> & { readonly leftOut?: never } = { type: WHOLE, holds: "sequence of the decision" };

export const ATTEMPT_TABLE: EntryTable = {
  says: "An attempt of a call is about to be sent, or has ended. The decision itself covers the beginning of the first.",
  forms: [
    formOf<AttemptBegunEntry>({
      change: { type: oneOf(["begun"]), holds: "it is about to be sent" },
      of: OF,
      number: { type: wholeFrom(2), holds: "counts the attempts of a call" },
      candidate: { type: WHOLE, holds: "id of the candidate that it is sent to" },
      deployment: { type: TEXT, holds: "where the candidate is reached", leftOut: "there is one place" },
      reservedMicrocents: { type: AMOUNT, holds: "what is reserved for it" },
      basis: { type: oneOf(RESERVATION_BASES), holds: 'how that was found: `"bytes"`, `"estimate"`, `"window"`' },
      ...CAUSED_FIELDS,
    }),
    formOf<AttemptEndedEntry>({
      change: { type: oneOf(["ended"]), holds: "it has ended" },
      of: OF,
      number: { type: POSITIVE, holds: "counts the attempts of a call" },
      status: { type: WHOLE, holds: "of the provider's answer; 0 for none" },
      latencyMs: { type: WHOLE, holds: "from the beginning to the end" },
      firstByteMs: { type: WHOLE, holds: "from the beginning to the first byte", leftOut: "there was none" },
      costMicrocents: { type: AMOUNT, holds: "what it cost", leftOut: "usage is not known" },
      inputTokens: { type: WHOLE, holds: "of the input, as the provider counted it", leftOut: "it was not counted" },
      outputTokens: { type: WHOLE, holds: "of the output, as the provider counted it", leftOut: "it was not counted" },
      cacheReadTokens: {
        type: WHOLE,
        holds: "of the input, those read from a cache",
        leftOut: "they were not counted",
      },
      cacheWriteTokens: {
        type: WHOLE,
        holds: "of the input, those written to a cache",
        leftOut: "they were not counted",
      },
      ...CAUSED_FIELDS,
    }),
  ],
};
