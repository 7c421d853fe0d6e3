/**
 * Plans a call and decides it. The plan lists the candidates that may run, each with its cost bound, under the policy of the
 * call's tenant. If that policy has changed by the time of the decision, the call is planned again, so that a candidate ID
 * is never interpreted under another policy.
 * @module
 */
import { type Begun, type Call, type ClientCall, type ClientRequest, EngineError } from "@calybris/engine";
import type { PolicySnapshot } from "@calybris/kernel";
import { callFeatures, listedFeatures } from "../attribution/call-features.ts";
import { callLabels } from "../attribution/call-labels.ts";
import { useCaseOf } from "../attribution/use-case.ts";
import type { Call as Request } from "../http/route-contract.ts";
import { callerOf } from "../keys/caller.ts";
import type { ExpectedUsage } from "../reserve/expected-usage.ts";
import { type OutputLimit, outputLimit } from "../reserve/output-limit.ts";
import { type BoundLane, lanesFor, providersOf } from "./bound-lanes.ts";
import type { CallContext } from "./call-context.ts";
import { CallGates } from "./call-gates.ts";
import type { ClientBody } from "./client-call.ts";
import type { NamedModel } from "./model-names.ts";

export interface AskedCall {
  readonly request: Request;
  readonly client: ClientBody;
  readonly named: NamedModel;
  readonly tenant: string | undefined;
}

/** A call planned under one policy, before its decision. */
export interface PlannedCall {
  readonly snapshot: PolicySnapshot;
  readonly lanes: readonly BoundLane[];
  readonly session: string | undefined;
  /** Whether the planned output limit is below the client's or, if the client sets none, below the model's. */
  readonly isLimitWritten: boolean;
  readonly call: ClientCall;
}

/** How often one call is planned, at most, when its policy changes before each decision. */
const PLANS_MAX = 5;

/** @throws the errors of `lanesFor` and `EngineCalls.begin`. Nothing is reserved then. */
export async function beginCall(
  context: CallContext,
  asked: AskedCall,
): Promise<PlannedCall & { readonly begun: Begun<Call> }> {
  const { engine } = context;
  const caller = callerOf(engine, asked.request.principal);
  for (let plans = 1; ; plans += 1) {
    const planned = planCall(context, asked);
    try {
      return { ...planned, begun: await engine.calls.begin(planned.call, caller) };
    } catch (error) {
      const isChanged = error instanceof EngineError && error.code === "CAL_CALL_POLICY_CHANGED";
      if (!isChanged || plans === PLANS_MAX) throw error;
    }
  }
}

function planCall(context: CallContext, { request, client, named, tenant }: AskedCall): PlannedCall {
  const { engine, nowMs } = context;
  const { headers, principal, idempotencyKey } = request;
  const { id: policyId, snapshot } = engine.rollout.policyFor(tenant);
  const gates = new CallGates(snapshot, client);
  const lanes = lanesFor(context, client, named, gates, nowMs());
  const { outputTokensMax, outputTokensMin, modelTokensMax } = limitOf(client, named, lanes);
  const { tags, session } = callLabels(headers, client.body);
  const call: ClientCall = {
    ...(idempotencyKey === undefined ? {} : { requestId: idempotencyKey }),
    ...(tenant === undefined ? {} : { tenant }),
    ...(named.candidate === undefined ? {} : { requested: named.candidate }),
    ...(named.mode === "observe" ? {} : { providers: providersOf(snapshot, lanes) }),
    ...requiredOf(gates, named),
    useCase: useCaseOf(headers, { route: named.useCase, key: principal.useCase }, snapshot.useCases),
    ...expectedOf(context, client, lanes, outputTokensMax),
    ...learnedFrom(engine, gates, client),
    tags,
    ...(session === undefined ? {} : { session }),
    promptDigest: client.body.promptDigest,
    mode: named.mode,
    outputTokensMax,
    outputTokensMin,
    policyId,
    bounds: lanes.map(({ bound }) => bound),
  };
  const isLimitWritten = outputTokensMax < (client.limitTokens ?? modelTokensMax);
  return { snapshot, lanes, session, isLimitWritten, call };
}

/** The capabilities that a candidate must have to be chosen. */
function requiredOf(gates: CallGates, { candidate }: NamedModel): Pick<ClientRequest, "capabilities"> {
  const { snapshot } = gates;
  const requested = candidate === undefined ? -1 : snapshot.candidateNames.indexOf(candidate);
  const capabilities = gates.required(snapshot.policy.candidates[requested]?.id);
  return capabilities.length === 0 ? {} : { capabilities };
}

/** The output limit that is reserved for, and the lowest that it may be reduced to. */
function limitOf(
  { limitTokens, thinkingTokens, dialect }: ClientBody,
  policy: NamedModel,
  lanes: readonly BoundLane[],
): OutputLimit & { readonly modelTokensMax: number } {
  if (dialect === "openai-embeddings") return { outputTokensMax: 0, outputTokensMin: 0, modelTokensMax: 0 };
  const most = lanes.flatMap(({ lane }) => lane.targets.map((target) => target.outputTokensMax));
  const modelTokensMax = Math.max(1, ...most);
  // A client's limit above the model's known limit is kept: the provider accepts or refuses it.
  const known = limitTokens === undefined ? modelTokensMax : undefined;
  const limit = outputLimit({ limitTokens, thinkingTokens }, policy, known);
  return { ...(limit ?? { outputTokensMax: modelTokensMax, outputTokensMin: modelTokensMax }), modelTokensMax };
}

/** Expected token counts on the first lane, which is the requested candidate's if the client named one. */
function expectedOf(
  { expected }: CallContext,
  { body, dialect }: ClientBody,
  [first]: readonly BoundLane[],
  outputTokensMax: number,
): ExpectedUsage {
  const provider = first?.lane.targets[0]?.priceProvider ?? "";
  const { inputTokens, outputTokens } = expected.expect(provider, body.content, outputTokensMax);
  return { inputTokens, outputTokens: dialect === "openai-embeddings" ? 0 : outputTokens };
}

/** The features for the learner: counts of the request, and the prior's features of its text. The text is not kept. */
function learnedFrom(
  { learning }: CallContext["engine"],
  { snapshot }: CallGates,
  { body, limitTokens }: ClientBody,
): Pick<ClientRequest, "features" | "textScore"> {
  if (snapshot.learning === undefined) return {};
  const { features: listed } = snapshot.learning;
  const features = listed === undefined ? undefined : listedFeatures(callFeatures(body.content, limitTokens), listed);
  const textScore = learning.scoreText(body.content.userText);
  return { ...(features === undefined ? {} : { features }), ...(textScore === 0 ? {} : { textScore }) };
}
