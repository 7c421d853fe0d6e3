/**
 * One decision over HTTP. This is the only place that asks the engine to decide.
 * @module
 */
import type { ClientRequest, Decided, Engine } from "@calybris/engine";
import { CalybrisError, DEFAULT_TENANT, type Mistake } from "@calybris/kernel";
import type { Call, Responder } from "../http/route-contract.ts";
import type { Principal } from "../keys/keyring.ts";
import { requireTenant } from "../keys/tenancy.ts";
import type { ApiContext } from "./api-context.ts";
import { decisionText } from "./decision-text.ts";

/** Who waits for a decision; one of the two is called, once. */
export interface DecisionWaiter {
  /** @param text - the decision as JSON, in plain ASCII. */
  decided(text: string): void;
  failed(error: unknown): void;
}

export function decideOne(context: ApiContext, call: Call, responder: Responder): undefined {
  submit(context, call.principal, withKey(call), {
    decided: (text) => responder.reply({ body: text, isAscii: true }),
    failed: (error) => responder.refuse(error),
  });
}

/** Asks the engine; an error means that nothing was decided, or that a repetition finds out. Throws nothing. */
export function submit(
  context: ApiContext,
  principal: Principal,
  request: ClientRequest,
  waiter: DecisionWaiter,
): void {
  try {
    requireTenant(principal, (request as Partial<ClientRequest> | null)?.tenant);
  } catch (error) {
    waiter.failed(error);
    return;
  }
  context.engine.decide(request).then(
    (decided) => waiter.decided(decidedText(context, decided)),
    (error: unknown) => waiter.failed(error),
  );
}

/** What the tenant of a decision may still reserve; `undefined` where nobody limits it. */
export function headroomOf({ reading }: Engine, { tenant }: Decided): bigint | undefined {
  return reading.room(tenant ?? DEFAULT_TENANT);
}

export function decidedText({ engine, metrics }: ApiContext, decided: Decided): string {
  if (!decided.repeated) metrics.decision(decided.decision.action, decided.decision.reason);
  const snapshot = engine.reading.policy(decided.policyId)?.snapshot ?? engine.snapshot;
  return decisionText(decided, snapshot, headroomOf(engine, decided));
}

/** The `idempotency-key` header is the request id, sent in another place. */
function withKey({ body, idempotencyKey }: Call): ClientRequest {
  if (idempotencyKey === undefined || typeof body !== "object" || body === null || Array.isArray(body))
    return body as ClientRequest;
  const request = body as ClientRequest;
  if (request.requestId === undefined) return { ...request, requestId: idempotencyKey };
  if (request.requestId === idempotencyKey) return request;
  const mistake: Mistake = {
    path: "requestId",
    problem: "differs from the `idempotency-key` header",
    remedy: "Send one of them, or the same value in both.",
  };
  throw new CalybrisError("CAL_REQUEST_INVALID", { mistakes: [mistake] });
}
