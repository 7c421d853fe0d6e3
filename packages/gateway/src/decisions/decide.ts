/**
 * One decision over HTTP. This is the only place that asks the engine to decide.
 * @module
 */
import type { ClientRequest, Decided, DecisionWaiter } from "@calybris/engine";
import { CalybrisError, type Mistake } from "@calybris/kernel";
import type { Call, Responder } from "../http/route-contract.ts";
import { callerOf } from "../keys/caller.ts";
import { requireTenant } from "../keys/tenancy.ts";
import type { ApiContext } from "./api-context.ts";
import { AnswerBuffer } from "./answer-buffer.ts";
import { requireRequested } from "./requested-model.ts";

export function decideOne(context: ApiContext, call: Call, responder: Responder): undefined {
  const request = withKey(call);
  requireTenant(call.principal, (request as Partial<ClientRequest> | null)?.tenant);
  requireRequested(context.engine, call.principal, request);
  const { actor } = callerOf(context.engine, call.principal);
  context.engine.submit(request, new Answering(context, responder), 0, actor);
}

/** One answer is written at a time. */
const scratch: AnswerBuffer = new AnswerBuffer(16 * 1024);

/** Answers one request once it is decided. */
class Answering implements DecisionWaiter {
  readonly #context: ApiContext;
  readonly #responder: Responder;

  constructor(context: ApiContext, responder: Responder) {
    this.#context = context;
    this.#responder = responder;
  }

  decided(decided: Decided): void {
    let body: string;
    try {
      scratch.begin();
      scratch.decision(this.#context, decided);
      body = scratch.text();
    } catch (error) {
      this.#responder.refuse(error);
      return;
    }
    this.#responder.reply({ body, isAscii: true });
  }

  failed(error: unknown): void {
    this.#responder.refuse(error);
  }
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
