/**
 * The status of a rollout as a service would answer it, from an engine.
 * @module
 */
import type { Rollout } from "@calybris/client";
import type { RolloutStatus } from "@calybris/engine";

export function rolloutOf({ active, canaryBps = 0, staged, counts, compared, ...status }: RolloutStatus): Rollout {
  const nextChange = status.nextChange ?? null;
  if (staged === undefined || counts === undefined || compared === undefined)
    return { activePolicyId: active.id, nextChange, staged: null };
  const { success, reward, isNoWorseAt, isBetterAt, passes, ...numbers } = compared;
  return {
    activePolicyId: active.id,
    nextChange,
    staged: {
      policyId: staged.id,
      name: staged.snapshot.name,
      since: staged.since,
      canaryBps,
      canaryDecisions: counts.canaryDecisions,
      ...numbers,
      regimes: counts.regimes,
      tenants: counts.tenants.map(({ tenant, ...count }) => ({ tenant: tenant ?? null, ...count })),
      mismatchSequences: counts.examples,
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
}): { readonly difference: number | null; readonly lower: number; readonly upper: number } {
  return { difference: Number.isFinite(difference) ? difference : null, lower, upper };
}
