/**
 * One call over the deployments of a model: chosen by weight, and retried if that costs nothing. Each attempt is reported
 * before it is sent, so that the caller can record and reserve it.
 * @module
 */
import { RETRY_HEADER } from "../wire/error-bodies.ts";
import {
  type ErrorFault,
  faultOf,
  type ProviderAnswer,
  retryDelayMs,
  statusOfStreamError,
} from "../wire/provider-errors.ts";
import type { CallTimeouts } from "./call-deadlines.ts";
import type { Json } from "../wire/stream-sights.ts";
import { type Asked, chooseByWeight } from "./deployment.ts";
import type { GuardedCall } from "./deployment-guard.ts";
import { type LeaveSignal, sleepUnlessLeft } from "./leave-signal.ts";
import { HEALTH_OF_FAULT, RETRY_OF_FAULT, type RetryRules, retryAfterMs, waitBefore } from "./retry-rules.ts";
import { startStream } from "./stream-start.ts";
import type { AnswerPieces, Upstream, UpstreamAnswer, UpstreamRequest } from "./upstream.ts";
import { UpstreamFailure } from "./upstream-failure.ts";

export interface Attempt {
  /** From 1. */
  readonly number: number;
  readonly deployment: string;
  /** Sent as `x-client-request-id`. */
  readonly attemptId: string;
}

/** How an attempt without an answer for the client ended. */
export interface AttemptEnd {
  readonly attempt: Attempt;
  /** Status of the answer; `undefined` if none came. */
  readonly status: number | undefined;
  readonly fault: ErrorFault | undefined;
  readonly failure: UpstreamFailure | undefined;
  /** Whether the provider may bill it: it was sent, and not refused. */
  readonly mayBeBilled: boolean;
  readonly durationMs: number;
}

export interface CallPorts {
  /**
   * Resolves when the attempt is durable; it is sent only then. If it rejects, the call ends with the error, unsent.
   *
   * @returns the attempt's ID.
   */
  begin(attempt: Omit<Attempt, "attemptId">): Promise<string>;
  end(end: AttemptEnd): Promise<void>;
  /** Draws an integer from 0 to `limit` - 1. */
  random(limit: number): number;
  /** Milliseconds of Unix time. */
  nowMs(): number;
}

export interface CallPlan {
  /** The request for a deployment; deployments may have different names for the model. */
  readonly requestOf: (upstream: Upstream) => Omit<UpstreamRequest, "attemptId">;
  readonly isStreamed: boolean;
  readonly timeouts: CallTimeouts;
  readonly retries: RetryRules;
  /** Maximum length of a refusal that is passed on. */
  readonly errorBytesMax: number;
  readonly left: LeaveSignal;
}

export type CallResult =
  | {
      readonly kind: "answer";
      readonly attempt: Attempt;
      readonly upstream: Upstream;
      /** The caller must end it. */
      readonly answer: UpstreamAnswer;
      /** The body, from its first byte. */
      readonly pieces: AnswerPieces;
    }
  /** The last refusal, if no attempt is left. */
  | {
      readonly kind: "refused";
      readonly attempt: Attempt;
      readonly upstream: Upstream;
      readonly answer: ProviderAnswer;
    }
  | { readonly kind: "failed"; readonly failure: UpstreamFailure }
  /** No deployment accepts a call now. */
  | { readonly kind: "unavailable" };

/** Result of one attempt, and the time in milliseconds that its provider asks to wait before a retry. */
interface Tried {
  readonly result: CallResult;
  readonly retry: "same" | "other" | "never";
  readonly askedMs: number;
}

/** @throws the errors with which `begin` and `end` of the ports reject. */
export async function callUpstreams(
  upstreams: readonly Upstream[],
  plan: CallPlan,
  ports: CallPorts,
): Promise<CallResult> {
  const tried = new Map<Upstream, Tried>();
  let last: CallResult = { kind: "unavailable" };
  for (let number = 1; number <= plan.retries.attemptsMax; number += 1) {
    const next = await nextUpstream(upstreams, tried, number - 1, plan, ports);
    if (next === undefined) return last;
    const one = await tryOnce(next.upstream, next.call, number, plan, ports);
    if (one.retry === "never") return one.result;
    tried.set(next.upstream, one);
    last = one.result;
  }
  return last;
}

/** An untried deployment, by weight; otherwise, after a wait, one that may be retried. `undefined` if there is neither. */
async function nextUpstream(
  upstreams: readonly Upstream[],
  tried: ReadonlyMap<Upstream, Tried>,
  failedCount: number,
  { retries, left }: CallPlan,
  { random }: CallPorts,
): Promise<{ readonly upstream: Upstream; readonly call: GuardedCall } | undefined> {
  const fresh = enter(
    upstreams.filter((one) => !tried.has(one)),
    random,
  );
  if (fresh !== undefined) return fresh;
  const again = upstreams.filter((one) => tried.get(one)?.retry === "same");
  const askedMs = again.reduce((least, one) => Math.min(least, tried.get(one)?.askedMs ?? 0), Number.MAX_SAFE_INTEGER);
  const waitMs = again.length === 0 ? undefined : waitBefore(retries, failedCount, askedMs, random);
  if (waitMs === undefined) return undefined;
  if (await sleepUnlessLeft(waitMs, left)) return undefined;
  return enter(
    again.filter((one) => (tried.get(one)?.askedMs ?? 0) <= waitMs),
    random,
  );
}

