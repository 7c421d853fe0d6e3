/**
 * Rollout over HTTP: staging a policy, how it compares with the active one, a canary, promoting it, rolling back.
 * @module
 */
import { type ChangeSignature, GATES } from "@calybris/engine";
import { apiJson } from "../http/error-dialect.ts";
import type { Call, Handler, Reply } from "../http/route-contract.ts";
import { callerOf } from "../keys/caller.ts";
import type { ApiContext } from "./api-context.ts";
import type { PolicyBody } from "./policy-body.ts";

type Handlers = {
  readonly [Name in "stagePolicy" | "rollout" | "promotePolicy" | "canaryPolicy" | "rollBackPolicy"]: Handler;
};

interface NamedPolicy {
  readonly policyId: number;
  readonly signature?: ChangeSignature;
  readonly onBehalfOf?: string;
}

export function rolloutHandlers(context: ApiContext): Handlers {
  return {
    stagePolicy: (call) => stage(context, call),
    rollout: () => status(context),
    promotePolicy: async ({ body, principal }) => {
      const { policyId, signature, ...claim } = body as NamedPolicy;
      const { engine } = context;
      const callerNow = () => callerOf(engine, principal, claim);
      return { body: apiJson(await engine.rollout.promote(policyId, callerNow, GATES, signature)) };
    },
    canaryPolicy: async ({ body, principal }) => {
      const { policyId, shareBps, signature, ...claim } = body as NamedPolicy & { readonly shareBps: number };
      const { engine } = context;
      const callerNow = () => callerOf(engine, principal, claim);
      return { body: apiJson(await engine.rollout.canary(policyId, shareBps, callerNow, GATES, signature)) };
    },
    rollBackPolicy: async ({ body, principal }) => {
      const { policyId, signature, ...claim } = body as NamedPolicy;
      const { engine } = context;
      return { body: apiJson(await engine.rollout.rollBack(policyId, callerOf(engine, principal, claim), signature)) };
    },
  };
}

async function stage({ engine }: ApiContext, { body, principal }: Call): Promise<Reply> {
  const { activation } = body as PolicyBody & { readonly activation: object };
  const { snapshot, claim, signature } = activation;
  return { body: apiJson(await engine.rollout.stage(snapshot, callerOf(engine, principal, claim), signature)) };
}

async function status({ engine }: ApiContext): Promise<Reply> {
  const { active, nextChange = null, staged, canaryBps = 0, counts, compared } = await engine.rollout.status();
  const next = { activePolicyId: active.id, nextChange };
  if (staged === undefined || counts === undefined || compared === undefined)
    return { body: apiJson({ ...next, staged: null }) };
  const { regimes, tenants, examples } = counts;
  return {
    body: apiJson({
      ...next,
      staged: {
        policyId: staged.id,
        name: staged.snapshot.name,
        since: staged.since,
        canaryBps,
        canaryDecisions: counts.canaryDecisions,
        decisions: compared.decisions,
        actionMismatches: compared.actionMismatches,
        mismatches: compared.mismatches,
        regimes,
        tenants: tenants.map(({ tenant, ...count }) => ({ tenant: tenant ?? null, ...count })),
        mismatchSequences: examples,
        outcomes: compared.outcomes,
        outcomesUnknown: compared.outcomesUnknown,
        success: effect(compared.success),
        reward: effect(compared.reward),
        isNoWorseAt: compared.isNoWorseAt ?? null,
        isBetterAt: compared.isBetterAt ?? null,
        passes: compared.passes ?? null,
        missing: compared.missing,
      },
    }),
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
