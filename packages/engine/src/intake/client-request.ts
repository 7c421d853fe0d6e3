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
  isName,
  type JsonPath,
  type Mask,
  mask,
  microcents,
  milliseconds,
  NAME_WANTED,
  NO_BUDGET_LIMIT,
  type PolicySnapshot,
  RESERVATION_SECONDS_MAX,
  type Request,
  sequence as sequenceOf,
  tokens,
  U32_MAX,
  U64_MAX,
  writeExact,
} from "@calybris/kernel";
import { isObject } from "./members.ts";
import { mistakeAt, type MistakeBounds, Mistakes, showValue } from "./mistakes.ts";
import { type MoneyField, readMoney } from "./money.ts";
import { indexOfSnapshot, type SnapshotIndex } from "./snapshot-index.ts";
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
export const VALUE: MoneyField<"value", ""> = {
  stem: "value",
  suffix: "",
  minMicrocents: I64_MIN,
  maxMicrocents: I64_MAX,
};
export const BUDGET: MoneyField<"budget", ""> = {
  stem: "budget",
  suffix: "",
  minMicrocents: 0n,
  maxMicrocents: U64_MAX,
};

/**
 * @throws {@link CalybrisError} `CAL_REQUEST_INVALID` with every mistake, up to 33 of them.
 */
