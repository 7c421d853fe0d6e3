/**
 * Entries: what the journal holds. One line is one entry:
 *
 *     {"sequence":N,"previous_hash":"…","entry_hash":"…","data":{"sequence":N,"durable":M,"at":T,"kind":"…",…}}
 *
 * `data` is hashed as the exact bytes on disk. It repeats the sequence, because the outer one is not covered by the hash,
 * and carries `durable`: the highest sequence known to be durable when the entry was written. Format: docs/formats.md.
 * @module
 */
import type { DecisionEntry, EntryPolicyOf } from "./decision-entry.ts";
import { decisionFromJson, decisionMembers } from "./decision-json.ts";
import { readDecision } from "./decision-reader.ts";
import { ATTEMPT_MEMBERS, type AttemptEntry, attemptFromJson } from "./attempt-entry.ts";
import { type Members, malformed } from "./entry-fields.ts";
import { CalybrisError } from "./errors.ts";
import { parseExact, writeExact } from "./exact-json.ts";
import { type KeyEntry, KEY_MEMBERS, keyFromJson } from "./key-entry.ts";
import { LEARNING_MEMBERS, type LearningEntry, learningFromJson } from "./learning-entry.ts";
import { LEDGER_MEMBERS, type LedgerEntry, ledgerFromJson } from "./ledger-entry.ts";
import { MARK_MEMBERS, type MarkEntry, markFromJson } from "./mark-entry.ts";
import {
  GENESIS_MEMBERS,
  type GenesisEntry,
  genesisFromJson,
  POLICY_MEMBERS,
  type PolicyEntry,
  policyFromJson,
} from "./policy-entry.ts";

/** The version of this format; genesis records it. */
export const JOURNAL_FORMAT = 2;

/** Every kind that this version writes. A reader that meets another says "incomplete"; the engine refuses. */
export type EntryKind = EntryBody["kind"];

export type EntryBody =
  | GenesisEntry
  | PolicyEntry
  | KeyEntry
  | DecisionEntry
  | AttemptEntry
  | MarkEntry
  | LedgerEntry
  | LearningEntry;

/** A body with what ordering gave it. */
export interface OrderedEntry<Body extends EntryBody = EntryBody> {
  /** Journal sequence, from 1. */
  readonly sequence: number;
  /** Microseconds since the Unix epoch; never less than the entry before. */
  readonly at: number;
  readonly body: Body;
}

/**
 * The data of an entry in two parts, around the value of `durable`, which only the writer knows:
 * `{"sequence":N,"durable":` and `,"at":T,"kind":"…",…}`.
 */
export function entryDataTail(entry: OrderedEntry): string {
  const { body, at } = entry;
  if (body.kind === "decision") return `,"at":${at},"kind":"decision"${decisionMembers(body)}}`;
  const { kind, ...members } = body;
  return `,"at":${at},"kind":"${kind}",${writeExact(members).slice(1)}`;
}

/** The whole data text. */
export function entryData(sequenceNumber: number, durable: number, tail: string): string {
  return `{"sequence":${sequenceNumber},"durable":${durable}${tail}`;
}

/** One line of the journal, with its newline. */
export function entryLine(sequenceNumber: number, previousHash: string, entryHash: string, data: string): string {
  return `{"sequence":${sequenceNumber},"previous_hash":"${previousHash}","entry_hash":"${entryHash}","data":${data}}\n`;
}

/** A line taken apart. `data` is the exact text that was hashed. */
export interface EntryLine {
  readonly sequence: number;
  readonly previousHash: string;
  readonly entryHash: string;
  readonly data: string;
}

const LINE =
  /^\{"sequence":([1-9][0-9]{0,15}),"previous_hash":"(genesis|[0-9a-f]{64})","entry_hash":"([0-9a-f]{64})","data":(.*)\}$/s;

/** Takes a line (without its newline) apart; `undefined` when it is not written as {@link entryLine} writes. */
export function parseEntryLine(line: string): EntryLine | undefined {
  const match = LINE.exec(line);
  if (match === null) return undefined;
  const [, sequenceText = "", previousHash = "", entryHash = "", data = ""] = match;
  return { sequence: Number(sequenceText), previousHash, entryHash, data };
}

/** What every entry of ours begins with. */
export interface EntryHead {
  readonly sequence: number;
  readonly durable: number;
  readonly at: number;
  readonly kind: string;
}

const HEAD =
  /^\{"sequence":([1-9][0-9]{0,15}),"durable":(0|[1-9][0-9]{0,15}),"at":(0|[1-9][0-9]{0,15}),"kind":"([a-z]+)"[,}]/;

