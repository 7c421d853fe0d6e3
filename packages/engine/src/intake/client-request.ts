/**
 * Resolves a client's request into the request that the kernel decides: names become bits, and omitted fields come from the
 * policy's use case. On the path of every decision, so the checks are written by hand.
 * @module
 */
import {
  type Actor,
  ALL_PROVIDERS,
  BPS_MAX,
  bps,
  CalybrisError,
  candidateId,
  costMicrocents,
  DEFAULT_USE_CASE,
  type Defaulted,
  I64_MAX,
  I64_MIN,
  isPromptDigest,
  microcents,
  milliseconds,
  NO_BUDGET_LIMIT,
  RESERVATION_SECONDS_MAX,
  type Request,
  sequence as sequenceOf,
  TAGS_MAX,
  tokens,
  U32_MAX,
  U64_MAX,
  writeExact,
} from "@calybris/kernel";
import type { Writable } from "../flows/writable.ts";
import { type MistakeBounds, Mistakes, showValue } from "./mistakes.ts";
import { type MoneyField, moneyKeys } from "./money.ts";
import {
  bits,
  checkName,
  checkTags,
  checkTextScore,
  featuresOf,
  money,
  NONE,
  requestedIdOf,
  unknownName,
  whole,
} from "./request-fields.ts";
import { refuseSprawling } from "./request-size.ts";
import type { SnapshotIndex } from "./snapshot-index.ts";

/** An exact amount: beyond 2^53 a `bigint` or digits in quotes. */
export type Amount = number | bigint | string;

/** A request as the client sends it. Omitted fields come from the policy's use case, or mean no limit. */
export interface ClientRequest {
  /** The client's own id: an id is decided once. 1 to 128 printable characters. */
  readonly requestId?: string | undefined;
  /** The tenant that pays; default `default`. */
  readonly tenant?: string | undefined;
  /** How long the reservation may stay open, up to 31 days; default: the tenant's setting. */
  readonly reservationSeconds?: number | undefined;
  readonly useCase?: string | undefined;
  /** The requested candidate, by name or id. */
  readonly requested?: string | number | undefined;
  readonly inputTokens: number;
  readonly outputTokens?: number | undefined;
  readonly valueMicrocents?: Amount | undefined;
  readonly valueCents?: Amount | undefined;
  readonly valueDollars?: Amount | undefined;
  readonly budgetMicrocents?: Amount | undefined;
  readonly budgetCents?: Amount | undefined;
  readonly budgetDollars?: Amount | undefined;
  readonly riskBps?: number | undefined;
  readonly confidenceBps?: number | undefined;
  readonly qualityMinBps?: number | undefined;
  /** 0 or omitted: no limit. */
  readonly latencyMaxMs?: number | undefined;
  /** All are required. */
  readonly capabilities?: readonly string[] | undefined;
  /** Any of these. */
  readonly providers?: readonly string[] | undefined;
  /** Any of these. */
  readonly regions?: readonly string[] | undefined;
  /** The learner's features: integers by the names that the policy lists. */
  readonly features?: { readonly [name: string]: number } | undefined;
  /** The prior's score of the text, if a prior is active; computed by `Engine.learning.scoreText`. */
  readonly textScore?: number | undefined;
  /** The user that the caller claims to act for; recorded as claimed. */
  readonly onBehalfOf?: string | undefined;
  /** Short texts by which requests are counted, under names of 1 to 64 letters, digits and `_.:-`; at most 16. */
  readonly tags?: { readonly [name: string]: string } | undefined;
  /** The conversation that the request belongs to. */
  readonly session?: string | undefined;
  /** SHA-256 of the prompt, 43 characters of base64url. */
  readonly promptDigest?: string | undefined;
}

/** Every field of a {@link ClientRequest}, in the order in which {@link contentOf} writes them. */
export const CLIENT_REQUEST_KEYS: readonly (keyof ClientRequest)[] = Object.freeze([
  "requestId",
  "tenant",
  "reservationSeconds",
  "useCase",
  "requested",
  "inputTokens",
  "outputTokens",
  "valueMicrocents",
  "valueCents",
  "valueDollars",
  "budgetMicrocents",
  "budgetCents",
  "budgetDollars",
  "riskBps",
  "confidenceBps",
  "qualityMinBps",
  "latencyMaxMs",
  "capabilities",
  "providers",
  "regions",
  "features",
  "textScore",
  "onBehalfOf",
  "tags",
  "session",
  "promptDigest",
] as const);

/** A request that the kernel can decide, and the fields that were defaulted. */
export interface ResolvedRequest {
  readonly request: Request;
  readonly useCase: string;
  readonly defaulted: readonly Defaulted[];
  readonly requestId?: string | undefined;
  readonly tenant?: string | undefined;
  readonly reservationSeconds?: number | undefined;
  /** In the policy's order; only for a policy that learns. */
  readonly features?: readonly number[] | undefined;
  readonly textScore?: number | undefined;
  /** The caller, as set by the engine's caller, not by the client. */
  readonly actor?: Actor | undefined;
  readonly onBehalfOf?: string | undefined;
  readonly tags?: Readonly<Record<string, string>> | undefined;
  readonly session?: string | undefined;
  readonly promptDigest?: string | undefined;
}

