/**
 * The head of a decision's record: the members of its entry before the request, as text, written in place. The members of
 * most decisions are written here; rare ones through their rows in the kernel's table.
 * @module
 */
import {
  DECISION_FIELDS,
  DEFAULT_USE_CASE,
  DEFAULTED,
  type DecisionEntry,
  type DecisionField,
  invariant,
  writeExact,
} from "@calybris/kernel";
import { label, putLabel, putNumber, putPlain } from "../byte-text.ts";
import { AT, type Pages } from "./decision-record.ts";

/** The members of a head. */
export type HeadMembers = {
  readonly [Member in HeadMember]?: DecisionEntry[Member] | undefined;
} & Pick<DecisionEntry, "useCase">;

type HeadMember = keyof Pick<
  DecisionEntry,
  | "requestId"
  | "policyId"
  | "actor"
  | "onBehalfOf"
  | "useCase"
  | "tenant"
  | "reservationSeconds"
  | "headroomMicrocents"
  | "asked"
  | "tags"
  | "session"
  | "promptDigest"
>;

const L = {
  id: label(',"id":"'),
  policy: label(',"policy":'),
  actor: label(',"actor":'),
  user: label(',"actor":"'),
  useCase: label(',"useCase":"'),
  tenant: label(',"tenant":"'),
  quote: label('"'),
  seconds: label(',"reservationSeconds":'),
} as const;

/** By the bits of the fields that the client left to the use case. */
const DEFAULTS: readonly Uint8Array[] = Array.from({ length: 1 << DEFAULTED.length }, (_, bits) =>
  label(bits === 0 ? "" : `,"defaulted":${bits}`),
);

const ON_BEHALF_OF: DecisionField = fieldOf("onBehalfOf");
const AFTER_TENANT: readonly DecisionField[] = ["headroomMicrocents", "asked", "tags", "session", "promptDigest"].map(
  fieldOf,
);

function fieldOf(key: string): DecisionField {
  const field = DECISION_FIELDS.find((each) => each.key === key);
  invariant(field !== undefined, "a member of the head is one of a decision's entry");
  return field;
}

/** Bound of a head with rare members: each text has at most 128 characters, and there are at most 16 tags. */
const RARE_BYTES_MAX = 24 * 1024;
/** Bytes besides the texts. */
const AROUND_BYTES = 256;
/** Most bytes of a character as JSON escapes it. */
const CHARACTER_BYTES_MAX = 6;

/** The largest size of a head. */
export function headBytesMax(members: HeadMembers): number {
  const { requestId, actor, useCase, tenant } = members;
  const characters =
    useCase.length + (requestId?.length ?? 0) + (tenant?.length ?? 0) + (typeof actor === "string" ? actor.length : 0);
  return AROUND_BYTES + CHARACTER_BYTES_MAX * characters + (hasRare(members) ? RARE_BYTES_MAX : 0);
}

/** Whether it has members that few decisions have. */
export function hasRare({ onBehalfOf, headroomMicrocents, asked, tags, session, promptDigest }: HeadMembers): boolean {
  return (
    tags !== undefined ||
    onBehalfOf !== undefined ||
    session !== undefined ||
    promptDigest !== undefined ||
    asked !== undefined ||
    headroomMicrocents !== undefined
  );
}

/** Longest text that is written character by character. */
const PLAIN_MAX = 256;

/** Writes the head at `from`, and the places of its texts into the record at `at`. Returns the end of the head. */
export function layHead(pages: Pages, at: number, from: number, members: HeadMembers, defaulted: number): number {
  const { u8, u32 } = pages;
  const { requestId, policyId, actor, onBehalfOf, useCase, tenant, reservationSeconds } = members;
  let end = from;
  if (requestId !== undefined) end = layText(pages, at, AT.requestIdAt, putLabel(u8, end, L.id), requestId);
  if (policyId !== undefined) end = putNumber(u8, putLabel(u8, end, L.policy), policyId);
  if (typeof actor === "string") end = putLabel(u8, putText(pages, putLabel(u8, end, L.user), actor), L.quote);
  else if (actor !== undefined) end = putNumber(u8, putLabel(u8, end, L.actor), actor);
  if (onBehalfOf !== undefined) end = putField(pages, end, ON_BEHALF_OF, members);
  if (useCase !== DEFAULT_USE_CASE) end = layText(pages, at, AT.useCaseAt, putLabel(u8, end, L.useCase), useCase);
  else u32[(at + AT.useCaseBytes) >>> 2] = 0;
  end = putLabel(u8, end, DEFAULTS[defaulted] as Uint8Array);
  if (tenant !== undefined) end = layText(pages, at, AT.tenantAt, putLabel(u8, end, L.tenant), tenant);
  if (reservationSeconds !== undefined) end = putNumber(u8, putLabel(u8, end, L.seconds), reservationSeconds);
  if (hasRare(members)) for (const field of AFTER_TENANT) end = putField(pages, end, field, members);
  u32[(at + AT.headAt) >>> 2] = from - at;
  u32[(at + AT.headBytes) >>> 2] = end - from;
  return end;
}

/** A text of the head, parsed from its JSON; the default use case is omitted. */
export function headText({ buffer, u32 }: Pages, at: number, field: "requestIdAt" | "useCaseAt" | "tenantAt"): string {
  const place = (at + AT[field]) >>> 2;
  const from = at + (u32[place] as number);
  const bytes = u32[place + 1] as number;
  if (bytes === 0 && field === "useCaseAt") return DEFAULT_USE_CASE;
  const text = buffer.toString("utf8", from, from + bytes);
  return text.includes("\\") ? (JSON.parse(`"${text}"`) as string) : text;
}

/** Writes a text that answers repeat, and records its place. */
function layText(pages: Pages, at: number, field: number, from: number, text: string): number {
  const { u8, u32 } = pages;
  const end = putText(pages, from, text);
  u32[(at + field) >>> 2] = from - at;
  u32[(at + field + 4) >>> 2] = end - from;
  return putLabel(u8, end, L.quote);
}

/** Writes a text as JSON. */
function putText({ u8, buffer }: Pages, at: number, text: string): number {
  const end = text.length <= PLAIN_MAX ? putPlain(u8, at, text) : -1;
  return end >= 0 ? end : at + buffer.write(writeExact(text).slice(1, -1), at, "utf8");
}

function putField({ buffer }: Pages, at: number, { key, write }: DecisionField, members: HeadMembers): number {
  const value = write(members as DecisionEntry);
  return value === undefined ? at : at + buffer.write(`,"${key}":${value}`, at, "utf8");
}
