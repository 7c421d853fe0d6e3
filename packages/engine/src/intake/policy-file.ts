/**
 * A policy as a file, for people: names, proportions in basis points, money in the unit that reads best. Parsing yields
 * the frozen snapshot that is digested, or every mistake at once.
 * @module
 */
import {
  BPS_MAX,
  bps,
  CalybrisError,
  createPolicy,
  DEFAULT_USE_CASE,
  FEATURE_COUNT_MAX,
  GOVERNANCE,
  I64_MAX,
  type Learning,
  type Mistake,
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
import { LEARNING_DEFAULTS } from "../learning-defaults.ts";
import { amountOf, type CatalogFile, catalogMistakes, moneyMistake, readCatalog, unlisted } from "./catalog-file.ts";
import type { MoneyField } from "./money.ts";
import type { JsonPath, LineOf } from "./read-json.ts";
import {
  amount,
  itemsOf,
  membersOf,
  mistakeAt,
  shapeMistakes,
  text,
  unsigned64,
  unsigned64Of,
  whole,
} from "./shape.ts";

const VALUE: MoneyField = { stem: "value", suffix: "", minMicrocents: 0n, maxMicrocents: I64_MAX };
const LATENCY_PENALTY: MoneyField = {
  stem: "latencyPenalty",
  suffix: "PerMs",
  minMicrocents: 0n,
  maxMicrocents: U64_MAX,
};

const STRICTER = "a policy may be stricter than governance, never looser";

const USE_CASE_SHAPE: Record<string, z.ZodType> = {
  valueMicrocents: amount("Microcents"),
  valueCents: amount("Cents"),
  valueDollars: amount("Dollars"),
  riskBps: whole(0, BPS_MAX, "how much is at risk, in ten-thousandths"),
  confidenceBps: whole(0, BPS_MAX, "how sure the caller is, in ten-thousandths"),
  qualityMinBps: whole(0, BPS_MAX, "the floor: least acceptable quality"),
  outputTokens: whole(0, U32_MAX, "the most that may come back"),
};

const NAME = text(64, "the name of a feature");

const LEARNING_SHAPE: Record<string, z.ZodType> = {
  features: z.array(NAME).max(FEATURE_COUNT_MAX).optional(),
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
  catalog: z.any().meta({
    description: "The name of a built-in catalog, the path of a catalog file, or a catalog.",
    anyOf: [{ type: "string" }, { type: "object" }],
  }),
  riskHardLimitBps: whole(0, GOVERNANCE.riskHardLimitBps, `at this risk nothing runs; ${STRICTER}`),
  confidenceMinBps: whole(GOVERNANCE.confidenceMinBps, BPS_MAX, `below this confidence nothing runs; ${STRICTER}`),
  riskPenaltyMultiplierBps: whole(0, RISK_PENALTY_MULTIPLIER_MAX_BPS, "how much of the value at risk is taken off"),
  latencyPenaltyMicrocentsPerMs: amount("Microcents"),
  latencyPenaltyCentsPerMs: amount("Cents"),
  latencyPenaltyDollarsPerMs: amount("Dollars"),
  learning: z.strictObject(LEARNING_SHAPE).optional(),
  disabled: z.array(text(128, "the name of a candidate")).optional(),
  useCases: z.record(z.string(), z.strictObject(USE_CASE_SHAPE)).meta({
    description: "What a request of each kind gets where the client says nothing. `default` has to be there.",
    required: [DEFAULT_USE_CASE],
  }),
};

export const policyFileSchema: z.ZodType = z.strictObject(POLICY_SHAPE);

/** What the texts of a policy and its catalog know about lines. */
export interface PolicyLines {
  readonly file?: string;
  readonly policy?: LineOf;
  /** Where the catalog has a file of its own. */
  readonly catalog?: { readonly file: string; readonly lineOf: LineOf };
}

/**
 * @param catalogValue - the catalog, when `catalog` in the policy only names it.
 * @throws {@link CalybrisError} `CAL_POLICY_INVALID` with every mistake of policy and catalog at once.
 */
export function parsePolicyFile(policyValue: unknown, catalogValue?: unknown, lines: PolicyLines = {}): PolicySnapshot {
  const catalog = catalogValue ?? membersOf(policyValue)["catalog"];
  const mistakes = [...policyFileMistakes(policyValue, catalog, lines)];
  if (mistakes.length > 0)
    throw new CalybrisError("CAL_POLICY_INVALID", {
      mistakes,
      ...(lines.file === undefined ? {} : { file: lines.file }),
    });
  return snapshotOf(membersOf(policyValue), readCatalog(catalog));
}

function* policyFileMistakes(policyValue: unknown, catalog: unknown, lines: PolicyLines): Generator<Mistake> {
  const lineOf = lines.policy;
  const keysAt = (path: JsonPath): readonly string[] =>
    Object.keys(path.length === 0 ? POLICY_SHAPE : path[0] === "learning" ? LEARNING_SHAPE : USE_CASE_SHAPE);
  yield* shapeMistakes(policyFileSchema, policyValue, keysAt, lineOf);
  const policy = membersOf(policyValue);
  if (policyValue !== policy) return;
  yield* moneyMistake(policy, LATENCY_PENALTY, [], lineOf);
  yield* useCaseMistakes(policy["useCases"], lineOf);
  const features = itemsOf(membersOf(policy["learning"])["features"]);
  for (const [index, name] of features.entries())
    if (features.indexOf(name) < index)
      yield mistakeAt(["learning", "features", index], "is there already", "Write each once.", lineOf);
  const candidates = itemsOf(membersOf(catalog)["candidates"]).map((candidate) => membersOf(candidate));
  const names = candidates.map((candidate) => candidate["name"]);
  const disabled = itemsOf(policy["disabled"]);
  for (const [index, name] of disabled.entries()) yield* unlisted(name, names, ["disabled", index], lineOf);
  if (
    names.length > 0 &&
    disabled.length > 0 &&
    candidates.every(({ name, enabled }) => enabled === false || disabled.includes(name))
  )
    yield mistakeAt(["disabled"], "leaves no enabled candidate", "Leave at least one enabled.", lineOf);
  yield* mistakesOfCatalog(catalog, lines);
}

const USE_CASES_MAX = 1_000;
const USE_CASE_NAME = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$/;

function* useCaseMistakes(useCases: unknown, lineOf?: LineOf): Generator<Mistake> {
  const entries = Object.entries(membersOf(useCases));
  if (useCases !== undefined && entries.every(([name]) => name !== DEFAULT_USE_CASE))
    yield mistakeAt(
      ["useCases", DEFAULT_USE_CASE],
      "is missing",
      "Write what a request of no named kind gets.",
      lineOf,
    );
  if (entries.length > USE_CASES_MAX)
    yield mistakeAt(["useCases"], `has ${entries.length} use cases`, `Write at most ${USE_CASES_MAX}.`, lineOf);
  for (const [name, useCase] of entries) {
    if (!USE_CASE_NAME.test(name))
      yield mistakeAt(
        ["useCases", name],
        "is not a name",
        "Use 1 to 64 letters, digits, `_`, `.` and `-`, a letter or digit first.",
        lineOf,
      );
    yield* moneyMistake(membersOf(useCase), VALUE, ["useCases", name], lineOf);
  }
}

function* mistakesOfCatalog(catalog: unknown, lines: PolicyLines): Generator<Mistake> {
  if (catalog === undefined) return;
  if (typeof catalog === "string") {
    yield mistakeAt(["catalog"], "only names a catalog", "Give the catalog itself beside the policy.", lines.policy);
    return;
  }
  const own = lines.catalog;
  for (const { path, problem, remedy } of catalogMistakes(catalog)) {
    const parts = path.split(/[.[\]]+/).filter((part) => part !== "");
    const at: JsonPath = parts.map((part) => (/^[0-9]+$/.test(part) ? Number(part) : part));
    const found = mistakeAt(["catalog", ...at], problem, remedy, own === undefined ? lines.policy : undefined);
    if (own === undefined) yield found;
    else yield { ...found, problem: `${problem} (${own.file}:${own.lineOf(at) ?? 1})` };
  }
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
    useCases: Object.freeze(
      Object.fromEntries(
        Object.entries(membersOf(policy["useCases"])).map(([name, useCase]) => [name, readUseCase(useCase)]),
      ),
    ),
    ...(policy["learning"] === undefined ? {} : { learning: readLearning(membersOf(policy["learning"])) }),
  });
}

/** In the order in which a snapshot writes them. */
function readLearning(learning: { readonly [key: string]: unknown }): Learning {
  const of = (key: keyof typeof LEARNING_DEFAULTS): number => (learning[key] ?? LEARNING_DEFAULTS[key]) as number;
  const { features, targetFailureBps } = learning;
  return Object.freeze({
    ...(features === undefined ? {} : { features: Object.freeze([...(features as readonly string[])]) }),
    explorationBps: of("explorationBps"),
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