/** A {@link ResolvedRequest} to fill. */
export type RequestDraft = Writable<Omit<ResolvedRequest, "request">> & { readonly request: Writable<Request> };

/** A draft with every member present, so that all drafts have one shape. */
export function requestDraft(): RequestDraft {
  return {
    request: {
      sequence: sequenceOf(0n),
      requestedId: candidateId(0),
      inputTokens: tokens(0),
      outputTokens: tokens(0),
      valueMicrocents: microcents(0n),
      budgetLimitMicrocents: NO_BUDGET_LIMIT,
      riskBps: bps(0),
      confidenceBps: bps(0),
      qualityMinBps: bps(0),
      latencyMaxMs: milliseconds(0),
      capabilitiesRequired: NONE,
      providersAllowed: ALL_PROVIDERS,
      regionsRequired: NONE,
    },
    useCase: "",
    defaulted: [],
    requestId: undefined,
    tenant: undefined,
    reservationSeconds: undefined,
    features: undefined,
    textScore: undefined,
    actor: undefined,
    onBehalfOf: undefined,
    tags: undefined,
    session: undefined,
    promptDigest: undefined,
  };
}

const KNOWN_KEYS: ReadonlySet<string> = new Set(CLIENT_REQUEST_KEYS);
export const VALUE: MoneyField<"value", ""> = {
  stem: "value",
  suffix: "",
  minMicrocents: I64_MIN,
  maxMicrocents: I64_MAX,
  keys: moneyKeys({ stem: "value", suffix: "" }),
};
/** Error texts: the expected form of tags and of a prompt digest. */
export const TAGS_WANTED: string = `an object of up to ${TAGS_MAX} texts of 1 to 128 printable characters, each under a name of 1 to 64 letters, digits, _, ., : and -`;
export const PROMPT_DIGEST_WANTED = "a SHA-256 digest as 43 characters of base64url";
export const BUDGET: MoneyField<"budget", ""> = {
  stem: "budget",
  suffix: "",
  minMicrocents: 0n,
  maxMicrocents: U64_MAX,
  keys: moneyKeys({ stem: "budget", suffix: "" }),
};

/**
 * Resolves a request into `draft` and returns it. Everything is read from the client's object before the draft is written,
 * so that code run by reading that object (a getter) sees the draft unchanged.
 *
 * @throws {@link CalybrisError} `CAL_REQUEST_INVALID` with every mistake, up to 33 of them.
 */
