/**
 * Many decisions in one request. Each is made on its own, in order; an error stands in the place of one that was not.
 * @module
 */
import { type ClientRequest, type Engine, resolveRequest } from "@calybris/engine";
import { CalybrisError, type Mistake } from "@calybris/kernel";
import { GatewayError } from "../gateway-errors.ts";
import { asCoded, errorJson } from "../http/error-dialect.ts";
import type { Call, Reply } from "../http/route-contract.ts";
import type { ApiContext } from "./api-context.ts";
import { submit } from "./decide.ts";

/** A batch stops beyond this: naming mistakes costs more than deciding. */
const MISTAKES_MAX = 100;
const MISTAKES_SHOWN_MAX = 5;

/** One result: its text, and how many mistakes its request has. */
interface Result {
  readonly text: string;
  readonly mistakeCount: number;
}

/** @throws CalybrisError when none was decided: the batch is none, or the journal has no room for it. */
export async function decideMany(context: ApiContext, call: Call): Promise<Reply> {
  const { engine, config, rates } = context;
  const requests = requestsIn(call, config.limits.batchMax);
  rates.charge(call.principal, Math.max(0, requests.length - call.chargedRequests));
  const { reading } = engine;
  if (reading.waitingCount + requests.length > config.journal.waitingMax)
    throw new CalybrisError("CAL_JOURNAL_OVERLOADED", { waiting: reading.waitingCount });
  const results: (Result | Promise<Result>)[] = [];
  let mistakeCount = 0;
  for (const request of requests) {
    if (mistakeCount > MISTAKES_MAX) {
      results.push(refused(new GatewayError("CAL_GATEWAY_BATCH_STOPPED", { mistakeCount })));
      continue;
    }
    const result = resultOf(context, call, request as ClientRequest);
    results.push(result);
    // A request with mistakes is waited for, so that theirs are counted before the next is looked at.
    if (!isResolved(engine, request as ClientRequest)) mistakeCount += (await result).mistakeCount;
  }
  const all = await Promise.all(results);
  return { body: `{"results":[${all.map(({ text }) => text).join(",")}]}` };
}

function resultOf(context: ApiContext, { principal }: Call, request: ClientRequest): Promise<Result> {
  return new Promise((resolve, reject) => {
    const failed = (error: unknown): void => {
      const coded = asCoded(error);
      // A bug does not stand in one place but ends the batch.
      if (coded.code === "CAL_GATEWAY_BUG") reject(error);
      else resolve(refused(coded));
    };
    submit(context, principal, request, { decided: (text) => resolve({ text, mistakeCount: 0 }), failed });
  });
}

function refused(error: CalybrisError): Result {
  const { mistakes = [] } = error.details as { readonly mistakes?: readonly Mistake[] };
  return { text: errorJson(error, MISTAKES_SHOWN_MAX), mistakeCount: mistakes.length };
}

/** Whether a request has no mistakes under the active policy; one that was decided before may have some. */
function isResolved({ snapshot }: Engine, request: ClientRequest): boolean {
  try {
    resolveRequest(snapshot, request, 1n);
    return true;
  } catch {
    return false;
  }
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
