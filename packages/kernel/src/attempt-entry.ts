/**
 * Attempts of a call beyond the first, which the decision itself covers: each is durable, with its own reservation, before
 * it sends a byte, and its end is an entry of its own. A later stage writes them; the engine refuses them.
 * @module
 */
import { type Caused, CAUSED_MEMBERS, causedFromJson } from "./actor.ts";
import { amount, type Members, oneOf, optional, text, whole } from "./entry-fields.ts";
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
  /** Where the candidate is reached; left out where there is one place. */
  readonly deployment?: string;
  readonly reservedMicrocents: Microcents;
}

/** An attempt has ended, the first one (number 1) included. */
export interface AttemptEndedEntry extends Caused {
  readonly kind: "attempt";
  readonly change: "ended";
  readonly of: number;
  readonly number: number;
  /** Of the provider's answer; 0 for none. */
  readonly status: number;
  readonly latencyMs: number;
  readonly firstByteMs?: number;
  /** Left out without usage: its cost is not known. */
  readonly costMicrocents?: Microcents;
}

export type AttemptEntry = AttemptBegunEntry | AttemptEndedEntry;

export const ATTEMPT_MEMBERS: readonly string[] = [
  "change",
  "of",
  "number",
  "candidate",
  "deployment",
  "reservedMicrocents",
  "status",
  "latencyMs",
  "firstByteMs",
  "costMicrocents",
  ...CAUSED_MEMBERS,
];

/** Reads the members of an attempt. Throws RangeError naming the member. */
export function attemptFromJson(members: Members): AttemptEntry {
  const kind = "attempt";
  const change = oneOf(members, "change", ["begun", "ended"]);
  const number = whole(members, "number");
  if (number < (change === "begun" ? 2 : 1)) throw new RangeError(`number is ${number}`);
  const of = whole(members, "of");
  if (change === "begun")
    return {
      kind,
      change,
      of,
      number,
      candidate: whole(members, "candidate"),
      ...optional(members, "deployment", text),
      reservedMicrocents: amount(members, "reservedMicrocents"),
      ...causedFromJson(members),
    };
  return {
    kind,
    change,
    of,
    number,
    status: whole(members, "status"),
    latencyMs: whole(members, "latencyMs"),
    ...optional(members, "firstByteMs", whole),
    ...optional(members, "costMicrocents", amount),
    ...causedFromJson(members),
  };
}