/** Begins a call on one of the deployments, by weight among those that accept one. */
function enter(
  upstreams: readonly Upstream[],
  random: (limit: number) => number,
): { readonly upstream: Upstream; readonly call: GuardedCall } | undefined {
  const chosen = chooseByWeight(upstreams, random);
  if (chosen === undefined) return undefined;
  const call = chosen.guard.enter();
  if (call !== undefined) return { upstream: chosen, call };
  return enter(
    upstreams.filter((one) => one !== chosen),
    random,
  );
}

async function tryOnce(
  upstream: Upstream,
  call: GuardedCall,
  number: number,
  plan: CallPlan,
  ports: CallPorts,
): Promise<Tried> {
  const { name: deployment } = upstream.deployment;
  const request = plan.requestOf(upstream);
  const { asked } = request;
  const begunMs = ports.nowMs();
  const attempt = { number, deployment, attemptId: await begin(call, { number, deployment }, ports) };
  const ended = (end: Pick<AttemptEnd, "status" | "fault" | "failure" | "mayBeBilled">): Promise<void> =>
    ports.end({ attempt, ...end, durationMs: Math.max(0, ports.nowMs() - begunMs) });
  let answer: UpstreamAnswer | undefined;
  try {
    const { timeouts, left } = plan;
    answer = await upstream.send({ ...request, attemptId: attempt.attemptId }, { timeouts, left, call });
    if (answer.status < 300) {
      const isStream = plan.isStreamed && /^text\/event-stream\b/i.test(answer.header("content-type") ?? "");
      if (!isStream) {
        answer.begun();
        return {
          result: { kind: "answer", attempt, upstream, answer, pieces: answer.pieces() },
          retry: "never",
          askedMs: 0,
        };
      }
      const { error, pieces } = await startStream(answer, asked === "count_tokens" ? "anthropic-messages" : asked);
      if (error === undefined)
        return { result: { kind: "answer", attempt, upstream, answer, pieces }, retry: "never", askedMs: 0 };
      const refused = refusal(answer, statusOfStreamError(error), streamErrorBody(asked, error));
      return await endRefused(upstream, attempt, answer, refused, ended, ports);
    }
    const body = await answer.whole(plan.errorBytesMax);
    return await endRefused(upstream, attempt, answer, refusal(answer, answer.status, body), ended, ports);
  } catch (error) {
    answer?.end(error instanceof UpstreamFailure && error.kind !== "left" ? "fault" : "unknown");
    if (!(error instanceof UpstreamFailure)) throw error;
    // A refusal whose body was lost is still a refusal, and is not billed.
    const isRefused = answer !== undefined && answer.status >= 300;
    await ended({ status: answer?.status, fault: undefined, failure: error, mayBeBilled: error.isSent && !isRefused });
    return {
      result: { kind: "failed", failure: error },
      retry: error.isSent || error.kind === "left" ? "never" : "same",
      askedMs: 0,
    };
  }
}

async function begin(call: GuardedCall, attempt: Omit<Attempt, "attemptId">, ports: CallPorts): Promise<string> {
  try {
    return await ports.begin(attempt);
  } catch (error) {
    call.end("neutral");
    throw error;
  }
}

function refusal({ headers }: UpstreamAnswer, status: number, body: Uint8Array): ProviderAnswer {
  return { status, headers, body };
}

async function endRefused(
  upstream: Upstream,
  attempt: Attempt,
  answer: UpstreamAnswer,
  refused: ProviderAnswer,
  ended: (end: Pick<AttemptEnd, "status" | "fault" | "failure" | "mayBeBilled">) => Promise<void>,
  { nowMs }: CallPorts,
): Promise<Tried> {
  // A redirect would send the key elsewhere, so it counts as a fault of the deployment.
  const fault = refused.status < 400 ? "provider" : faultOf(refused.status, jsonOf(refused.body));
  answer.end(HEALTH_OF_FAULT[fault]);
  await ended({ status: refused.status, fault, failure: undefined, mayBeBilled: false });
  const retry = answer.header(RETRY_HEADER) === "false" ? "never" : RETRY_OF_FAULT[fault];
  return {
    result: { kind: "refused", attempt, upstream, answer: refused },
    retry,
    askedMs: Math.max(retryAfterMs(answer, nowMs()), retryDelayMs(jsonOf(refused.body))),
  };
}

/** The error of a stream's first event, in the form of an error answer's body. */
function streamErrorBody(asked: Asked, error: Json): Buffer {
  const isAnthropic = asked === "anthropic-messages" || asked === "count_tokens";
  return Buffer.from(JSON.stringify(isAnthropic ? { type: "error", error } : { error }));
}

function jsonOf(body: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(body).toString()) as unknown;
  } catch {
    return undefined;
  }
}