export function resolveRequest(
  index: SnapshotIndex,
  clientRequest: ClientRequest,
  sequence: bigint,
  draft: RequestDraft = requestDraft(),
): ResolvedRequest {
  refuseSprawling(clientRequest);
  const mistakes = noMistakes ?? new Mistakes(undefined, BOUNDS);
  noMistakes = undefined;
  for (const key in clientRequest) {
    if (KNOWN_KEYS.has(key)) continue;
    if (mistakes.isFull) break;
    mistakes.add([key], "is an unknown field", mistakes.remedyFor(key, CLIENT_REQUEST_KEYS));
  }

  const { requestId, tenant, useCase: useCaseName = DEFAULT_USE_CASE, requested, textScore } = clientRequest;
  checkName(requestId, "requestId", mistakes);
  checkName(tenant, "tenant", mistakes);
  const reservationSeconds = whole(
    clientRequest.reservationSeconds,
    "reservationSeconds",
    RESERVATION_SECONDS_MAX,
    mistakes,
  );
  if (clientRequest.reservationSeconds === 0)
    mistakes.add(["reservationSeconds"], "is 0", "Send at least 1, or leave it out.");
  const useCase = index.useCases.get(useCaseName) ?? index.defaultUseCase;
  if (!index.useCases.has(useCaseName)) unknownName(["useCase"], useCaseName, index.useCaseNames, mistakes);
  const requestedId = requestedIdOf(requested, index, index.candidateNames, mistakes);

  const members = clientRequest as unknown as { readonly [key: string]: unknown };
  const sentValue = money(members, VALUE, mistakes);
  const valueMicrocents = sentValue ?? useCase.valueMicrocents;
  const riskBps = whole(clientRequest.riskBps, "riskBps", BPS_MAX, mistakes) ?? useCase.riskBps;
  const confidenceBps = whole(clientRequest.confidenceBps, "confidenceBps", BPS_MAX, mistakes) ?? useCase.confidenceBps;
  const qualityMinBps = whole(clientRequest.qualityMinBps, "qualityMinBps", BPS_MAX, mistakes) ?? useCase.qualityMinBps;
  const outputTokens = whole(clientRequest.outputTokens, "outputTokens", U32_MAX, mistakes) ?? useCase.outputTokens;
  const defaulted = defaultedOf(clientRequest, sentValue === undefined);
  const inputTokens = whole(clientRequest.inputTokens, "inputTokens", U32_MAX, mistakes);
  if (clientRequest.inputTokens === undefined)
    mistakes.add(["inputTokens"], "is missing", "Send the number of tokens, or units of work, that go in.");
  const budget = money(members, BUDGET, mistakes) ?? NO_BUDGET_LIMIT;
  const latencyMaxMs = whole(clientRequest.latencyMaxMs, "latencyMaxMs", U32_MAX, mistakes) ?? 0;
  const capabilities = bits(clientRequest.capabilities, "capabilities", index.capabilities, NONE, mistakes);
  const providers = bits(clientRequest.providers, "providers", index.providers, ALL_PROVIDERS, mistakes);
  const regions = bits(clientRequest.regions, "regions", index.regions, NONE, mistakes);
  const features = featuresOf(index, clientRequest, mistakes);
  checkTextScore(textScore, mistakes);
  const { onBehalfOf, tags, session, promptDigest } = clientRequest;
  checkName(onBehalfOf, "onBehalfOf", mistakes);
  checkName(session, "session", mistakes);
  checkTags(tags, mistakes);
  if (promptDigest !== undefined && !isPromptDigest(promptDigest))
    mistakes.add(["promptDigest"], `is ${showValue(promptDigest)}`, `Send ${PROMPT_DIGEST_WANTED}.`);
  if (!mistakes.isEmpty) throw new CalybrisError("CAL_REQUEST_INVALID", { mistakes: mistakes.list });

  noMistakes = mistakes;
  const keptTags = tags !== undefined && Object.keys(tags).length > 0 ? { ...tags } : undefined;

  const { request } = draft;
  request.sequence = sequenceOf(sequence);
  request.requestedId = candidateId(requestedId);
  request.inputTokens = tokens(inputTokens ?? 0);
  request.outputTokens = tokens(outputTokens);
  request.valueMicrocents = microcents(valueMicrocents);
  request.budgetLimitMicrocents = costMicrocents(budget);
  request.riskBps = bps(riskBps);
  request.confidenceBps = bps(confidenceBps);
  request.qualityMinBps = bps(qualityMinBps);
  request.latencyMaxMs = milliseconds(latencyMaxMs);
  request.capabilitiesRequired = capabilities;
  request.providersAllowed = providers;
  request.regionsRequired = regions;
  draft.useCase = useCaseName;
  draft.defaulted = defaulted;
  draft.requestId = requestId;
  draft.tenant = tenant;
  draft.reservationSeconds = reservationSeconds;
  draft.features = features;
  draft.textScore = textScore;
  draft.actor = undefined;
  draft.onBehalfOf = onBehalfOf;
  draft.tags = keptTags;
  draft.session = session;
  draft.promptDigest = promptDigest;
  return draft;
}

/** An empty list, reused by the next request; `undefined` while a request is being read. */
let noMistakes: Mistakes | undefined;

/** Lower bounds than the default, because a batch may hold a thousand invalid requests. */
const BOUNDS: MistakeBounds = { max: 33, suggestionsMax: 4 };

/**
 * The client's request as one text, independent of the order of its keys. Throws InvariantViolation for a value that is not
 * exact JSON: a fraction, an unsafe integer, ill-formed Unicode.
 */
export function contentOf(clientRequest: ClientRequest): string {
  let content = "";
  for (const key of CLIENT_REQUEST_KEYS) {
    const value = clientRequest[key];
    if (value !== undefined) content += `${content === "" ? "" : ","}"${key}":${writeExact(value)}`;
  }
  return `{${content}}`;
}

/** The defaulted fields. Returns one of a few shared lists, so that no request allocates its own. */
function defaultedOf(client: ClientRequest, isValueLeft: boolean): readonly Defaulted[] {
  const { riskBps, confidenceBps, qualityMinBps, outputTokens } = client;
  const bits =
    (isValueLeft ? 1 : 0) |
    (riskBps === undefined ? 2 : 0) |
    (confidenceBps === undefined ? 4 : 0) |
    (qualityMinBps === undefined ? 8 : 0) |
    (outputTokens === undefined ? 16 : 0);
  return DEFAULTED_LISTS[bits] as readonly Defaulted[];
}

const LEFT: readonly Defaulted[] = ["value", "risk", "confidence", "floor", "output"];
const DEFAULTED_LISTS: readonly (readonly Defaulted[])[] = Array.from({ length: 1 << LEFT.length }, (_, bits) =>
  Object.freeze(LEFT.filter((_name, bit) => (bits & (1 << bit)) !== 0)),
);
