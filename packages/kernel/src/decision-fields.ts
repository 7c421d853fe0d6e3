/**
 * The members of a decision's entry: one row each, in order. The writer, the reader and the fast reader are driven by these
 * rows, so that names, order and defaults are stated once. A test checks docs/formats.md against them.
 * @module
 */
import { ACTOR, ON_BEHALF_OF } from "./actor.ts";
import { digestFromBase64Url, digestToBase64Url } from "./base64url.ts";
import { ANSWER_SCHEMA, answerFromJson, answerIn, answerText } from "./decision-answer.ts";
import {
  DEFAULTED,
  type DecisionEntry,
  type Defaulted,
  type EntryPolicy,
  type EntryPolicyOf,
  RESERVATION_BASES,
  type Shadow,
} from "./decision-entry.ts";
import { ASKED, askedIn } from "./asked-json.ts";
import { type DecisionDraft, type DecisionField, plain, quoted } from "./decision-field.ts";
import { objectOf, objectSchema } from "./entry-table.ts";
import {
  type EntryValue,
  I64,
  type JsonSchema,
  membersOf,
  oneOf,
  POSITIVE,
  TEXT,
  textWhere,
  U32,
  U64,
  wholeFrom,
  written,
} from "./entry-value.ts";
import { invariant } from "./invariant.ts";
import { isName, NAME_CHARACTERS_MAX, NAME_WANTED } from "./names.ts";
import {
  RECOMMENDATION_FIELDS,
  recommendationFromJson,
  recommendationIn,
  recommendationText,
} from "./recommendation.ts";
import { PROMPT_DIGEST_PATTERN, TAGS } from "./request-labels.ts";
import { ALL_PROVIDERS, NO_BUDGET_LIMIT } from "./request.ts";
import { type BoundedRequest, REQUEST_FIELDS, requestFromJson, requestIn, requestText } from "./request-json.ts";
import { boundsOf } from "./spending.ts";
import { DEFAULT_USE_CASE } from "./snapshot.ts";
import type { TextCursor } from "./text-cursor.ts";
import { type CandidateId, type CostMicrocents, type Microcents, U32_MAX } from "./units.ts";

const NAME: EntryValue<string> = textWhere(
  (value) => isName(value),
  { type: "string", minLength: 1, maxLength: NAME_CHARACTERS_MAX },
  NAME_WANTED,
);
const BASE64_DIGEST: JsonSchema = { type: "string", pattern: PROMPT_DIGEST_PATTERN };
const DEFAULTED_MASK_MAX: number = 2 ** DEFAULTED.length - 1;
const DEFAULTED_MASK = wholeFrom(1, DEFAULTED_MASK_MAX);
/** Indexed by the mask. */
const DEFAULTED_LISTS: readonly (readonly Defaulted[])[] = Array.from({ length: DEFAULTED_MASK_MAX + 1 }, (_, bits) =>
  Object.freeze(DEFAULTED.filter((_name, bit) => (bits & (1 << bit)) !== 0)),
);
const CANDIDATE = wholeFrom(1, U32_MAX) as EntryValue<CandidateId>;

const SHADOW = objectOf<Pick<Shadow, "action"> & { readonly candidate?: CandidateId }>({
  action: { type: oneOf(["execute", "substitute", "reject"]), holds: "the action" },
  candidate: { type: CANDIDATE, holds: "the candidate", leftOut: "the action is `reject`" },
});

