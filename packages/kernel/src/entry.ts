/**
 * Journal entries. One line is one entry:
 *
 *     {"sequence":N,"previous_hash":"…","entry_hash":"…","data":{"sequence":N,"durable":M,"at":T,"kind":"…",…}}
 *
 * The hash covers `data` as the exact bytes on disk. It repeats the sequence, because the hash does not cover the outer one,
 * and carries `durable`: the highest sequence known to be durable when the entry was written. Format: docs/formats.md.
 * @module
 */
import type { DecisionEntry, EntryPolicyOf } from "./decision-entry.ts";
import { decisionFromJson, decisionMembers } from "./decision-json.ts";
import { readDecision } from "./decision-reader.ts";
import { CHECKPOINT_TABLE, type CheckpointEntry } from "./checkpoint-entry.ts";
import { ATTEMPT_TABLE, type AttemptEntry } from "./attempt-entry.ts";
import { type EntryTable, memberText, readMembers, scanMembers } from "./entry-table.ts";
import { type Members, UnknownMember } from "./entry-value.ts";
import { CalybrisError } from "./errors.ts";
import { parseExact } from "./exact-json.ts";
import { KEY_TABLE, type KeyEntry } from "./key-entry.ts";
import { LEARNING_TABLES, type LearningEntry } from "./learning-entry.ts";
import { LEDGER_TABLES, type LedgerEntry } from "./ledger-entry.ts";
import { MARK_TABLES, type MarkEntry } from "./mark-entry.ts";
import { OUTCOME_TABLE } from "./outcome-entry.ts";
import { GENESIS_TABLE, type GenesisEntry, POLICY_TABLE, type PolicyEntry } from "./policy-entry.ts";
import { TextCursor } from "./text-cursor.ts";

/** The version of this format; genesis records it. */
export const JOURNAL_FORMAT = 2;

/** Every kind that this version writes. For any other, an audit reports "incomplete", and the engine refuses the journal. */
export type EntryKind = EntryBody["kind"];

export type EntryBody =
  | GenesisEntry
  | PolicyEntry
  | KeyEntry
  | DecisionEntry
  | AttemptEntry
  | MarkEntry
  | CheckpointEntry
  | LedgerEntry
  | LearningEntry;

/** The field table of each kind; that of a decision is `DECISION_FIELDS`. */
export const ENTRY_TABLES: Readonly<Record<Exclude<EntryKind, "decision">, EntryTable>> = Object.freeze({
  genesis: GENESIS_TABLE,
  policy: POLICY_TABLE,
  key: KEY_TABLE,
  ...LEDGER_TABLES,
  attempt: ATTEMPT_TABLE,
  outcome: OUTCOME_TABLE,
  ...LEARNING_TABLES,
  ...MARK_TABLES,
  checkpoint: CHECKPOINT_TABLE,
});

/** A body with the sequence and time that ordering assigned. */
export interface OrderedEntry<Body extends EntryBody = EntryBody> {
  /** Journal sequence, from 1. */
  readonly sequence: number;
  /** Microseconds since the Unix epoch; never before the previous entry, except after a clock entry. */
  readonly at: number;
  readonly body: Body;
}

/**
 * The data of an entry after the value of `durable`. The data is built in two parts, because only the writer knows that
 * value: `{"sequence":N,"durable":` and `,"at":T,"kind":"…",…}`.
 */
export function entryDataTail(entry: OrderedEntry): string {
  const { body, at } = entry;
  const members = body.kind === "decision" ? decisionMembers(body) : memberText(ENTRY_TABLES[body.kind], body);
  return `,"at":${at},"kind":"${body.kind}"${members}}`;
}

/** The complete data text. */
export function entryData(sequenceNumber: number, durable: number, tail: string): string {
  return `{"sequence":${sequenceNumber},"durable":${durable}${tail}`;
}

/** One line of the journal, with its newline. */
export function entryLine(sequenceNumber: number, previousHash: string, entryHash: string, data: string): string {
  return `{"sequence":${sequenceNumber},"previous_hash":"${previousHash}","entry_hash":"${entryHash}","data":${data}}\n`;
}

/** The parts of a line. `data` is the exact text that was hashed. */
export interface EntryLine {
  readonly sequence: number;
  readonly previousHash: string;
  readonly entryHash: string;
  readonly data: string;
}

const LINE =
  /^\{"sequence":([1-9][0-9]{0,15}),"previous_hash":"(genesis|[0-9a-f]{64})","entry_hash":"([0-9a-f]{64})","data":(.*)\}$/s;

/** Parses a line without its newline; `undefined` unless it has the form that {@link entryLine} writes. */
export function parseEntryLine(line: string): EntryLine | undefined {
  const match = LINE.exec(line);
  if (match === null) return undefined;
  const [, sequenceText = "", previousHash = "", entryHash = "", data = ""] = match;
  return { sequence: Number(sequenceText), previousHash, entryHash, data };
}

