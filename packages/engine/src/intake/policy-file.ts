/**
 * The policy file: names, proportions in basis points, money in any unit. Parsing returns the frozen snapshot that is
 * digested, or every mistake at once.
 * @module
 */
import {
  BPS_MAX,
  bps,
  CANDIDATE_COUNT_MAX,
  CalybrisError,
  createPolicy,
  DEFAULT_USE_CASE,
  FEATURE_COUNT_MAX,
  GOVERNANCE,
  I64_MAX,
  isName,
  isUseCaseName,
  type Learning,
  microcents,
  type PolicySnapshot,
  priceMicrocents,
  RISK_PENALTY_MULTIPLIER_MAX_BPS,
  sequence,
  tokens,
  U32_MAX,
  U64_MAX,
  type UseCase,
} from "@calybris/kernel";
import { z } from "zod";
import {
  LEARNING_DEFAULTS,
  LEARNING_METHOD_DEFAULT,
  LEARNING_METHODS,
  OFFSETS_EXPLORATION_DEFAULT_BPS,
} from "../flows/learning-defaults.ts";
import { type CatalogFile, checkCatalog, readCatalog } from "./catalog-file.ts";
import { checkShape } from "./check-shape.ts";
import { ListedNames } from "./listed-names.ts";
import { itemsOf, membersOf } from "./members.ts";
import { Mistakes, type PlaceOf } from "./mistakes.ts";
import { amountOf, checkMoney, type MoneyField, missingMoney } from "./money.ts";
import type { LineOf } from "./read-json.ts";
import { amount, field, named, oneOf, text, unsigned64, unsigned64Of, whole } from "./shape.ts";

const VALUE: MoneyField = { stem: "value", suffix: "", minMicrocents: 0n, maxMicrocents: I64_MAX };
const LATENCY_PENALTY: MoneyField = {
  stem: "latencyPenalty",
  suffix: "PerMs",
  minMicrocents: 0n,
  maxMicrocents: U64_MAX,
};

const STRICTER = "a policy may be stricter than governance, never looser";

const USE_CASE_SHAPE: Record<string, z.ZodType> = {
  ...amount(VALUE),
  riskBps: whole(0, BPS_MAX, "how much is at risk, in ten-thousandths"),
  confidenceBps: whole(0, BPS_MAX, "how sure the caller is, in ten-thousandths"),
  qualityMinBps: whole(0, BPS_MAX, "the floor: least acceptable quality"),
  outputTokens: whole(0, U32_MAX, "the most that may come back"),
};

const USE_CASES_MAX = 1_000;
const PROVIDERS_MAX = 64;
const NAME = text(64, "the name of a feature");

const LEARNING_SHAPE: Record<string, z.ZodType> = {
  features: z.array(NAME).max(FEATURE_COUNT_MAX).optional(),
  method: oneOf(
    LEARNING_METHODS,
    "`regimes`: eight regimes with Beta beliefs, as published; `offsets`: the prior's score decides within a regime",
  ).optional(),
  explorationBps: whole(
    0,
    BPS_MAX,
    "spread evenly over the tiers that may be drawn; 0 explores in shadow only",
  ).optional(),
  holdoutBps: whole(0, BPS_MAX, "left alone by the learner").optional(),
  targetFailureBps: whole(
    1,
    BPS_MAX - 1,
    "the share of failures that floors settle at; a third when left out",
  ).optional(),
  discountPpm: whole(1, 1_000_000, "how much of the past is kept at each outcome, in millionths").optional(),
  warmUpRequests: whole(8, 1_000_000, "requests before the regimes are frozen").optional(),
  anomalyRaiseBps: whole(0, BPS_MAX, "how far an anomalous request is lifted above its use case's floor").optional(),
  anomalyShareBps: whole(0, BPS_MAX, "the share of requests that may be lifted").optional(),
  attributionSeconds: whole(1, 31_536_000, "an outcome later than this teaches nothing").optional(),
};

const POLICY_SHAPE: Record<string, z.ZodType> = {
  $schema: text(2000, "a schema for editors").optional(),
  name: text(128, "what people call the policy"),
  epoch: unsigned64("grows with each change of the policy"),
  catalog: field(
    (value) => value !== undefined,
    "the name of a built-in catalog, the path of a catalog file, or a catalog",
    { anyOf: [{ type: "string" }, { type: "object" }] },
  ),
  riskHardLimitBps: whole(0, GOVERNANCE.riskHardLimitBps, `at this risk nothing runs; ${STRICTER}`),
  confidenceMinBps: whole(GOVERNANCE.confidenceMinBps, BPS_MAX, `below this confidence nothing runs; ${STRICTER}`),
  riskPenaltyMultiplierBps: whole(0, RISK_PENALTY_MULTIPLIER_MAX_BPS, "how much of the value at risk is taken off"),
  ...amount(LATENCY_PENALTY),
  spendLimit: field(
    (value) => value === "requested" || value === "none",
    '"requested" or "none" ("requested": nothing runs whose estimated cost is above that of the requested candidate)',
    { enum: ["requested", "none"] },
  ).optional(),
  substituteWithin: field(
    (value) => value === "any" || value === "requestedProvider" || isListOfNames(value),
    '"any", "requestedProvider", or a list of providers that may take the place of the requested one\'s',
    { anyOf: [{ enum: ["any", "requestedProvider"] }, { type: "array", items: { type: "string" }, minItems: 1 }] },
  ).optional(),
  learning: z.strictObject(LEARNING_SHAPE).optional(),
  disabled: z.array(text(128, "the name of a candidate")).max(CANDIDATE_COUNT_MAX).optional(),
  useCases: named(USE_CASES_MAX, z.strictObject(USE_CASE_SHAPE), {
    description: "What a request of each kind gets where the client says nothing. `default` has to be there.",
    required: [DEFAULT_USE_CASE],
  }),
};

