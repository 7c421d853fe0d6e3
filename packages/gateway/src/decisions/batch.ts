/**
 * Many decisions in one request. Each is decided as if it had been sent alone, in order. The result of one that was not
 * decided is an error.
 * @module
 */
import type { ClientRequest, DecidedOrRefused, RefuseRest } from "@calybris/engine";
import type { CalybrisError, Mistake } from "@calybris/kernel";
import { GatewayError } from "../gateway-errors.ts";
import { asCoded, errorJson } from "../http/error-dialect.ts";
import type { Call, Reply } from "../http/route-contract.ts";
import { callerOf } from "../keys/caller.ts";
import { requireTenant } from "../keys/tenancy.ts";
import { AnswerBuffer } from "./answer-buffer.ts";
import type { ApiContext } from "./api-context.ts";
import { requireRequested } from "./requested-model.ts";

/** Beyond this many mistakes the rest of a batch is refused, because describing mistakes takes longer than deciding. */
const MISTAKES_MAX = 100;
const MISTAKES_SHOWN_MAX = 5;

/**
 * Decides the requests of a batch, in order.
 *
 * @throws CalybrisError if none was decided: the batch is invalid, or the journal has no room for it.
 */
export async function decideMany(context: ApiContext, call: Call): Promise<Reply> {
  const { engine, config, rates } = context;
  const requests = requestsIn(call, config.limits.batchMax);
  rates.charge(call.principal, Math.max(0, requests.length - call.chargedRequests));
  const refusals = new Map<number, string>();
  const taken: ClientRequest[] = [];
  for (const [position, request] of requests.entries()) {
    const refusal = refusalOf(() => {
      requireTenant(call.principal, (request as Partial<ClientRequest> | null)?.tenant);
      requireRequested(engine, call.principal, request);
    });
    if (refusal === undefined) taken.push(request as ClientRequest);
    else refusals.set(position, errorJson(refusal, MISTAKES_SHOWN_MAX));
  }
  const { actor } = callerOf(engine, call.principal);
  const decided = await engine.decideMany(taken, actor, untilTooManyMistakes());
  let next = 0;
  const answers = new AnswerBuffer(requests.length * ANSWER_BYTES + ANSWER_SLACK_BYTES);
  answers.put('{"results":[');
  for (let position = 0; position < requests.length; position++) {
    if (position > 0) answers.put(",");
    const refusal = refusals.get(position);
    if (refusal !== undefined) answers.put(refusal);
    else putResult(context, answers, decided[next++] as DecidedOrRefused);
  }
  answers.put("]}");
  return { body: answers.bytes() };
}

/** Typical size of an answer. */
const ANSWER_BYTES = 1_200;
const ANSWER_SLACK_BYTES = 8_192;

function putResult(context: ApiContext, answers: AnswerBuffer, result: DecidedOrRefused): void {
  if ("decided" in result) answers.decision(context, result.decided);
  else answers.put(errorJson(result.refused, MISTAKES_SHOWN_MAX));
}

function untilTooManyMistakes(): RefuseRest {
  let mistakeCount = 0;
  return (refused) => {
    mistakeCount += mistakesOf(refused);
    return mistakeCount > MISTAKES_MAX ? new GatewayError("CAL_GATEWAY_BATCH_STOPPED", { mistakeCount }) : undefined;
  };
}

/** The error with which a check refuses; other errors are bugs and fail the whole batch. */
function refusalOf(check: () => unknown): CalybrisError | undefined {
  try {
    check();
    return undefined;
  } catch (error) {
    const coded = asCoded(error);
    if (coded.code === "CAL_GATEWAY_BUG") throw error;
    return coded;
  }
}

function mistakesOf(error: CalybrisError): number {
  return ((error.details as { readonly mistakes?: readonly Mistake[] }).mistakes ?? []).length;
}

function requestsIn({ body, idempotencyKey }: Call, batchMax: number): readonly unknown[] {
  const mistakes: Mistake[] = [];
  const members = typeof body === "object" && body !== null && !Array.isArray(body) ? body : {};
  const { requests, ...others } = members as { readonly [key: string]: unknown };
  for (const path of Object.keys(others).slice(0, MISTAKES_MAX))
    mistakes.push({ path, problem: "is an unknown field", remedy: 'Known fields: "requests".' });
  if (!Array.isArray(requests) || requests.length === 0)
    mistakes.push({ path: "requests", problem: "is not a list of requests", remedy: "Send at least one." });
  else if (requests.length > batchMax)
    mistakes.push({ path: "requests", problem: `has ${requests.length}`, remedy: `Send at most ${batchMax} at once.` });
  if (idempotencyKey !== undefined)
    mistakes.push({
      path: "idempotency-key",
      problem: "covers many requests",
      remedy: "Give each request its own `requestId`.",
    });
  if (mistakes.length > 0) throw new GatewayError("CAL_GATEWAY_REQUEST_INVALID", { mistakes });
  return requests as readonly unknown[];
}
