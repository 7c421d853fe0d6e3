/**
 * A decided request in readable form: masks become names.
 * @module
 */
import { ALL_PROVIDERS, NO_BUDGET_LIMIT, type PolicySnapshot, type Request } from "@calybris/kernel";

/** Amounts are `bigint`s here; `apiJson` writes them as decimal strings. */
export function requestJson(request: Request, snapshot: PolicySnapshot): object {
  const { sequence, inputTokens, outputTokens, valueMicrocents, riskBps, confidenceBps, qualityMinBps } = request;
  const { latencyMaxMs, budgetLimitMicrocents, providersAllowed } = request;
  return {
    sequence,
    inputTokens,
    outputTokens,
    valueMicrocents,
    budgetMicrocents: budgetLimitMicrocents === NO_BUDGET_LIMIT ? null : budgetLimitMicrocents,
    riskBps,
    confidenceBps,
    qualityMinBps,
    latencyMaxMs: latencyMaxMs === 0 ? null : latencyMaxMs,
    capabilities: namesIn(request.capabilitiesRequired, snapshot.capabilities),
    providers: providersAllowed === ALL_PROVIDERS ? null : namesIn(providersAllowed, snapshot.providers),
    regions: request.regionsRequired === 0n ? null : namesIn(request.regionsRequired, snapshot.regions),
  };
}

function namesIn(mask: bigint, names: readonly string[]): readonly string[] {
  return names.filter((_name, bit) => ((mask >> BigInt(bit)) & 1n) === 1n);
}