function isListOfNames(value: unknown): boolean {
  return (
    Array.isArray(value) && value.length > 0 && value.length <= PROVIDERS_MAX && value.every((name) => isName(name))
  );
}

export const policyFileSchema: z.ZodType = z.strictObject(POLICY_SHAPE);

/** Line numbers of the texts of a policy and its catalog. */
export interface PolicyLines {
  readonly file?: string;
  readonly policy?: LineOf;
  /** Set if the catalog is a separate file. */
  readonly catalog?: { readonly file: string; readonly lineOf: LineOf };
}

/**
 * @param catalogValue - the catalog, if the policy's `catalog` only names it.
 * @throws {@link CalybrisError} `CAL_POLICY_INVALID` with the mistakes of policy and catalog at once.
 */
export function parsePolicyFile(policyValue: unknown, catalogValue?: unknown, lines: PolicyLines = {}): PolicySnapshot {
  const catalog = catalogValue ?? membersOf(policyValue)["catalog"];
  const mistakes = new Mistakes(placesOf(lines));
  checkPolicy(policyValue, catalog, mistakes);
  if (!mistakes.isEmpty)
    throw new CalybrisError("CAL_POLICY_INVALID", {
      mistakes: mistakes.list,
      ...(lines.file === undefined ? {} : { file: lines.file }),
    });
  return snapshotOf(membersOf(policyValue), readCatalog(catalog));
}

/** A mistake in a catalog of its own file is reported at its place in that file. */
function placesOf({ policy, catalog }: PolicyLines): PlaceOf {
  return (path) => {
    if (path[0] !== "catalog" || path.length === 1 || catalog === undefined) return policy?.(path);
    return `${catalog.file}:${catalog.lineOf(path.slice(1)) ?? 1}`;
  };
}

function checkPolicy(policyValue: unknown, catalog: unknown, mistakes: Mistakes): void {
  checkShape(policyFileSchema, policyValue, mistakes);
  const policy = membersOf(policyValue);
  if (policyValue !== policy) return;
  checkMoney(policy, LATENCY_PENALTY, mistakes, [], missingMoney(LATENCY_PENALTY));
  checkUseCases(policy["useCases"], mistakes);
  const features = new ListedNames(membersOf(policy["learning"])["features"], FEATURE_COUNT_MAX);
  features.checkDistinct(mistakes, ["learning", "features"]);
  checkWithin(policy["substituteWithin"], membersOf(catalog)["providers"], mistakes);
  checkDisabled(policy["disabled"], membersOf(catalog)["candidates"], mistakes);
  if (typeof catalog === "string")
    mistakes.add(["catalog"], "only names a catalog", "Give the catalog itself beside the policy.");
  else if (catalog !== undefined) checkCatalog(catalog, mistakes, ["catalog"]);
}

function checkUseCases(useCases: unknown, mistakes: Mistakes): void {
  const members = membersOf(useCases);
  if (useCases !== undefined && !Object.hasOwn(members, DEFAULT_USE_CASE))
    mistakes.add(["useCases", DEFAULT_USE_CASE], "is missing", "Write what a request of no named kind gets.");
  const names = Object.keys(members);
  if (names.length > USE_CASES_MAX) return;
  for (const name of names) {
    if (mistakes.isFull) return;
    if (!isUseCaseName(name)) mistakes.add(["useCases", name], "is not a name", USE_CASE_NAME_REMEDY);
    checkMoney(membersOf(members[name]), VALUE, mistakes, ["useCases", name], missingMoney(VALUE));
  }
}

const USE_CASE_NAME_REMEDY = "Use 1 to 64 letters, digits, `_`, `.` and `-`, a letter or digit first.";

/** Checks that the providers for substitution are in the catalog, each once. */
function checkWithin(value: unknown, providersValue: unknown, mistakes: Mistakes): void {
  if (!Array.isArray(value)) return;
  const within = new ListedNames(value, PROVIDERS_MAX);
  within.checkDistinct(mistakes, ["substituteWithin"]);
  const listed = new ListedNames(providersValue, PROVIDERS_MAX);
  for (const [index, name] of within.items.entries()) {
    if (mistakes.isFull) return;
    listed.checkListed(name, mistakes, ["substituteWithin", index]);
  }
}

