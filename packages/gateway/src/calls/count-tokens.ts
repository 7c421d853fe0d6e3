/**
 * `POST /v1/messages/count_tokens`, for every model: counted by the provider where it can, and estimated where it cannot.
 * Nothing is reserved, because counting costs nothing.
 * @module
 */
import { GatewayError } from "../gateway-errors.ts";
import type { Call, Reply } from "../http/route-contract.ts";
import { requireModel } from "../keys/allowed-models.ts";
import { callUpstreams } from "../providers/call-attempts.ts";
import { editModel, modelOf } from "../wire/request-edits.ts";
import { type SpannedBody, splice } from "../wire/body-members.ts";
import { passedError } from "../wire/provider-errors.ts";
import type { CallContext } from "./call-context.ts";
import { newRequestId, replyOf } from "./call-headers.ts";
import type { Target } from "./fleet.ts";
import { pairsOf, timeoutsOf } from "./send-options.ts";
import { estimatedTokens } from "./token-estimate.ts";

const ANSWER_BYTES_MAX = 64 * 1024;
const COUNT_ATTEMPTS_MAX = 2;

export async function countTokens(context: CallContext, call: Call): Promise<Reply> {
  const { principal, headers } = call;
  const body = await context.bodies.scan(call.body as Buffer, {
    dialect: "anthropic-messages",
    encoding: headers["content-encoding"] as string | undefined,
    principal,
    takeBytes: (bytes) => call.takeBytes(bytes),
  });
  const model = modelOf(body);
  requireModel(principal, model);
  const { candidate } = context.names.resolve(model);
  const named = candidate ?? context.fleet.candidates()[0] ?? "";
  const targets = context.fleet.targetsOf(named);
  if (targets.length === 0) throw new GatewayError("CAL_GATEWAY_MODEL_UNKNOWN", { model });
  const own = targets.filter(({ dialects }) => dialects.includes("anthropic-messages"));
  if (own.length > 0) return counted(context, call, body, own);
  const { promptBytes, wideBytes } = body.content;
  return { body: JSON.stringify({ input_tokens: estimatedTokens(promptBytes, wideBytes) }) };
}

async function counted(
  { config, nowMs }: CallContext,
  call: Call,
  body: SpannedBody,
  targets: readonly Target[],
): Promise<Reply> {
  let number = 0;
  const result = await callUpstreams(
    targets.map(({ upstream }) => upstream),
    {
      requestOf: (upstream) => {
        const target = targets.find((one) => one.upstream === upstream) as Target;
        return {
          asked: "count_tokens",
          headers: pairsOf(call.headers),
          body: splice(body.bytes, editModel(body, target.model)),
        };
      },
      isStreamed: false,
      timeouts: timeoutsOf(config),
      retries: { attemptsMax: COUNT_ATTEMPTS_MAX, waitMs: 1, waitMaxMs: config.calls.retryWaitMaxMs },
      errorBytesMax: ANSWER_BYTES_MAX,
      left: call.signal,
    },
    {
      begin: () => {
        number += 1;
        return Promise.resolve(`count-${number}`);
      },
      end: () => Promise.resolve(),
      random: () => 0,
      nowMs,
    },
  );
  if (result.kind === "refused")
    return replyOf(passedError(result.answer, "anthropic-messages", "anthropic-messages", newRequestId()));
  if (result.kind !== "answer") throw new GatewayError("CAL_GATEWAY_PROVIDER_FAILED", { problem: result.kind });
  const bytes = await result.answer.whole(ANSWER_BYTES_MAX);
  result.answer.end("healthy");
  return { status: result.answer.status, body: bytes };
}
