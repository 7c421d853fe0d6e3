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
import { malformed } from "./entry-fields.ts";
import { CalybrisError } from "./errors.ts";
import { type ExactJson, parseExact, writeExact } from "./exact-json.ts";
import { type LearningEntry, type LearningKind, learningFromJson } from "./learning-entry.ts";
import { type LedgerEntry, type LedgerKind, ledgerFromJson } from "./ledger-entry.ts";

/** The version of this format; genesis records it. */
export const JOURNAL_FORMAT = 2;

/** Every kind that this version writes. A reader that meets another says "incomplete"; the engine refuses. */
export type EntryKind = "genesis" | "policy" | "decision" | "seal" | "checkpoint" | LedgerKind | LearningKind;

/** Begins a journal. */
export interface GenesisEntry {
  readonly kind: "genesis";
  readonly format: number;
  readonly policyId: 1;
  readonly snapshot: ExactJson;
  readonly policyDigest: string;
  /** SHA-256, hexadecimal, of the secret seed that draws follow from; from the first policy that learns. */
  readonly seedDigest?: string;
}

/** Puts another policy snapshot in force. */
export interface PolicyEntry {
  readonly kind: "policy";
  readonly change: "promoted";
  readonly policyId: number;
  /** The person who did it. */
  readonly by: string;
  readonly snapshot: ExactJson;
  readonly policyDigest: string;
  readonly seedDigest?: string;
  /** The policy was read from the file that the service is configured with. */
  readonly source?: "file";
}

/** Nothing was waiting: after 100 ms without traffic, before a rotation, and at a clean end. */
export interface SealEntry {
  readonly kind: "seal";
  readonly cause: "idle" | "rotation" | "close";
}

/** Begins a segment after a rotation: the digest (`calystt1`) of the state before it. */
export interface CheckpointEntry {
  readonly kind: "checkpoint";
  readonly stateDigest: string;
}

export type EntryBody =
  | GenesisEntry
  | PolicyEntry
  | DecisionEntry
  | SealEntry
  | CheckpointEntry
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
 * @throws {@link CalybrisError} `CAL_JOURNAL_ENTRY_MALFORMED` when a known kind does not have its members, or holds
 *   others: what is read is exactly what would be written.
 * @throws {@link CalybrisError} `CAL_JOURNAL_MEMBER_UNKNOWN` when a decision has a member that this version does not know.
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

function parseMembers(head: EntryHead, data: string): { readonly [key: string]: ExactJson } {
  try {
    return parseExact(data) as { readonly [key: string]: ExactJson };
  } catch (cause) {
    throw new CalybrisError(
      "CAL_JOURNAL_ENTRY_MALFORMED",
      { sequence: head.sequence, problem: "it is not JSON" },
      { cause },
    );
  }
}

const PLAIN_KINDS: readonly string[] = ["genesis", "policy", "seal", "checkpoint"] satisfies EntryKind[];

function plainBody(head: EntryHead, members: { readonly [key: string]: ExactJson }): EntryBody | undefined {
  if (PLAIN_KINDS.includes(head.kind)) return { kind: head.kind, ...members } as unknown as EntryBody;
  try {
    return ledgerFromJson(head.kind, members) ?? learningFromJson(head.kind, members);
  } catch (cause) {
    throw malformed(head.sequence, cause instanceof RangeError ? cause.message : "a member in it is missing");
  }
}