/** Checks that disabled candidates are in the catalog, and that at least one candidate stays enabled. */
function checkDisabled(value: unknown, candidatesValue: unknown, mistakes: Mistakes): void {
  const disabled = new ListedNames(value, CANDIDATE_COUNT_MAX);
  const candidates = new ListedNames(candidatesValue, CANDIDATE_COUNT_MAX).items.map(membersOf);
  const listed = new ListedNames(
    candidates.map(({ name }) => name),
    CANDIDATE_COUNT_MAX,
  );
  for (const [index, name] of disabled.items.entries()) {
    if (mistakes.isFull) return;
    listed.checkListed(name, mistakes, ["disabled", index]);
  }
  if (candidates.length === 0 || disabled.items.length === 0) return;
  if (candidates.every(({ name, enabled }) => enabled === false || disabled.has(name)))
    mistakes.add(["disabled"], "leaves no enabled candidate", "Leave at least one enabled.");
}

function snapshotOf(policy: { readonly [key: string]: unknown }, catalog: CatalogFile): PolicySnapshot {
  const disabled = new Set(itemsOf(policy["disabled"]));
  const candidates = catalog.candidates.toSorted((a, b) => a.id - b.id);
  return Object.freeze({
    name: policy["name"] as string,
    policy: createPolicy({
      policyEpoch: sequence(unsigned64Of(policy["epoch"]) ?? 0n),
      catalogEpoch: catalog.epoch,
      riskHardLimitBps: bps(policy["riskHardLimitBps"] as number),
      confidenceMinBps: bps(policy["confidenceMinBps"] as number),
      riskPenaltyMultiplierBps: bps(policy["riskPenaltyMultiplierBps"] as number),
      latencyPenaltyMicrocentsPerMs: priceMicrocents(amountOf(policy, LATENCY_PENALTY)),
      candidates: candidates.map(({ name, tier: _tier, ...candidate }) =>
        disabled.has(name) ? { ...candidate, enabled: 0 } : candidate,
      ),
    }),
    providers: catalog.providers,
    capabilities: catalog.capabilities,
    regions: catalog.regions,
    tiers: catalog.tiers,
    candidateNames: Object.freeze(candidates.map(({ name }) => name)),
    candidateTiers: Object.freeze(candidates.map(({ tier }) => tier)),
    ...(policy["spendLimit"] === "none" ? { spendLimit: "none" as const } : {}),
    ...withinOf(policy["substituteWithin"], catalog.providers),
    useCases: Object.freeze(
      Object.fromEntries(
        Object.entries(membersOf(policy["useCases"])).map(([name, useCase]) => [name, readUseCase(useCase)]),
      ),
    ),
    ...(policy["learning"] === undefined ? {} : { learning: readLearning(membersOf(policy["learning"])) }),
  });
}

/** In the order of the catalog, not of the file. */
function withinOf(value: unknown, providers: readonly string[]): Pick<PolicySnapshot, "substituteWithin"> {
  if (value === undefined || value === "any") return {};
  if (value === "requestedProvider") return { substituteWithin: value };
  const named = new Set(itemsOf(value));
  return { substituteWithin: Object.freeze(providers.filter((name) => named.has(name))) };
}

/** In the order in which a snapshot writes them. */
function readLearning(learning: { readonly [key: string]: unknown }): Learning {
  const of = (key: Exclude<keyof typeof LEARNING_DEFAULTS, "method">): number =>
    (learning[key] ?? LEARNING_DEFAULTS[key]) as number;
  const { features, targetFailureBps } = learning;
  const isByOffsets = (learning["method"] ?? LEARNING_METHOD_DEFAULT) === "offsets";
  return Object.freeze({
    ...(features === undefined ? {} : { features: Object.freeze([...(features as readonly string[])]) }),
    ...(isByOffsets ? { method: "offsets" as const } : {}),
    explorationBps: isByOffsets
      ? ((learning["explorationBps"] ?? OFFSETS_EXPLORATION_DEFAULT_BPS) as number)
      : of("explorationBps"),
    holdoutBps: of("holdoutBps"),
    ...(targetFailureBps === undefined ? {} : { targetFailureBps: targetFailureBps as number }),
    discountPpm: of("discountPpm"),
    warmUpRequests: of("warmUpRequests"),
    anomalyRaiseBps: of("anomalyRaiseBps"),
    anomalyShareBps: of("anomalyShareBps"),
    attributionSeconds: of("attributionSeconds"),
  });
}

function readUseCase(value: unknown): UseCase {
  const useCase = membersOf(value);
  return Object.freeze({
    valueMicrocents: microcents(amountOf(useCase, VALUE)),
    riskBps: bps(useCase["riskBps"] as number),
    confidenceBps: bps(useCase["confidenceBps"] as number),
    qualityMinBps: bps(useCase["qualityMinBps"] as number),
    outputTokens: tokens(useCase["outputTokens"] as number),
  });
}