/** The head of an entry's data, without parsing the rest; `undefined` when the data is not ours. */
export function parseEntryHead(data: string): EntryHead | undefined {
  const match = HEAD.exec(data);
  if (match === null) return undefined;
  return { sequence: Number(match[1]), durable: Number(match[2]), at: Number(match[3]), kind: match[4] as string };
}

/**
 * Reads an entry's data back.
 *
 * @returns the body, or `undefined` when the kind is not one of this version's.
 * @throws {@link CalybrisError} `CAL_JOURNAL_ENTRY_MALFORMED` when a known kind does not have its members: what is read is
 *   exactly what would be written. `CAL_JOURNAL_MEMBER_UNKNOWN` when it has a member that this version does not know.
 */
export function parseEntryBody(head: EntryHead, data: string, policyOf: EntryPolicyOf): EntryBody | undefined {
  const everyday = head.kind === "decision" && isSafe(head) ? readDecision(data, policyOf) : undefined;
  if (everyday !== undefined) return everyday;
  const json = parseMembers(head, data);
  const { sequence: _sequence, durable: _durable, at: _at, kind: _kind, ...members } = json;
  const body = head.kind === "decision" ? decisionFromJson(head.sequence, members, policyOf) : plainBody(head, members);
  if (body === undefined) return undefined;
  const rewritten = entryData(
    head.sequence,
    head.durable,
    entryDataTail({ sequence: head.sequence, at: head.at, body }),
  );
  if (rewritten !== data) throw malformed(head.sequence, "it is not in the form that this version writes");
  return body;
}

/** Whether the numbers of a head are those that stand in its text. */
function isSafe({ sequence, durable, at }: EntryHead): boolean {
  return Number.isSafeInteger(sequence) && Number.isSafeInteger(durable) && Number.isSafeInteger(at);
}

function parseMembers(head: EntryHead, data: string): Members {
  try {
    return parseExact(data) as Members;
  } catch (cause) {
    throw new CalybrisError(
      "CAL_JOURNAL_ENTRY_MALFORMED",
      { sequence: head.sequence, problem: "it is not JSON" },
      { cause },
    );
  }
}

/** Members by kind, in their order; those of a decision are `decisionMembers`' own. */
const MEMBERS: Readonly<Record<Exclude<EntryKind, "decision">, readonly string[]>> = Object.freeze({
  genesis: GENESIS_MEMBERS,
  policy: POLICY_MEMBERS,
  key: KEY_MEMBERS,
  attempt: ATTEMPT_MEMBERS,
  ...MARK_MEMBERS,
  ...LEDGER_MEMBERS,
  ...LEARNING_MEMBERS,
});

function plainBody(head: EntryHead, members: Members): EntryBody | undefined {
  if (!Object.hasOwn(MEMBERS, head.kind)) return undefined;
  const kind = head.kind as keyof typeof MEMBERS;
  const unknown = Object.keys(members).find((key) => !MEMBERS[kind].includes(key));
  if (unknown !== undefined)
    throw new CalybrisError("CAL_JOURNAL_MEMBER_UNKNOWN", { sequence: head.sequence, kind, member: unknown });
  try {
    return bodyFromJson(kind, members);
  } catch (cause) {
    throw malformed(head.sequence, cause instanceof RangeError ? cause.message : "a member in it is missing");
  }
}

function bodyFromJson(kind: keyof typeof MEMBERS, members: Members): EntryBody | undefined {
  switch (kind) {
    case "genesis":
      return genesisFromJson(members);
    case "policy":
      return policyFromJson(members);
    case "key":
      return keyFromJson(members);
    case "attempt":
      return attemptFromJson(members);
    case "seal":
    case "state":
    case "clock":
      return markFromJson(kind, members);
    default:
      return ledgerFromJson(kind, members) ?? learningFromJson(kind, members);
  }
}

/**
 * What an entry uses that belongs to a later stage; `undefined` when this version does what it says. The engine refuses
 * such an entry, and an audit says incomplete. Of a decision an audit checks also what the engine refuses.
 */
export function laterStageOf(body: EntryBody): string | undefined {
  switch (body.kind) {
    case "attempt":
      return `its kind ${body.kind}`;
    case "policy":
      if (body.change !== "promoted") return `a policy that is ${body.change}`;
      if (body.signature !== undefined) return "the signature of a policy";
      return body.snapshot === undefined ? "a policy that was staged" : undefined;
    case "belief":
      return body.method === undefined ? undefined : `a table made by ${JSON.stringify(body.method)}`;
    default:
      return undefined;
  }
}
