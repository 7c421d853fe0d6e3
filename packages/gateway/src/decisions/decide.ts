/**
 * One decision over HTTP.
 * @module
 */
import type { ClientRequest, Decided, DecisionWaiter } from "@calybris/engine";
import { CalybrisError, invariant, type Mistake } from "@calybris/kernel";
import type { Call, Responder } from "../http/route-contract.ts";
import { callerOf } from "../keys/caller.ts";
import { requireTenant } from "../keys/tenancy.ts";
import type { ApiContext } from "./api-context.ts";
import { AnswerBuffer } from "./answer-buffer.ts";
import { receiptJson, type ReceiptSigner, requireReceipts } from "./receipts.ts";
import { requireRequested } from "./requested-model.ts";

export function decideOne(context: ApiContext, call: Call, responder: Responder): undefined {
  const request = withKey(call);
  requireTenant(call.principal, (request as Partial<ClientRequest> | null)?.tenant);
  requireRequested(context.engine, call.principal, request);
  const { actor } = callerOf(context.engine, call.principal);
  const receipts = call.query["receipt"] === undefined ? undefined : requireReceipts(context.receipts);
  context.engine.submit(request, new Answering(context, responder, receipts), 0, actor);
}

/** Shared, because answers are written one at a time. */
const scratch: AnswerBuffer = new AnswerBuffer(16 * 1024);

/** Answers a request when it is decided. */
class Answering implements DecisionWaiter {
  readonly #context: ApiContext;
  readonly #responder: Responder;
  /** Signs a receipt of the decision, if one was requested. */
  readonly #receipts: ReceiptSigner | undefined;

  constructor(context: ApiContext, responder: Responder, receipts: ReceiptSigner | undefined) {
    this.#context = context;
    this.#responder = responder;
    this.#receipts = receipts;
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
    if (this.#receipts === undefined) this.#responder.reply({ body, isAscii: true });
    else void this.#withReceipt(body, decided.decisionId, this.#receipts);
  }

  async #withReceipt(body: string, decisionId: string, by: ReceiptSigner): Promise<void> {
    const { engine } = this.#context;
    try {
      const found = await engine.reading.found(decisionId);
      invariant(found !== undefined, "a decision that was answered is in the journal");
      const receipt = await receiptJson(engine, found, by);
      this.#responder.reply({ body: `${body.slice(0, -1)},"receipt":${receipt.trimEnd()}}` });
    } catch (error) {
      this.#responder.refuse(error);
    }
  }

  failed(error: unknown): void {
    this.#responder.refuse(error);
  }
}

/** The request with the `idempotency-key` header, if present, as its request ID. */
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
