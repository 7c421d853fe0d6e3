/**
 * What a client says, and the request that the kernel decides: names become bits, and what was left unsaid comes from
 * the policy's use case. On the path of every decision, so the checks are written out by hand.
 * @module
 */
import {
  ALL_PROVIDERS,
  BPS_MAX,
  bps,
  CalybrisError,
  candidateId,
  costMicrocents,
  DEFAULT_USE_CASE,
  type Defaulted,
  FEATURE_MISSING,
  I64_MAX,
  I64_MIN,
  type Mask,
  type Mistake,
  mask,
  microcents,
  milliseconds,
  NO_BUDGET_LIMIT,
  type PolicySnapshot,
  type Request,
  sequence as sequenceOf,
  tokens,
  U32_MAX,
  U64_MAX,
  writeExact,
} from "@calybris/kernel";
import { RESERVATION_SECONDS_MAX } from "./budgets-file.ts";
import { type MoneyField, readMoney, showValue } from "./money.ts";
import { nameRemedy } from "./nearest.ts";
import { isPrintable } from "./shape.ts";
import { indexOfSnapshot } from "./snapshot-index.ts";
import type { Writable } from "../writable.ts";

/** An amount: exact, so beyond 2^53 a `bigint` or digits in quotes. */
export type Amount = number | bigint | string;

/** What a client says. Whatever it leaves out comes from the policy's use case, or is no limit. */
export interface ClientRequest {
  /** The client's own id: the same id is decided once. 1 to 128 printable characters. */
  readonly requestId?: string | undefined;
  /** Whose money it is; `default` when left out. */
  readonly tenant?: string | undefined;
  /** How long what is reserved may stay open, up to 31 days; the tenant's own time when left out. */
  readonly reservationSeconds?: number | undefined;
  readonly useCase?: string | undefined;
  /** The candidate asked for, by name or id. */
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
  /** 0 is no limit, as is leaving it out. */
  readonly latencyMaxMs?: number | undefined;
  /** All of these. */
  readonly capabilities?: readonly string[] | undefined;
  /** One of these. */
  readonly providers?: readonly string[] | undefined;
  /** One of these. */
  readonly regions?: readonly string[] | undefined;
  /** What the learner tells requests apart by: whole numbers under the names that the policy lists. */
  readonly features?: { readonly [name: string]: number } | undefined;
  /** What the prior makes of the text, where there is one; `Engine.learning.scoreText` says. */
  readonly textScore?: number | undefined;
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
] as const);

export const REQUEST_ID_MAX_CHARACTERS = 128;

/** A request that the kernel can decide, and what became of the client's silence. */
export interface ResolvedRequest {
  readonly request: Request;
  readonly useCase: string;
  readonly defaulted: readonly Defaulted[];
  readonly requestId?: string;
  readonly tenant?: string;
  readonly reservationSeconds?: number;
  /** In the policy's order; of a policy that learns. */
  readonly features?: readonly number[];
  readonly textScore?: number;
}

const KNOWN_KEYS: ReadonlySet<string> = new Set(CLIENT_REQUEST_KEYS);
const VALUE: MoneyField = { stem: "value", suffix: "", minMicrocents: I64_MIN, maxMicrocents: I64_MAX };
const BUDGET: MoneyField = { stem: "budget", suffix: "", minMicrocents: 0n, maxMicrocents: U64_MAX };

/**
 * @throws {@link CalybrisError} `CAL_REQUEST_INVALID` with every mistake at once.
 */