/** Every member, in order. */
export const DECISION_FIELDS: readonly DecisionField[] = Object.freeze([
  plain("requestId", {
    key: "id",
    holds: "the client's id for the request",
    leftOut: "the client sent none",
    type: TEXT,
    scan: quoted,
  }),
  plain("policyId", {
    key: "policy",
    holds: "id of the policy that decided",
    leftOut: "it is the active policy at that entry",
    type: POSITIVE,
  }),
  plain("actor", {
    holds: 'the caller: the sequence of the `key` entry that introduced it, or `"system:NAME"`',
    leftOut: "the caller is unknown",
    type: ACTOR,
  }),
  plain("onBehalfOf", {
    holds: "identity that the caller claims to act for; 1 to 128 printable characters",
    leftOut: "none is claimed",
    type: ON_BEHALF_OF,
    scan: quoted,
  }),
  {
    key: "useCase",
    holds: "a use case of the policy",
    leftOut: 'it is `"default"`',
    schema: TEXT.schema,
    write: ({ useCase }) => (useCase === DEFAULT_USE_CASE ? undefined : written(TEXT, useCase)),
    read: (value, draft) => {
      draft.useCase = value === undefined ? DEFAULT_USE_CASE : TEXT.read(value, "useCase");
    },
    scan: (cursor, draft) => {
      draft.useCase = quoted(cursor);
      if (draft.useCase === DEFAULT_USE_CASE || draft.useCase === "") cursor.refuse();
    },
  },
  {
    key: "defaulted",
    holds:
      "mask of the values that the client omitted: 1 `value`, 2 `risk`, 4 `confidence`, 8 `floor`, 16 `output`, 32 `tenant`",
    leftOut: "none was omitted",
    schema: DEFAULTED_MASK.schema,
    write: ({ defaulted }) => (defaulted.length === 0 ? undefined : String(maskOf(defaulted))),
    read: (value, draft) => {
      draft.defaulted = value === undefined ? [] : defaultedIn(DEFAULTED_MASK.read(value, "defaulted"));
    },
    scan: (cursor, draft) => {
      const bits = cursor.number(DEFAULTED_MASK_MAX);
      if (bits === 0) cursor.refuse();
      draft.defaulted = defaultedIn(bits);
    },
  },
  plain("tenant", {
    holds: "tenant that pays",
    leftOut: "the client named none, and `default` has no limit",
    type: TEXT,
    scan: quoted,
  }),
  plain("reservationSeconds", {
    holds: "maximum time that the reservation stays open",
    leftOut: "the client sent none, and the tenant's value applies",
    type: U32,
    scan: (cursor) => cursor.number(U32_MAX),
  }),
  plain("headroomMicrocents", {
    holds: "the tenant's headroom",
    leftOut: "the headroom was sufficient",
    type: I64 as EntryValue<Microcents>,
    scan: (cursor) => cursor.signed(),
  }),
  {
    ...plain("asked", {
      holds: "values that the client sent and `request` replaces: `budgetMicrocents`, `providers`, `qualityMinBps`",
      leftOut: "nothing was replaced",
      type: ASKED,
    }),
    scan: (cursor, draft) => {
      const asked = askedIn(cursor);
      if (asked !== undefined) draft.asked = asked;
    },
  },
  plain("tags", {
    holds:
      "1 to 16 short texts, each of 1 to 128 printable characters under a name of 1 to 64 of `A-Za-z0-9_.:-`, a letter or digit first",
    leftOut: "there is none",
    type: TAGS,
  }),
  plain("session", {
    holds: "the conversation that the request belongs to; 1 to 128 printable characters",
    leftOut: "the client named none",
    type: NAME,
    scan: quoted,
  }),
  plain("promptDigest", {
    holds: "SHA-256 of the content in base64url, 43 characters",
    leftOut: "the client sent none",
    type: textWhere((value) => digestFromBase64Url(value) !== undefined, BASE64_DIGEST, "43 characters of base64url"),
    scan: quoted,
  }),
  {
    key: "request",
    holds: "the request as it was decided",
    schema: objectSchema(REQUEST_FIELDS),
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
    holds: "origin of the floor (see Learning)",
    leftOut: "the client sent a floor, or the policy does not learn",
    schema: objectSchema(RECOMMENDATION_FIELDS),
    write: (entry) => (entry.learning === undefined ? undefined : recommendationText(entry.learning, entry)),
    read: (value, draft) => {
      if (value !== undefined)
        draft.learning = recommendationFromJson(membersOf(value, "learning"), draft as DecisionEntry);
    },
    scan: scanLearning,
  },
  {
    key: "decision",
    holds: "action, and the selected candidate or the reason of the rejection",
    schema: ANSWER_SCHEMA,
    write: ({ decision }) => answerText(decision),
    read: (value, draft, policyOf) => {
      draft.decision = answerFromJson(membersOf(value, "decision"), policyOf(draft.policyId).policy);
    },
    scan: (cursor, draft, policyOf) => {
      const decision = answerIn(cursor, () => policyOf(draft.policyId).policy);
      if (decision !== undefined) draft.decision = decision;
    },
  },
  plain("acted", {
    holds: "candidate that runs regardless of the selection, because the decision is only observed; 0 for none",
    leftOut: "the decision is carried out",
    type: U32 as EntryValue<CandidateId>,
  }),
  plain("reservedMicrocents", {
    holds: "reserved amount",
    leftOut: "it is the cost of the selected candidate, or 0 if `acted` is present",
    type: U64 as EntryValue<CostMicrocents>,
    fault: (reserved, { acted, decision }) =>
      acted === undefined && reserved === decision?.costMicrocents
        ? "reservedMicrocents is the cost, and then left out"
        : undefined,
  }),
  plain("basis", {
    holds:
      'of a call, how the amount was found that is reserved or that exceeded the headroom: `"bytes"`, `"estimate"`, `"window"`',
    leftOut: "the client's token counts are the bound, or there was nothing to reserve",
    type: oneOf(RESERVATION_BASES),
  }),
  {
    key: "shadow",
    holds: 'decision of the staged policy: `action`, `candidate` (left out for `"reject"`)',
    leftOut: "no policy is in shadow",
    schema: SHADOW.schema,
    write: ({ shadow }) => {
      if (shadow === undefined) return undefined;
      const { action, candidateId } = shadow;
      return written(SHADOW, candidateId === 0 ? { action } : { action, candidate: candidateId });
    },
    read: (value, draft) => {
      if (value === undefined) return;
      const { action, candidate } = SHADOW.read(value, "shadow");
      if ((candidate === undefined) !== (action === "reject"))
        throw new RangeError("shadow.candidate does not fit its action");
      draft.shadow = { action, candidateId: candidate ?? (0 as CandidateId) };
    },
  },
  {
    key: "identity",
    holds: "the `calyidn1` digest in base64url, 43 characters",
    schema: BASE64_DIGEST,
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
      const hex = digestFromBase64Url(quoted(cursor));
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

/** `undefined` for an unknown policy, which the general reader reports. */
function knownPolicy(id: number | undefined, policyOf: EntryPolicyOf): EntryPolicy | undefined {
  try {
    return policyOf(id);
  } catch {
    return undefined;
  }
}

/** The members before it, which the draft already has, determine the defaults of `learning`. */
function scanLearning(cursor: TextCursor, draft: DecisionDraft): void {
  const learning = recommendationIn(cursor, draft as DecisionEntry);
  if (learning !== undefined) draft.learning = learning;
}

function maskOf(names: readonly Defaulted[]): number {
  let bits = 0;
  for (const name of names) bits |= 1 << DEFAULTED.indexOf(name);
  return bits;
}

function defaultedIn(bits: number): readonly Defaulted[] {
  return DEFAULTED_LISTS[bits] ?? [];
}
