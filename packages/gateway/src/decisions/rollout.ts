/**
 * Rollout over HTTP: staging a policy, comparing it with the active one, running a canary, promoting, rolling back.
 * @module
 */
import { type ChangeSignature, GATES } from "@calybris/engine";
import { apiJson } from "../http/error-dialect.ts";
import type { Call, Handler, Reply } from "../http/route-contract.ts";
import { callerOf } from "../keys/caller.ts";
import type { ApiContext } from "./api-context.ts";
import type { PolicyBody } from "./policy-body.ts";
import { rolloutJson } from "./rollout-status.ts";

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
    rollout: async () => ({ body: apiJson(rolloutJson(await context.engine.rollout.status())) }),
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
