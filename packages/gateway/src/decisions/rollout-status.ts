/**
 * The status of a rollout in the form that the service answers and `calybris policy status` prints.
 * @module
 */
import type { RolloutStatus } from "@calybris/engine";

/** Guarantee: the result matches `rolloutShape`. */
export function rolloutJson({ active, staged, canaryBps = 0, counts, compared, ...status }: RolloutStatus): object {
  const next = { activePolicyId: active.id, nextChange: status.nextChange ?? null };
  if (staged === undefined || counts === undefined || compared === undefined) return { ...next, staged: null };
  const { sequence, differing, success, reward, isNoWorseAt, isBetterAt, passes, ...numbers } = compared;
  const ofRegimes = new Map(differing.regimes.map((row) => [row.regime, row.sequences]));
  const ofTenants = new Map(differing.tenants.map((row) => [row.tenant, row.sequences]));
  return {
    ...next,
    staged: {
      policyId: staged.id,
      name: staged.snapshot.name,
      since: staged.since,
      comparedSequence: sequence,
      canaryBps,
      canaryDecisions: counts.canaryDecisions,
      ...numbers,
      regimes: counts.regimes.map(({ regime, ...count }) => ({
        regime,
        ...count,
        mismatchSequences: ofRegimes.get(regime) ?? [],
      })),
      tenants: counts.tenants.map(({ tenant, ...count }) => ({
        tenant: tenant ?? null,
        ...count,
        mismatchSequences: ofTenants.get(tenant) ?? [],
      })),
      mismatchSequences: counts.examples,
      mismatchExamples: differing.examples.map(
        ({ tenant = null, regime = null, active: is, staged: would, ...at }) => ({
          ...at,
          tenant,
          regime,
          active: { ...is, candidate: is.candidate ?? null },
          staged: { ...would, candidate: would.candidate ?? null },
        }),
      ),
      success: effect(success),
      reward: effect(reward),
      isNoWorseAt: isNoWorseAt ?? null,
      isBetterAt: isBetterAt ?? null,
      passes: passes ?? null,
    },
  };
}

function effect({
  difference,
  lower,
  upper,
}: {
  readonly difference: number;
  readonly lower: number;
  readonly upper: number;
}): object {
  return { difference: Number.isFinite(difference) ? difference : null, lower, upper };
}