export function resolveRequest(
  snapshot: PolicySnapshot,
  clientRequest: ClientRequest,
  sequence: bigint,
): ResolvedRequest {
  const mistakes: Mistake[] = [];
  if (typeof clientRequest !== "object" || clientRequest === null || Array.isArray(clientRequest))
    throw invalid([
      { path: "", problem: `is ${showValue(clientRequest)}`, remedy: "Send one object for one request." },
    ]);
  for (const key in clientRequest) if (!KNOWN_KEYS.has(key)) mistakes.push(unknownKey(key));

  const index = indexOfSnapshot(snapshot);
  const { requestId, tenant, useCase: useCaseName = DEFAULT_USE_CASE, requested } = clientRequest;
  if (requestId !== undefined && !isRequestId(requestId)) mistakes.push(badRequestId(requestId));
  if (tenant !== undefined && !isRequestId(tenant)) mistakes.push({ ...badRequestId(tenant), path: "tenant" });
  const reservationSeconds = whole(
    clientRequest.reservationSeconds,
    "reservationSeconds",
    RESERVATION_SECONDS_MAX,
    mistakes,
  );
  if (clientRequest.reservationSeconds === 0)
    mistakes.push({ path: "reservationSeconds", problem: "is 0", remedy: "Send at least 1, or leave it out." });
  const useCase = index.useCases.get(useCaseName) ?? index.defaultUseCase;
  if (!index.useCases.has(useCaseName)) mistakes.push(unknownName("useCase", useCaseName, [...index.useCases.keys()]));

  let requestedId = 0;
  if (requested !== undefined) {
    const id = typeof requested === "number" ? requested : index.candidateIds.get(requested);
    if (id === undefined || !index.ids.has(id))
      mistakes.push(unknownName("requested", requested, snapshot.candidateNames));
    else requestedId = id;
  }

  const defaulted: Defaulted[] = [];
  const valueMicrocents =
    money(clientRequest, VALUE, mistakes) ?? orDefault(useCase.valueMicrocents, "value", defaulted);
  const riskBps =
    whole(clientRequest.riskBps, "riskBps", BPS_MAX, mistakes) ?? orDefault(useCase.riskBps, "risk", defaulted);
  const confidenceBps =
    whole(clientRequest.confidenceBps, "confidenceBps", BPS_MAX, mistakes) ??
    orDefault(useCase.confidenceBps, "confidence", defaulted);
  const qualityMinBps =
    whole(clientRequest.qualityMinBps, "qualityMinBps", BPS_MAX, mistakes) ??
    orDefault(useCase.qualityMinBps, "floor", defaulted);
  const outputTokens =
    whole(clientRequest.outputTokens, "outputTokens", U32_MAX, mistakes) ??
    orDefault(useCase.outputTokens, "output", defaulted);
  const inputTokens = whole(clientRequest.inputTokens, "inputTokens", U32_MAX, mistakes);
  if (clientRequest.inputTokens === undefined)
    mistakes.push({
      path: "inputTokens",
      problem: "is missing",
      remedy: "Say how many tokens, or units of work, go in.",
    });
  const budget = money(clientRequest, BUDGET, mistakes) ?? NO_BUDGET_LIMIT;
  const latencyMaxMs = whole(clientRequest.latencyMaxMs, "latencyMaxMs", U32_MAX, mistakes) ?? 0;
  const capabilities = bits(clientRequest.capabilities, "capabilities", index.capabilities, NONE, mistakes);
  const providers = bits(clientRequest.providers, "providers", index.providers, ALL_PROVIDERS, mistakes);
  const regions = bits(clientRequest.regions, "regions", index.regions, NONE, mistakes);
  const features = featuresOf(snapshot, clientRequest, mistakes);
  const { textScore } = clientRequest;
  if (textScore !== undefined && !isFeature(textScore))
    mistakes.push({ path: "textScore", problem: `is ${showValue(textScore)}`, remedy: FEATURE_REMEDY });
  if (mistakes.length > 0) throw invalid(mistakes);

  const request: Request = {
    sequence: sequenceOf(sequence),
    requestedId: candidateId(requestedId),
    inputTokens: tokens(inputTokens ?? 0),
    outputTokens: tokens(outputTokens),
    valueMicrocents: microcents(valueMicrocents),
    budgetLimitMicrocents: costMicrocents(budget),
    riskBps: bps(riskBps),
    confidenceBps: bps(confidenceBps),
    qualityMinBps: bps(qualityMinBps),
    latencyMaxMs: milliseconds(latencyMaxMs),
    capabilitiesRequired: capabilities,
    providersAllowed: providers,
    regionsRequired: regions,
  };
  const resolved: Writable<ResolvedRequest> = { request, useCase: useCaseName, defaulted };
  if (requestId !== undefined) resolved.requestId = requestId;
  if (tenant !== undefined) resolved.tenant = tenant;
  if (reservationSeconds !== undefined) resolved.reservationSeconds = reservationSeconds;
  if (features !== undefined) resolved.features = features;
  if (textScore !== undefined) resolved.textScore = textScore;
  return resolved;
}

/**
 * What the client sent, as one text whatever the order of its keys: for the digest that tells a request sent again from
 * another one under the same id.
 */
export function contentOf(clientRequest: ClientRequest): string {
  let content = "";
  for (const key of CLIENT_REQUEST_KEYS) {
    const value = clientRequest[key];
    if (value !== undefined) content += `${content === "" ? "" : ","}"${key}":${writeExact(value)}`;
  }
  return `{${content}}`;
}

