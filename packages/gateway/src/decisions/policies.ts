/**
 * Policies over HTTP: listing, checking and activating them, and reloading the service's configuration.
 * @module
 */
import { apiJson, JSON_TYPE } from "../http/error-dialect.ts";
import type { Call, Handler, Reply } from "../http/route-contract.ts";
import { callerOf } from "../keys/caller.ts";
import { actorJson } from "./actor-json.ts";
import type { ApiContext } from "./api-context.ts";
import { jsonPieces } from "./json-pieces.ts";
import type { PolicyBody } from "./policy-body.ts";
import { rolloutHandlers } from "./rollout.ts";

type Handlers = {
  readonly [Name in
    | "policies"
    | "setPolicy"
    | "checkPolicy"
    | "stagePolicy"
    | "rollout"
    | "promotePolicy"
    | "canaryPolicy"
    | "rollBackPolicy"
    | "reload"]: Handler;
};

export function policyHandlers(context: ApiContext): Handlers {
  return {
    policies: () => policies(context),
    setPolicy: (call) => setPolicy(context, call),
    checkPolicy: (call) => checkPolicy(context, call),
    ...rolloutHandlers(context),
    reload: async ({ principal }) => ({
      body: apiJson(await context.reload(() => callerOf(context.engine, principal))),
    }),
  };
}

function policies({ engine }: ApiContext): Reply {
  const { activations, staged } = engine.reading.rollout();
  const members = {
    activations: activations.map(({ sequence, policy }) => ({ sequence, policyId: policy.id })),
    staged: staged?.id ?? null,
  };
  return { body: jsonPieces(members, { policies: policyRows(engine) }), contentType: JSON_TYPE };
}

function* policyRows({ reading, keys }: ApiContext["engine"]): Generator<object> {
  const all = reading.policies();
  const active = reading.rollout().activations.at(-1)?.policy.id;
  for (const { id, snapshot, policyDigest, snapshotDigest, isFromFile, since, caused } of all)
    yield {
      policyId: id,
      name: snapshot.name,
      policyEpoch: snapshot.policy.policyEpoch,
      policyDigest,
      snapshotDigest,
      candidates: snapshot.policy.candidates.map((candidate, index) => ({
        id: candidate.id,
        name: snapshot.candidateNames[index],
      })),
      isFromFile,
      sequence: since,
      isActive: id === active,
      actor: caused === undefined ? null : actorJson(keys, caused),
    };
}

async function setPolicy({ engine }: ApiContext, { body, principal }: Call): Promise<Reply> {
  const { snapshotDigest, activation } = body as PolicyBody & { readonly activation: object };
  const active = engine.policy;
  if (snapshotDigest === active.snapshotDigest)
    return { body: apiJson({ policyId: active.id, sequence: null, snapshotDigest, repeated: true }) };
  const caller = callerOf(engine, principal, activation.claim);
  const { policyId, sequence } = await engine.setPolicy(activation.snapshot, caller, activation.signature);
  return { body: apiJson({ policyId, sequence, snapshotDigest, repeated: false }) };
}

function checkPolicy({ engine }: ApiContext, { body }: Call): Reply {
  const { name, candidateCount, policyDigest, snapshotDigest } = body as PolicyBody;
  const isActive = snapshotDigest === engine.policy.snapshotDigest;
  return { body: apiJson({ name, policyDigest, snapshotDigest, candidateCount, isActive }) };
}
