/**
 * A model call, from the client's body to the answer:
 *
 *     body ─▶ model ─▶ lanes ─▶ begin: decided and reserved ─▶ attempts ─▶ answer ─▶ usage ─▶ settled or held
 *                                       │ rejected: 402, 403
 *
 * Nothing is sent before the decision is durable, and nothing is answered as complete whose cost is not in the journal.
 * @module
 */
import type { ClientRequest } from "@calybris/engine";
import { DEFAULT_TENANT } from "@calybris/kernel";
import { callFeatures, listedFeatures } from "../attribution/call-features.ts";
import { callLabels } from "../attribution/call-labels.ts";
import { useCaseOf } from "../attribution/use-case.ts";
import { stormRefusal } from "../brake/storm-refusal.ts";
import type { RequestHeaders } from "../http/exchange.ts";
import type { Call, Reply } from "../http/route-contract.ts";
import { callerOf } from "../keys/caller.ts";
import { requireModel } from "../keys/allowed-models.ts";
import { requireTenant } from "../keys/tenancy.ts";
import type { ExpectedUsage } from "../reserve/expected-usage.ts";
import { type OutputLimit, outputLimit } from "../reserve/output-limit.ts";
import type { CountedCall } from "../watch/call-metrics.ts";
import type { WireDialect } from "../wire/dialect.ts";
import { familyOf } from "../wire/provider-errors.ts";
import { CODEX_REFUSALS, isCodex, REFUSALS, refusalAnswer, type RefusalSettings } from "../wire/refusals.ts";
import { type BoundLane, lanesFor, providersOf } from "./bound-lanes.ts";
import type { CallContext } from "./call-context.ts";
import { newRequestId, rejectionReply, replyOf } from "./call-headers.ts";
import { CallRun } from "./call-run.ts";
import { CallWatch } from "./call-watch.ts";
import { CallGates } from "./call-gates.ts";
import { type ClientBody, readClientBody } from "./client-call.ts";
import { keptPlace, keptReply } from "./kept-answer.ts";
import type { NamedModel } from "./model-names.ts";

export async function answerCall(context: CallContext, dialect: WireDialect, request: Call): Promise<Reply> {
  const { engine, bodies, names, brake, nowMs } = context;
  const { headers, principal } = request;
  const body = await bodies.scan(request.body as Buffer, {
    dialect,
    encoding: textOf(headers["content-encoding"]),
    principal,
    takeBytes: (bytes) => request.takeBytes(bytes),
  });
  const client = readClientBody(body, dialect);
  requireModel(principal, client.model);
  const named = names.resolve(client.model);
  const tenant = tenantOf(request);
  const storm = brake.check(tenant ?? DEFAULT_TENANT, body.promptDigest, performance.now());
  const isRepeat = context.repeats.sent(tenant ?? DEFAULT_TENANT, body.promptDigest, performance.now());
  if (storm.isStorm) context.metrics.storm(client.model);
  if (storm.isStorm && named.mode === "enforce") {
    context.metrics.ended({ ...askedFor(client, named), result: "storm" });
    return replyOf(refusalAnswer(familyOf(dialect), stormRefusal(storm), newRequestId(), settingsOf(context, headers)));
  }
  const gates = new CallGates(engine.rollout.policyFor(tenant).snapshot, client);
  const lanes = lanesFor(context, client, named, gates, nowMs());
  const limit = limitOf(client, named, lanes);
  const { tags, session } = callLabels(headers, body);
  const begun = await engine.calls.begin(
    {
      ...(request.idempotencyKey === undefined ? {} : { requestId: request.idempotencyKey }),
      ...(tenant === undefined ? {} : { tenant }),
      ...(named.candidate === undefined ? {} : { requested: named.candidate }),
      ...(named.mode === "observe" ? {} : { providers: providersOf(gates.snapshot, lanes) }),
      ...requiredOf(gates, named),
      useCase: useCaseOf(headers, { route: named.useCase, key: principal.useCase }, gates.snapshot.useCases),
      ...expectedOf(context, client, lanes, limit.outputTokensMax),
      ...learnedFrom(engine, gates, client),
      tags,
      ...(session === undefined ? {} : { session }),
      promptDigest: body.promptDigest,
      mode: named.mode,
      outputTokensMax: limit.outputTokensMax,
      outputTokensMin: limit.outputTokensMin,
      bounds: lanes.map(({ bound }) => bound),
    },
    callerOf(engine, principal),
  );
  if ("rejected" in begun) {
    context.metrics.ended({ ...askedFor(client, named), result: "rejected" });
    const { reason, headroomMicrocents } = begun.rejected;
    const rejected = { reason, headroomMicrocents, decisionId: begun.decided.decisionId, model: client.model };
    return rejectionReply(dialect, rejected, settingsOf(context, headers));
  }
  const isWritten = limit.outputTokensMax < (client.limitTokens ?? limit.modelTokensMax);
  const ended = (isAnswered: boolean): void =>
    brake.ended(tenant ?? DEFAULT_TENANT, body.promptDigest, { isAnswered, nowMs: performance.now() });
  const { call } = begun;
  const watch = new CallWatch({ context, span: request.span, client, named, session, call });
  const place = keptPlace(context, { client, headers, lanes, call, tenant: tenant ?? DEFAULT_TENANT });
  const kept = place?.get();
  if (kept !== undefined) {
    ended(true);
    return keptReply(kept, { client, lanes, call, watch, isLimitWritten: isWritten });
  }
  const parts = { context, request, client, lanes, call, isLimitWritten: isWritten, isRepeat, ended, watch, place };
  return new CallRun(parts).answer();
}

