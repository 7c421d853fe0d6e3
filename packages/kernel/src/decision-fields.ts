/**
 * The members of a decision's entry: one row each, in the order in which they stand. The writer, the reader and the fast
 * reader go through these rows, so that names, order and defaults are stated once. A test holds docs/formats.md to them.
 * @module
 */
import { isActor, ON_BEHALF_OF_CHARACTERS_MAX } from "./actor.ts";
import { digestFromBase64Url, digestToBase64Url } from "./base64url.ts";
import { answerFromJson, answerIn, answerText } from "./decision-answer.ts";
import {
  DEFAULTED,
  type DecisionEntry,
  type Defaulted,
  type EntryPolicy,
  type EntryPolicyOf,
  RESERVATION_BASES,
} from "./decision-entry.ts";
import { askedFromJson, askedIn, askedText } from "./asked-json.ts";
import { areTags, isPromptDigest, TAGS_MAX } from "./request-labels.ts";
import { exact, list, type Members, oneOf, text } from "./entry-fields.ts";
import { type ExactJson, parseExact, writeExact } from "./exact-json.ts";
import { invariant } from "./invariant.ts";
import { recommendationFromJson, recommendationText } from "./learning-entry.ts";
import { isName } from "./names.ts";
import { ALL_PROVIDERS, NO_BUDGET_LIMIT } from "./request.ts";
import { type BoundedRequest, requestFromJson, requestIn, requestText } from "./request-json.ts";
import { boundsOf } from "./spending.ts";
import { DEFAULT_USE_CASE } from "./snapshot.ts";
import type { TextCursor } from "./text-cursor.ts";
import { candidateId, costMicrocents, microcents, U32_MAX } from "./units.ts";

/** An entry that is being read. */
export type DecisionDraft = { -readonly [Key in keyof DecisionEntry]?: DecisionEntry[Key] };

/** One member. */
export interface DecisionField {
  readonly key: string;
  /** Its value as JSON; `undefined` where it is left out. */
  readonly write: (entry: DecisionEntry) => string | undefined;
  /** Takes its value into a draft that has the members before it. Throws RangeError naming the member. */
  readonly read: (value: ExactJson | undefined, draft: DecisionDraft, policyOf: EntryPolicyOf) => void;
  /** The same from text; what it does not know it refuses. Without it the general reader is asked. */
  readonly scan?: (cursor: TextCursor, draft: DecisionDraft, policyOf: EntryPolicyOf) => void;
  readonly isRequired?: true;
}

type Key = keyof DecisionEntry & keyof DecisionDraft;

/** A text that is left out where the entry has none. */
function textField(key: Key & string, at: string, holds: (value: unknown) => boolean): DecisionField {
  const put = (value: unknown, draft: DecisionDraft): boolean => {
    if (!holds(value)) return false;
    (draft as { [name: string]: unknown })[at] = value;
    return true;
  };
  return {
    key,
    write: (entry) => {
      const value = (entry as unknown as { readonly [name: string]: unknown })[at];
      return value === undefined ? undefined : writeExact(value);
    },
    read: (value, draft) => {
      if (value !== undefined && !put(value, draft)) throw new RangeError(`${key} is not an allowed string`);
    },
    scan: (cursor, draft) => {
      cursor.expect('"');
      if (!put(cursor.text(), draft)) cursor.refuse();
    },
  };
}

const isText = (value: unknown): boolean => typeof value === "string" && value !== "";

