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
  says: "An attempt of a call begins or ends. The decision entry stands for the beginning of the first attempt.",
  forms: [
    formOf<AttemptBegunEntry>({
      change: { type: oneOf(["begun"]), holds: "the attempt is about to be sent" },
      of: OF,
      number: { type: wholeFrom(2), holds: "number of the attempt within its call" },
      candidate: { type: WHOLE, holds: "id of the candidate that the attempt is sent to" },
      deployment: { type: TEXT, holds: "name of the deployment", leftOut: "the candidate has only one" },
      reservedMicrocents: { type: AMOUNT, holds: "amount reserved for the attempt" },
      basis: {
        type: oneOf(RESERVATION_BASES),
        holds: 'basis of the reserved amount: `"bytes"`, `"estimate"`, `"window"`',
      },
      ...CAUSED_FIELDS,
    }),
    formOf<AttemptEndedEntry>({
      change: { type: oneOf(["ended"]), holds: "the attempt has ended" },
      of: OF,
      number: { type: POSITIVE, holds: "number of the attempt within its call" },
      status: { type: WHOLE, holds: "HTTP status of the provider's answer; 0 without one" },
      latencyMs: { type: WHOLE, holds: "time from the beginning to the end of the attempt" },
      firstByteMs: { type: WHOLE, holds: "time from the beginning to the first byte", leftOut: "no byte arrived" },
      costMicrocents: { type: AMOUNT, holds: "cost of the attempt", leftOut: "usage is unknown" },
      inputTokens: { type: WHOLE, holds: "input tokens counted by the provider", leftOut: "not counted" },
      outputTokens: { type: WHOLE, holds: "output tokens counted by the provider", leftOut: "not counted" },
      cacheReadTokens: {
        type: WHOLE,
        holds: "input tokens read from a cache",
        leftOut: "not counted",
      },
      cacheWriteTokens: {
        type: WHOLE,
        holds: "input tokens written to a cache",
        leftOut: "not counted",
      },
      ...CAUSED_FIELDS,
    }),
  ],
};
