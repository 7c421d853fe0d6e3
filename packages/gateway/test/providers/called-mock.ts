/** Deployments that lead to mock providers, and calls to them, with everything that a caller would journal. */
import {
  type Attempt,
  type AttemptEnd,
  type CallPlan,
  type CallPorts,
  type CallResult,
  callUpstreams,
} from "../../src/providers/call-attempts.ts";
import type { CallTimeouts } from "../../src/providers/call-deadlines.ts";
import type { Deployment } from "../../src/providers/deployment.ts";
import { Secret } from "../../src/providers/secret.ts";
import { Upstream } from "../../src/providers/upstream.ts";

export const PATIENT: CallTimeouts = {
  connectMs: 5_000,
  headMs: 5_000,
  firstTokenMs: 5_000,
  idleMs: 5_000,
  totalMs: 10_000,
};

export function upstreamAt(url: string, deployment: Partial<Deployment> = {}): Upstream {
  return new Upstream(
    {
      name: "one",
      baseUrl: new URL(`${url}/v1`),
      key: new Secret("sk-provider"),
      dialects: ["openai-chat"],
      region: "",
      weight: 1,
      concurrencyMax: 8,
      ...deployment,
    },
    { connectMs: 5_000, keepAliveMs: 4_000, halfOpenAfterMs: 60_000 },
  );
}

export function chatBody(text: string, stream: boolean): readonly Uint8Array[] {
  const messages = [{ role: "user", content: text }];
  return [
    Buffer.from(
      JSON.stringify({
        model: "gpt-4.1",
        messages,
        stream,
        stream_options: stream ? { include_usage: true } : undefined,
      }),
    ),
  ];
}

export interface Journal {
  readonly begun: Omit<Attempt, "attemptId">[];
  readonly ended: AttemptEnd[];
}

export interface Called extends Journal {
  readonly result: CallResult;
}

/** Numbers that a test draws, in turn; 0 when there are no more. */
export function draws(...numbers: number[]): (limit: number) => number {
  return (limit) => Math.min(numbers.shift() ?? 0, limit - 1);
}

export async function call(
  upstreams: readonly Upstream[],
  text: string,
  { isStreamed = false, ports = {}, ...plan }: Partial<CallPlan> & { readonly ports?: Partial<CallPorts> } = {},
): Promise<Called> {
  const journal: Journal = { begun: [], ended: [] };
  const result = await callUpstreams(
    upstreams,
    {
      requestOf: () => ({ asked: "openai-chat", headers: [], body: chatBody(text, isStreamed) }),
      isStreamed,
      timeouts: PATIENT,
      retries: { attemptsMax: 3, waitMs: 2, waitMaxMs: 20 },
      errorBytesMax: 65_536,
      left: new AbortController().signal,
      ...plan,
    },
    {
      begin: async (attempt) => {
        journal.begun.push(attempt);
        return `attempt-${attempt.number}`;
      },
      end: async (end) => {
        journal.ended.push(end);
      },
      random: draws(),
      nowMs: Date.now,
      ...ports,
    },
  );
  return { ...journal, result };
}

/** Reads an answer to its end, and says that it was one. */
export async function textOf(result: CallResult): Promise<string> {
  if (result.kind !== "answer") throw new Error(`there is no answer: ${JSON.stringify(result)}`);
  const pieces: Buffer[] = [];
  for await (const piece of result.pieces) pieces.push(piece);
  result.answer.end("healthy");
  return Buffer.concat(pieces).toString();
}