/** Every member, in order. */
export const DECISION_FIELDS: readonly DecisionField[] = Object.freeze([
  { ...textField("requestId", "requestId", isText), key: "id" },
  {
    key: "policy",
    write: ({ policyId }) => (policyId === undefined ? undefined : String(policyId)),
    read: (value, draft) => {
      if (value === undefined) return;
      if (!isPositive(value)) throw new RangeError("policy is not a policy ID");
      draft.policyId = value;
    },
  },
  {
    key: "actor",
    write: ({ actor }) => (actor === undefined ? undefined : writeExact(actor)),
    read: (value, draft) => {
      if (value === undefined) return;
      if (!isActor(value)) throw new RangeError('actor is neither the sequence of a key nor "system:NAME"');
      draft.actor = value;
    },
    scan: (cursor, draft) => {
      const actor = cursor.skip('"') ? cursor.text() : cursor.number(Number.MAX_SAFE_INTEGER);
      if (isActor(actor)) draft.actor = actor;
      else cursor.refuse();
    },
  },
  textField("onBehalfOf", "onBehalfOf", (value) => isName(value, ON_BEHALF_OF_CHARACTERS_MAX)),
  {
    key: "useCase",
    write: ({ useCase }) => (useCase === DEFAULT_USE_CASE ? undefined : writeExact(useCase)),
    read: (value, draft) => {
      draft.useCase = value === undefined ? DEFAULT_USE_CASE : text({ useCase: value }, "useCase");
    },
    scan: (cursor, draft) => {
      cursor.expect('"');
      draft.useCase = cursor.text();
      if (draft.useCase === DEFAULT_USE_CASE || draft.useCase === "") cursor.refuse();
    },
  },
  {
    key: "defaulted",
    write: ({ defaulted }) => (defaulted.length === 0 ? undefined : `["${defaulted.join('","')}"]`),
    read: (value, draft) => {
      draft.defaulted = value === undefined ? [] : defaultedFrom(value);
    },
    scan: (cursor, draft) => {
      const names: Defaulted[] = [];
      cursor.expect("[");
      do {
        cursor.expect('"');
        names.push(cursor.text() as Defaulted);
      } while (cursor.skip(","));
      cursor.expect("]");
      if (!areDefaulted(names)) cursor.refuse();
      draft.defaulted = names;
    },
  },
  textField("tenant", "tenant", isText),
  {
    key: "reservationSeconds",
    write: ({ reservationSeconds }) => (reservationSeconds === undefined ? undefined : String(reservationSeconds)),
    read: (value, draft) => {
      if (value !== undefined) draft.reservationSeconds = small(value, "reservationSeconds", U32_MAX);
    },
    scan: (cursor, draft) => {
      const seconds = cursor.number(U32_MAX);
      if (cursor.holds) draft.reservationSeconds = seconds;
    },
  },
  {
    key: "roomMicrocents",
    write: ({ roomMicrocents }) => (roomMicrocents === undefined ? undefined : String(roomMicrocents)),
    read: (value, draft) => {
      if (value !== undefined) draft.roomMicrocents = microcents(exact({ roomMicrocents: value }, "roomMicrocents"));
    },
    scan: (cursor, draft) => {
      const room = cursor.signed();
      if (cursor.holds) draft.roomMicrocents = microcents(room);
    },
  },
  {
    key: "asked",
    write: ({ asked }) => askedText(asked),
    read: (value, draft) => {
      if (value !== undefined) draft.asked = askedFromJson(membersOf(value, "asked"));
    },
    scan: (cursor, draft) => {
      const asked = askedIn(cursor);
      if (asked !== undefined) draft.asked = asked;
    },
  },
  {
    key: "tags",
    write: ({ tags }) => (tags === undefined ? undefined : writeExact(tags)),
    read: (value, draft) => {
      if (value === undefined) return;
      if (!areTags(value)) throw new RangeError(`tags are no object of 1 to ${TAGS_MAX} short texts`);
      draft.tags = value;
    },
  },
  textField("session", "session", (value) => isName(value)),
  textField("promptDigest", "promptDigest", isPromptDigest),
  {
    key: "request",
    isRequired: true,
    write: ({ request, bounds }) => requestText(request, bounds),
    read: (value, draft, policyOf) => {
      const policy = policyOf(draft.policyId);
      takeRequest(
        draft,
        requestFromJson(membersOf(value, "request"), (asked) => boundsOf(policy, asked)),
      );
    },
    scan: (cursor, draft, policyOf) => {
      const policy = knownPolicy(draft.policyId, policyOf);
      if (policy === undefined) cursor.refuse();
      else
        takeRequest(
          draft,
          requestIn(cursor, (asked) => boundsOf(policy, asked)),
        );
    },
  },
  {
    key: "learning",
    write: ({ learning, request, defaulted }) =>
      learning === undefined ? undefined : recommendationText(learning, request, defaulted),
    read: (value, draft) => {
      const { request, defaulted } = draft as DecisionEntry;
      if (value !== undefined)
        draft.learning = recommendationFromJson(membersOf(value, "learning"), request, defaulted);
    },
    scan: scanLearning,
  },
  {
    key: "decision",
    isRequired: true,
    write: ({ decision }) => answerText(decision),
    read: (value, draft, policyOf) => {
      draft.decision = answerFromJson(membersOf(value, "decision"), policyOf(draft.policyId).policy);
    },
    scan: (cursor, draft, policyOf) => {
      const decision = answerIn(cursor, () => policyOf(draft.policyId).policy);
      if (decision !== undefined) draft.decision = decision;
    },
  },
  {
    key: "acted",
    write: ({ acted }) => (acted === undefined ? undefined : String(acted)),
    read: (value, draft) => {
      if (value === undefined) return;
      const acted = candidateId(small(value, "acted", U32_MAX));
      if (acted === 0 || acted === draft.decision?.selectedId)
        throw new RangeError("acted is not a candidate other than the selected one");
      draft.acted = acted;
    },
  },
  {
    key: "reservedMicrocents",
    write: ({ reservedMicrocents }) => (reservedMicrocents === undefined ? undefined : String(reservedMicrocents)),
    read: (value, draft) => {
      if (value === undefined) return;
      const reserved = costMicrocents(exact({ reservedMicrocents: value }, "reservedMicrocents"));
      if (draft.acted === undefined && reserved === draft.decision?.costMicrocents)
        throw new RangeError("reservedMicrocents is the cost, and then left out");
      draft.reservedMicrocents = reserved;
    },
  },
  {
    key: "basis",
    write: ({ basis }) => (basis === undefined ? undefined : writeExact(basis)),
    read: (value, draft) => {
      if (value !== undefined) draft.basis = oneOf({ basis: value }, "basis", RESERVATION_BASES);
    },
  },
  {
    key: "shadow",
    write: ({ shadow }) =>
      shadow === undefined
        ? undefined
        : `{"action":${writeExact(shadow.action)}${unless(shadow.candidateId === 0, "candidate", shadow.candidateId)}}`,
    read: (value, draft) => {
      if (value === undefined) return;
      const shadow = membersOf(value, "shadow");
      const action = oneOf(shadow, "action", ["execute", "substitute", "reject"] as const);
      const id = shadow["candidate"] === undefined ? 0 : small(shadow["candidate"], "shadow.candidate", U32_MAX);
      if ((id === 0) !== (action === "reject")) throw new RangeError("shadow.candidate does not fit its action");
      draft.shadow = { action, candidateId: candidateId(id) };
    },
  },
  {
    key: "identity",
    isRequired: true,
    write: ({ identity }) => {
      const digits = digestToBase64Url(identity);
      invariant(digits !== undefined, "an identity has 64 hexadecimal digits");
      return `"${digits}"`;
    },
    read: (value, draft) => {
      const hex = typeof value === "string" ? digestFromBase64Url(value) : undefined;
      if (hex === undefined) throw new RangeError("identity is not 43 characters of base64url");
      draft.identity = hex;
    },
    scan: (cursor, draft) => {
      cursor.expect('"');
      const hex = digestFromBase64Url(cursor.text());
      if (hex === undefined) cursor.refuse();
      else draft.identity = hex;
    },
  },
] satisfies readonly DecisionField[]);

