/**
 * Calls of every kind, drawn from a seed: three dialects at three providers, streams that clients leave, providers that refuse, cut, reset and send
 * nonsense, and repeats of one `Idempotency-Key`.
 * @module
 */
import type { Chance } from "../../../engine/test/support/seeded-chance.ts";
import { GOOGLE_MODEL } from "./fire-policy.ts";

export interface FireCall {
  readonly path: string;
  readonly body: object;
  /** Index into the tenants' keys. */
  readonly tenant: number;
  readonly idempotencyKey: string | undefined;
  /** When the client leaves, after it has sent the call; `undefined`: it stays. */
  readonly leavesAfterMs: number | undefined;
  /** Whether the client sends the call again once it has an answer. */
  readonly isRepeated: boolean;
}

const MODELS = ["gpt-4.1", "gpt-4.1-nano", "claude-sonnet-4-6", GOOGLE_MODEL, "chosen"];
/** The path of a dialect, and what it calls the output limit. */
const DIALECTS = [
  { path: "/v1/chat/completions", limit: "max_completion_tokens" },
  { path: "/v1/messages", limit: "max_tokens" },
  { path: "/v1/responses", limit: "max_output_tokens" },
] as const;
/** 5 in 100 are refused, some of them once; as many are broken on the way. */
const ERRORS = ["status=500 times=1", "status=429 times=1", "status=500", "status=400", "first-event-error"];
const CUTS = ["cut=before-usage", "cut=after-usage", "reset=stream", "reset=before-head", "error-event", "malformed"];
const OUTPUT_TOKENS_MAX = 200;
const OUTPUT_DRAWN_MAX = 120;
const LEAVES_WITHIN_MS = 60;

export function fireCall(number: number, chance: Chance): FireCall {
  const isIn = (share: number): boolean => chance(100) < share;
  const stream = isIn(30);
  const isLeft = stream && chance(3) === 0;
  const isRepeated = isIn(2);
  const fault = isIn(5) ? one(ERRORS, chance) : isIn(5) ? one(CUTS, chance) : "";
  const output = 1 + chance(OUTPUT_DRAWN_MAX);
  const asked = `[[mock: output=${output} ${isLeft ? "slow=2" : ""} ${fault}]]`;
  const padding = "So long is the question. ".repeat(chance(20));
  const messages = [{ role: "user", content: `${padding}Call ${number}. ${asked}` }];
  const { path, limit } = one(DIALECTS, chance);
  const said = path === "/v1/responses" ? { input: messages } : { messages };
  return {
    path,
    body: { model: one(MODELS, chance), ...said, stream, [limit]: OUTPUT_TOKENS_MAX },
    tenant: chance(4) === 0 ? 1 : 0,
    idempotencyKey: isRepeated || isIn(20) ? `key-${number}` : undefined,
    leavesAfterMs: isLeft ? chance(LEAVES_WITHIN_MS) : undefined,
    isRepeated,
  };
}

function one<Value>(values: readonly Value[], chance: Chance): Value {
  return values[chance(values.length)] as Value;
}

export interface FireAnswer {
  /** 0: the client left, or the connection ended. */
  readonly status: number;
  /** Of the answer's head, also where its body was lost. */
  readonly decisionId: string | undefined;
}

/** Sends a call, and reads its answer to the end. */
export async function send(url: string, key: string, call: FireCall): Promise<FireAnswer> {
  let decisionId: string | undefined;
  const leaving = new AbortController();
  const timer = call.leavesAfterMs === undefined ? undefined : setTimeout(() => leaving.abort(), call.leavesAfterMs);
  try {
    const answer = await fetch(`${url}${call.path}`, {
      method: "POST",
      headers: {
        "content-type": "application/json",
        authorization: `Bearer ${key}`,
        ...(call.idempotencyKey === undefined ? {} : { "idempotency-key": call.idempotencyKey }),
      },
      body: JSON.stringify(call.body),
      signal: leaving.signal,
    });
    decisionId = answer.headers.get("x-calybris-decision") ?? undefined;
    await answer.arrayBuffer();
    return { status: answer.status, decisionId };
  } catch {
    return { status: 0, decisionId };
  } finally {
    clearTimeout(timer);
  }
}