/** The features in the policy's order, and those left out as missing; without names, the tokens. */
function featuresOf(
  { learning }: PolicySnapshot,
  { features: given, inputTokens, outputTokens }: ClientRequest,
  mistakes: Mistake[],
): readonly number[] | undefined {
  const names = learning?.features ?? [];
  const features = given ?? NO_FEATURES;
  if (typeof features !== "object" || given === null || Array.isArray(features)) {
    mistakes.push({
      path: "features",
      problem: `is ${showValue(given)}`,
      remedy: "Send an object of whole numbers.",
    });
    return undefined;
  }
  for (const name of Object.keys(features)) {
    const path = `features.${name}`;
    const value = features[name];
    if (!names.includes(name)) mistakes.push({ path, problem: "is not known here", remedy: nameRemedy(name, names) });
    else if (!isFeature(value)) mistakes.push({ path, problem: `is ${showValue(value)}`, remedy: FEATURE_REMEDY });
  }
  if (learning === undefined) return undefined;
  if (names.length === 0) return [inputTokens, outputTokens ?? FEATURE_MISSING];
  return names.map((name) => features[name] ?? FEATURE_MISSING);
}

const NO_FEATURES: { readonly [name: string]: number } = Object.freeze({});
const FEATURE_MAX = 2 ** 31 - 1;
const FEATURE_REMEDY = `Send a whole number from −${FEATURE_MAX} to ${FEATURE_MAX}.`;

function isFeature(value: unknown): boolean {
  return Number.isInteger(value) && Math.abs(value as number) <= FEATURE_MAX && !Object.is(value, -0);
}

const NONE: Mask = mask(0n);
const PLAIN_ID = /^[\x21-\x7e]{1,128}$/;

function isRequestId(value: unknown): boolean {
  if (typeof value !== "string") return false;
  return PLAIN_ID.test(value) || (value !== "" && value.length <= REQUEST_ID_MAX_CHARACTERS && isPrintable(value));
}

function orDefault<Value>(value: Value, name: Defaulted, defaulted: Defaulted[]): Value {
  defaulted.push(name);
  return value;
}

function whole(value: number | undefined, path: string, max: number, mistakes: Mistake[]): number | undefined {
  if (value === undefined) return undefined;
  // Adding 0 makes 0 of −0, which is no other number anywhere else.
  if (Number.isInteger(value) && value >= 0 && value <= max) return value + 0;
  mistakes.push({ path, problem: `is ${showValue(value)}`, remedy: `Send a whole number from 0 to ${max}.` });
  return 0;
}

function money(clientRequest: ClientRequest, field: MoneyField, mistakes: Mistake[]): bigint | undefined {
  const reading = readMoney(clientRequest as unknown as { readonly [key: string]: unknown }, field);
  if (reading === undefined) return undefined;
  if ("microcents" in reading) return reading.microcents;
  mistakes.push(reading.mistake);
  return 0n;
}

function bits(
  names: readonly string[] | undefined,
  path: string,
  bitOf: ReadonlyMap<string, bigint>,
  otherwise: Mask,
  mistakes: Mistake[],
): Mask {
  if (names === undefined) return otherwise;
  if (!Array.isArray(names) || (names.length === 0 && path !== "capabilities")) {
    const problem = Array.isArray(names) ? "is an empty list" : `is ${showValue(names)}`;
    mistakes.push({ path, problem, remedy: "Send a list of names, or leave it out for no restriction." });
    return otherwise;
  }
  let chosen = 0n;
  for (let position = 0; position < names.length; position++) {
    const name = names[position] as string;
    const bit = bitOf.get(name);
    if (bit === undefined) mistakes.push(unknownName(`${path}[${position}]`, name, [...bitOf.keys()]));
    else chosen |= bit;
  }
  return mask(chosen);
}

function unknownKey(path: string): Mistake {
  return { path, problem: "is not known here", remedy: nameRemedy(path, CLIENT_REQUEST_KEYS) };
}

function unknownName(path: string, written: unknown, known: readonly string[]): Mistake {
  const remedy = typeof written === "string" ? nameRemedy(written, known) : nameRemedy("", known);
  return { path, problem: `is ${showValue(written)}, which the policy does not have`, remedy };
}

function badRequestId(requestId: unknown): Mistake {
  const remedy = `Send 1 to ${REQUEST_ID_MAX_CHARACTERS} printable characters.`;
  return { path: "requestId", problem: `is ${showValue(requestId)}`, remedy };
}

function invalid(mistakes: readonly Mistake[]): CalybrisError {
  return new CalybrisError("CAL_REQUEST_INVALID", { mistakes });
}
