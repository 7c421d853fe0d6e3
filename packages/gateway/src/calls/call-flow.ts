/**
 * A model call, from the client's body to the answer:
 *
 *     body ─▶ model ─▶ lanes ─▶ begin: decided and reserved ─▶ attempts ─▶ answer ─▶ usage ─▶ settled or held
 *                                       │ rejected: 402, 403
 *
 * Nothing is sent before the decision is durable, and no answer ends as complete before its cost is in the journal.
 * @module
 */
import { DEFAULT_TENANT } from "@calybris/kernel";
import { stormRefusal } from "../brake/storm-refusal.ts";
import type { RequestHeaders } from "../http/exchange.ts";
import type { Call, Reply } from "../http/route-contract.ts";
import { requireModel } from "../keys/allowed-models.ts";
import { requireTenant } from "../keys/tenancy.ts";
import type { CountedCall } from "../watch/call-metrics.ts";
import type { WireDialect } from "../wire/dialect.ts";
import { familyOf } from "../wire/provider-errors.ts";
import { CODEX_REFUSALS, isCodex, REFUSALS, refusalAnswer, type RefusalSettings } from "../wire/refusals.ts";
import { beginCall } from "./begin-call.ts";
import type { CallContext } from "./call-context.ts";
import { newRequestId, rejectionReply, replyOf } from "./call-headers.ts";
import { CallRun } from "./call-run.ts";
import { CallWatch } from "./call-watch.ts";
import { type ClientBody, readClientBody } from "./client-call.ts";
import { keptPlace, keptReply } from "./kept-answer.ts";
import type { NamedModel } from "./model-names.ts";

export async function answerCall(context: CallContext, dialect: WireDialect, request: Call): Promise<Reply> {
  const { bodies, names, brake } = context;
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
  const { begun, lanes, snapshot, session, isLimitWritten } = await beginCall(context, {
    request,
    client,
    named,
    tenant,
  });
  if ("rejected" in begun) {
    context.metrics.ended({ ...askedFor(client, named), result: "rejected" });
    const { reason, headroomMicrocents } = begun.rejected;
    const rejected = { reason, headroomMicrocents, decisionId: begun.decided.decisionId, model: client.model };
    return rejectionReply(dialect, rejected, settingsOf(context, headers));
  }
  const ended = (isAnswered: boolean): void =>
    brake.ended(tenant ?? DEFAULT_TENANT, body.promptDigest, { isAnswered, nowMs: performance.now() });
  const { call } = begun;
  const watch = new CallWatch({ context, span: request.span, client, named, session, call });
  const place = keptPlace(context, { client, headers, lanes, call, tenant: tenant ?? DEFAULT_TENANT });
  const kept = place?.get();
  if (kept !== undefined) {
    ended(true);
    return keptReply(kept, { client, lanes, call, watch, isLimitWritten });
  }
  const parts = { context, request, client, snapshot, lanes, call, isLimitWritten, isRepeat, ended, watch, place };
  return new CallRun(parts).answer();
}

/** The counters' record of a call that no candidate ran. */
function askedFor({ model }: ClientBody, { candidate }: NamedModel): Omit<CountedCall, "result"> {
  return { provider: "", asked: model, served: candidate ?? model };
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