/** What the decision may choose among: candidates that can do what the call asks for. */
function requiredOf(gates: CallGates, { candidate }: NamedModel): Pick<ClientRequest, "capabilities"> {
  const { snapshot } = gates;
  const requested = candidate === undefined ? -1 : snapshot.candidateNames.indexOf(candidate);
  const capabilities = gates.required(snapshot.policy.candidates[requested]?.id);
  return capabilities.length === 0 ? {} : { capabilities };
}

/** A call of which nothing ran. */
function askedFor({ model }: ClientBody, { candidate }: NamedModel): Omit<CountedCall, "result"> {
  return { provider: "", asked: model, served: candidate ?? model };
}

/** The output limit that the reservation counts with, and how far it may be lowered. */
function limitOf(
  { limitTokens, thinkingTokens, dialect }: ClientBody,
  policy: NamedModel,
  lanes: readonly BoundLane[],
): OutputLimit & { readonly modelTokensMax: number } {
  if (dialect === "openai-embeddings") return { outputTokensMax: 0, outputTokensMin: 0, modelTokensMax: 0 };
  const most = lanes.flatMap(({ lane }) => lane.targets.map((target) => target.outputTokensMax));
  const modelTokensMax = Math.max(1, ...most);
  // A limit above what the model is known to write is the client's: the provider says whether it takes it.
  const known = limitTokens === undefined ? modelTokensMax : undefined;
  const limit = outputLimit({ limitTokens, thinkingTokens }, policy, known);
  return { ...(limit ?? { outputTokensMax: modelTokensMax, outputTokensMin: modelTokensMax }), modelTokensMax };
}

/** What is expected of the first lane, which is the one that was asked for where one was. */
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

/** What the learner tells calls apart by: counts of the request, and what the prior makes of its text, which is not kept. */
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

function settingsOf({ config }: CallContext, headers: RequestHeaders): RefusalSettings {
  const isCodexAsking = config.calls.refusals === "client" && isCodex(textOf(headers["originator"]));
  return isCodexAsking ? CODEX_REFUSALS : REFUSALS;
}

/** The tenant that the key is bound to, or that the header names. */
function tenantOf({ principal, headers }: Call): string | undefined {
  const named = textOf(headers["x-calybris-tenant"]);
  const bound = principal.tenants?.size === 1 ? [...principal.tenants][0] : undefined;
  const tenant = named ?? bound;
  requireTenant(principal, tenant);
  return tenant;
}

function textOf(header: RequestHeaders[string]): string | undefined {
  return typeof header === "string" && header !== "" ? header : undefined;
}