export function resolveRequest(
  snapshot: PolicySnapshot,
  clientRequest: ClientRequest,
  sequence: bigint,
): ResolvedRequest {
  refuseSprawling(clientRequest);
  const mistakes = new Mistakes(undefined, BOUNDS);
  for (const key in clientRequest) {
    if (KNOWN_KEYS.has(key)) continue;
    if (mistakes.isFull) break;
    mistakes.add([key], "is an unknown field", mistakes.remedyFor(key, CLIENT_REQUEST_KEYS));
  }

  const index = indexOfSnapshot(snapshot);
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
  const requestedId = requestedIdOf(requested, index, snapshot.candidateNames, mistakes);

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
    mistakes.add(["inputTokens"], "is missing", "Send the number of tokens, or units of work, that go in.");
  const budget = money(clientRequest, BUDGET, mistakes) ?? NO_BUDGET_LIMIT;
  const latencyMaxMs = whole(clientRequest.latencyMaxMs, "latencyMaxMs", U32_MAX, mistakes) ?? 0;
  const capabilities = bits(clientRequest.capabilities, "capabilities", index.capabilities, NONE, mistakes);
  const providers = bits(clientRequest.providers, "providers", index.providers, ALL_PROVIDERS, mistakes);
  const regions = bits(clientRequest.regions, "regions", index.regions, NONE, mistakes);
  const features = featuresOf(index, clientRequest, mistakes);
  if (textScore !== undefined && !isFeature(textScore))
    mistakes.add(["textScore"], `is ${showValue(textScore)}`, FEATURE_REMEDY);
  if (!mistakes.isEmpty) throw new CalybrisError("CAL_REQUEST_INVALID", { mistakes: mistakes.list });

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
 * Refuses what is not an object, and an object that holds more than any policy has names for, before anything in it is
 * looked up: each of its members would be a mistake of its own. Looks at no more than {@link MEMBERS_MAX} members.
 *
 * @throws {@link CalybrisError} `CAL_REQUEST_INVALID`.
 */
export function refuseSprawling(clientRequest: unknown): void {
  if (!isObject(clientRequest)) throw refused(`is ${showValue(clientRequest)}`, "Send one object for one request.");
  if (membersLeft(clientRequest, MEMBERS_MAX) < 0)
    throw refused(`holds more than ${MEMBERS_MAX} keys, names and features`, `Send at most ${MEMBERS_MAX}.`);
}

function refused(problem: string, remedy: string): CalybrisError {
  return new CalybrisError("CAL_REQUEST_INVALID", { mistakes: [mistakeAt([], problem, remedy)] });
}

/** What is left of a number of members without those of a value and of all it holds; below 0: there are more. */
function membersLeft(value: object, membersMax: number): number {
  let left = membersMax;
  if (Array.isArray(value)) {
    left -= value.length;
    for (let index = 0; index < value.length && left >= 0; index += 1) left = memberLeft(value[index], left);
    return left;
  }
  for (const key in value) {
    left -= 1;
    if (left < 0) break;
    left = memberLeft((value as { readonly [key: string]: unknown })[key], left);
  }
  return left;
}

function memberLeft(member: unknown, left: number): number {
  return typeof member === "object" && member !== null ? membersLeft(member, left) : left;
}

/** A policy knows three times 64 names and 64 features at most, and a request has two dozen fields. */
const MEMBERS_MAX = 300;
/** A request of nothing but mistakes may be one of a thousand in a batch. */
const BOUNDS: MistakeBounds = { max: 33, suggestionsMax: 4 };

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

function requestedIdOf(
  requested: unknown,
  index: SnapshotIndex,
  candidateNames: readonly string[],
  mistakes: Mistakes,
): number {
  if (requested === undefined) return 0;
  const id = typeof requested === "number" ? requested : index.candidateIds.get(requested as string);
  if (id !== undefined && index.ids.has(id)) return id;
  unknownName(["requested"], requested, candidateNames, mistakes);
  return 0;
}

/** The features in the policy's order, and those left out as missing; without names, the tokens. */
function featuresOf(
  { featureNames, features: known }: SnapshotIndex,
  { features: given, inputTokens, outputTokens }: ClientRequest,
  mistakes: Mistakes,
): readonly number[] | undefined {
  const features = given ?? NO_FEATURES;
  if (given === null || !isObject(features)) {
    mistakes.add(["features"], `is ${showValue(given)}`, "Send an object of whole numbers.");
    return undefined;
  }
  for (const name of Object.keys(features)) {
    if (mistakes.isFull) return undefined;
    const value = features[name];
    if (!known.has(name))
      mistakes.add(["features", name], "is an unknown feature", mistakes.remedyFor(name, featureNames ?? []));
    else if (!isFeature(value)) mistakes.add(["features", name], `is ${showValue(value)}`, FEATURE_REMEDY);
  }
  if (featureNames === undefined) return undefined;
  if (featureNames.length === 0) return [inputTokens, outputTokens ?? FEATURE_MISSING];
  return featureNames.map((name) => (Object.hasOwn(features, name) ? features[name] : undefined) ?? FEATURE_MISSING);
}

const NO_FEATURES: { readonly [name: string]: number } = Object.freeze({});
/** The least and the most that a feature may be, below and above zero. */
export const FEATURE_MAX: number = 2 ** 31 - 1;
const FEATURE_REMEDY = `Send a whole number from −${FEATURE_MAX} to ${FEATURE_MAX}.`;

function isFeature(value: unknown): boolean {
  return Number.isInteger(value) && Math.abs(value as number) <= FEATURE_MAX && !Object.is(value, -0);
}

const NONE: Mask = mask(0n);

function checkName(value: unknown, path: string, mistakes: Mistakes): void {
  if (value !== undefined && !isName(value)) mistakes.add([path], `is ${showValue(value)}`, `Send ${NAME_WANTED}.`);
}

function orDefault<Value>(value: Value, name: Defaulted, defaulted: Defaulted[]): Value {
  defaulted.push(name);
  return value;
}

function whole(value: number | undefined, path: string, max: number, mistakes: Mistakes): number | undefined {
  if (value === undefined) return undefined;
  // Adding 0 makes 0 of −0, which is no other number anywhere else.
  if (Number.isInteger(value) && value >= 0 && value <= max) return value + 0;
  mistakes.add([path], `is ${showValue(value)}`, `Send a whole number from 0 to ${max}.`);
  return 0;
}

function money(clientRequest: ClientRequest, field: MoneyField, mistakes: Mistakes): bigint | undefined {
  const members = clientRequest as unknown as { readonly [key: string]: unknown };
  const reading = readMoney(members, field);
  if (reading === undefined) return undefined;
  if ("microcents" in reading) return reading.microcents;
  mistakes.add([reading.mistake.path], reading.mistake.problem, reading.mistake.remedy);
  return 0n;
}

function bits(
  names: readonly string[] | undefined,
  path: string,
  bitOf: ReadonlyMap<string, bigint>,
  otherwise: Mask,
  mistakes: Mistakes,
): Mask {
  if (names === undefined) return otherwise;
  if (!Array.isArray(names) || (names.length === 0 && path !== "capabilities")) {
    const problem = Array.isArray(names) ? "is an empty list" : `is ${showValue(names)}`;
    mistakes.add([path], problem, "Send a list of names, or leave it out for no restriction.");
    return otherwise;
  }
  let chosen = 0n;
  for (let position = 0; position < names.length; position++) {
    const bit = bitOf.get(names[position] as string);
    if (bit !== undefined) chosen |= bit;
    else if (mistakes.isFull) break;
    else unknownName([path, position], names[position], [...bitOf.keys()], mistakes);
  }
  return mask(chosen);
}

function unknownName(path: JsonPath, written: unknown, known: readonly string[], mistakes: Mistakes): void {
  const remedy = mistakes.remedyFor(typeof written === "string" ? written : "", known);
  mistakes.add(path, `is ${showValue(written)}, which the policy does not have`, remedy);
}