function takeRequest(draft: DecisionDraft, read: BoundedRequest | undefined): void {
  if (read === undefined) return;
  const { request, bounds } = read;
  draft.request = request;
  const { budgetLimitMicrocents, providersAllowed } = bounds;
  if (budgetLimitMicrocents !== NO_BUDGET_LIMIT || providersAllowed !== ALL_PROVIDERS) draft.bounds = bounds;
}

/** What is wrong with a policy that there is not, the general reader says. */
function knownPolicy(id: number | undefined, policyOf: EntryPolicyOf): EntryPolicy | undefined {
  try {
    return policyOf(id);
  } catch {
    return undefined;
  }
}

/** By way of JSON, and as strict. */
function scanLearning(cursor: TextCursor, draft: DecisionDraft): void {
  const written = cursor.until(',"decision":');
  const { request, defaulted } = draft as DecisionEntry;
  try {
    const learning = recommendationFromJson(parseExact(written) as Members, request, defaulted);
    if (recommendationText(learning, request, defaulted) === written) {
      draft.learning = learning;
      return;
    }
  } catch {
    // The general reader says what is wrong with it.
  }
  cursor.refuse();
}

function defaultedFrom(value: ExactJson): readonly Defaulted[] {
  const names = list({ defaulted: value }, "defaulted");
  if (!areDefaulted(names)) throw new RangeError(`defaulted is not a list of ${DEFAULTED.join(", ")}, in that order`);
  return names;
}

function areDefaulted(names: readonly unknown[]): names is readonly Defaulted[] {
  let last = -1;
  for (const name of names) {
    const position = DEFAULTED.indexOf(name as Defaulted);
    if (position <= last) return false;
    last = position;
  }
  return true;
}

function unless(isLeftOut: boolean, key: string, value: number | bigint | undefined): string {
  return isLeftOut ? "" : `,"${key}":${value}`;
}

function membersOf(value: ExactJson | undefined, key: string): Members {
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw new RangeError(`${key} is not an object`);
  return value as Members;
}

function small(value: ExactJson, key: string, max: number): number {
  if (typeof value !== "number" || !Number.isSafeInteger(value) || value < 0 || value > max)
    throw new RangeError(`${key} is not an integer up to ${max}`);
  return value;
}

function isPositive(value: ExactJson): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value > 0;
}