/** The members that every entry of this format begins with. */
export interface EntryHead {
  readonly sequence: number;
  readonly durable: number;
  readonly at: number;
  readonly kind: string;
}

/** The head of an entry's data, without parsing the rest; `undefined` if the data is not of this format. */
export function parseEntryHead(data: string): EntryHead | undefined {
  const cursor = new TextCursor(data, 0);
  cursor.expect('{"sequence":');
  const sequence = cursor.rounded(HEAD_DIGITS_MAX);
  cursor.expect(',"durable":');
  const durable = cursor.rounded(HEAD_DIGITS_MAX);
  cursor.expect(',"at":');
  const at = cursor.rounded(HEAD_DIGITS_MAX);
  cursor.expect(',"kind":"');
  const kind = cursor.lowerCase();
  if (!cursor.skip('",')) cursor.expect('"}');
  return cursor.holds && sequence > 0 ? { sequence, durable, at, kind } : undefined;
}

/** Maximum digits of a number in a head. */
const HEAD_DIGITS_MAX = 16;

/**
 * Reads an entry's data back.
 *
 * @returns the body, or `undefined` if the kind is unknown to this version.
 * @throws {@link CalybrisError} `CAL_JOURNAL_ENTRY_MALFORMED` if a known kind is not in exactly the form that is written;
 *   `CAL_JOURNAL_MEMBER_UNKNOWN` if it has a member that is unknown to this version.
 */
export function parseEntryBody(head: EntryHead, data: string, policyOf: EntryPolicyOf): EntryBody | undefined {
  const everyday = isSafe(head) ? readEveryday(head.kind, data, policyOf) : undefined;
  if (everyday !== undefined) return everyday;
  const json = parseMembers(head, data);
  const { sequence: _sequence, durable: _durable, at: _at, kind: _kind, ...members } = json;
  const body = bodyFromJson(head, members, policyOf);
  if (body === undefined) return undefined;
  const rewritten = entryData(
    head.sequence,
    head.durable,
    entryDataTail({ sequence: head.sequence, at: head.at, body }),
  );
  if (rewritten !== data) throw malformed(head.sequence, "it is not in the form that this version writes");
  return body;
}

/** Reads an entry in the common form; `undefined` if the general reader must read it. */
function readEveryday(kind: string, data: string, policyOf: EntryPolicyOf): EntryBody | undefined {
  if (kind === "decision") return readDecision(data, policyOf);
  if (!Object.hasOwn(ENTRY_TABLES, kind)) return undefined;
  const lead = `"kind":"${kind}"`;
  const table = ENTRY_TABLES[kind as keyof typeof ENTRY_TABLES];
  return scanMembers(table, kind, data, data.indexOf(lead) + lead.length) as EntryBody | undefined;
}

/** Whether the numbers of a head are exact. */
function isSafe({ sequence, durable, at }: EntryHead): boolean {
  return Number.isSafeInteger(sequence) && Number.isSafeInteger(durable) && Number.isSafeInteger(at);
}

function parseMembers(head: EntryHead, data: string): Members {
  try {
    return parseExact(data) as Members;
  } catch (cause) {
    throw malformed(head.sequence, "it is not JSON", cause);
  }
}

function bodyFromJson(head: EntryHead, members: Members, policyOf: EntryPolicyOf): EntryBody | undefined {
  const { kind, sequence } = head;
  try {
    if (kind === "decision") return decisionFromJson(members, policyOf);
    return Object.hasOwn(ENTRY_TABLES, kind) ? readBody(kind as keyof typeof ENTRY_TABLES, members) : undefined;
  } catch (cause) {
    if (cause instanceof CalybrisError) throw cause;
    if (cause instanceof UnknownMember) {
      const { member } = cause;
      throw new CalybrisError("CAL_JOURNAL_MEMBER_UNKNOWN", { sequence, kind, member }, { cause });
    }
    throw malformed(sequence, cause instanceof RangeError ? cause.message : "a member in it is missing", cause);
  }
}

/** Reads the members of a kind through its table. Throws RangeError naming the member. */
export function readBody(kind: keyof typeof ENTRY_TABLES, members: Members): EntryBody {
  return { kind, ...readMembers(ENTRY_TABLES[kind], members) } as EntryBody;
}

function malformed(sequence: number, problem: string, cause?: unknown): CalybrisError {
  return new CalybrisError("CAL_JOURNAL_ENTRY_MALFORMED", { sequence, problem }, { cause });
}

/**
 * The feature of an entry that this version does not support; `undefined` if it supports all. The engine refuses an
 * unsupported entry, and an audit reports incomplete.
 */
export function laterStageOf(body: EntryBody): string | undefined {
  switch (body.kind) {
    case "belief":
      return body.method === undefined || body.method === "offsets"
        ? undefined
        : `a belief by the method ${JSON.stringify((body as { readonly method: string }).method)}`;
    default:
      return undefined;
  }
}
