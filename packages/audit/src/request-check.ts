/**
 * Checks that a decision's request is one that its policy derives from a client's: the use case is one of the policy's,
 * defaults have its values, and every name was resolved to a bit or an id of the policy.
 * @module
 */
import {
  ALL_PROVIDERS,
  BPS_MAX,
  DEFAULT_TENANT,
  type DecisionEntry,
  type Defaulted,
  FEATURE_MISSING,
  floorWithin,
  type PolicySnapshot,
  type Recommendation,
  type Request,
  type UseCase,
} from "@calybris/kernel";
import type { Report } from "./report.ts";

const FEATURE_MOST = 2 ** 31 - 1;

export function checkRequest(entry: DecisionEntry, snapshot: PolicySnapshot, report: Report): void {
  const { request, learning } = entry;
  checkDefaults(entry, snapshot, report);
  const { riskBps, confidenceBps, qualityMinBps, requestedId } = request;
  const highestBps = Math.max(riskBps, confidenceBps, qualityMinBps);
  if (highestBps > BPS_MAX) report("request", `shares up to ${BPS_MAX}`, `${highestBps}`);
  const isKnown = requestedId === 0 || holdsCandidate(snapshot, requestedId);
  if (!isKnown) report("request", "a requested candidate of the policy, or 0", `${requestedId}`);
  checkMasks(request, entry.asked?.providers !== undefined, snapshot, report);
  if (learning !== undefined) checkFeatures(entry, learning, snapshot, report);
}

/** The use case of a decision; `undefined` if the policy has none of that name (names on the prototype do not count). */
export function useCaseOf({ useCases }: PolicySnapshot, name: string): UseCase | undefined {
  return Object.hasOwn(useCases, name) ? useCases[name] : undefined;
}

function checkDefaults(
  { useCase, defaulted, tenant, request, learning }: DecisionEntry,
  snapshot: PolicySnapshot,
  report: Report,
): void {
  const defaults = useCaseOf(snapshot, useCase);
  if (defaults === undefined) {
    const names = Object.keys(snapshot.useCases).join(", ");
    report("request", `a use case of the policy: ${names}`, JSON.stringify(useCase));
    return;
  }
  for (const name of defaulted) {
    if (name === "tenant") {
      if (tenant !== DEFAULT_TENANT)
        report("request", `tenant ${JSON.stringify(DEFAULT_TENANT)} where none was named`, `${tenant}`);
      continue;
    }
    const member = MEMBERS[name];
    const found = request[member];
    const expected =
      member === "qualityMinBps"
        ? floorWithin(snapshot, request.requestedId, defaults.qualityMinBps)
        : defaults[member];
    // If the policy learns, the default floor is the recommended one.
    const isRecommended = name === "floor" && learning !== undefined;
    if (!isRecommended && expected !== found)
      report("request", `${name} ${expected}, the default of use case ${JSON.stringify(useCase)}`, `${found}`);
  }
}

/** The value that a request, and its use case's defaults, hold for each name in `defaulted`. */
const MEMBERS = {
  value: "valueMicrocents",
  risk: "riskBps",
  confidence: "confidenceBps",
  floor: "qualityMinBps",
  output: "outputTokens",
} as const satisfies Readonly<Record<Exclude<Defaulted, "tenant">, keyof Request & keyof UseCase>>;

function holdsCandidate({ policy }: PolicySnapshot, candidate: number): boolean {
  for (const { id } of policy.candidates) if (id === candidate) return true;
  return false;
}

function checkMasks(
  request: Request,
  areReplaced: boolean,
  { providers, capabilities, regions }: PolicySnapshot,
  report: Report,
): void {
  const { providersAllowed, capabilitiesRequired, regionsRequired } = request;
  if (providersAllowed !== ALL_PROVIDERS) checkMask("providers", providersAllowed, providers, report);
  if (providersAllowed === 0n && !areReplaced) report("request", "one provider or more", "none");
  checkMask("capabilities", capabilitiesRequired, capabilities, report);
  checkMask("regions", regionsRequired, regions, report);
}

function checkMask(what: string, mask: bigint, names: readonly string[], report: Report): void {
  if (mask !== 0n && mask >= 1n << BigInt(names.length))
    report("request", `${what} among the ${names.length} of the policy`, `${mask}`);
}

/** Without names, requests are distinguished by their tokens. */
function checkFeatures(entry: DecisionEntry, learning: Recommendation, snapshot: PolicySnapshot, report: Report): void {
  const { features, textScore } = learning;
  const { inputTokens, outputTokens } = entry.request;
  const names = snapshot.learning?.features ?? [];
  const tokens = [inputTokens, entry.defaulted.includes("output") ? FEATURE_MISSING : outputTokens];
  if (names.length === 0 ? features.join() !== tokens.join() : features.length !== names.length)
    report("request", names.length === 0 ? `features ${tokens.join()}` : `${names.length} features`, features.join());
  const outside = [...(names.length === 0 ? [] : features), textScore ?? 0].find(
    (value) => value !== FEATURE_MISSING && Math.abs(value) > FEATURE_MOST,
  );
  if (outside !== undefined || textScore === FEATURE_MISSING)
    report("request", `features from −${FEATURE_MOST} to ${FEATURE_MOST}`, `${outside ?? textScore}`);
}
