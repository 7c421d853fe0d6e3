/**
 * Attributes of a model call's span, by the semantic conventions of OpenTelemetry for generative AI. Neither prompts nor
 * answers are among them.
 * @module
 */
import type { TokenUsage } from "../usage/usage-record.ts";
import type { WireDialect } from "../wire/dialect.ts";
import type { SpanAttributes } from "./traces.ts";

export interface TracedCall {
  readonly dialect: WireDialect;
  /** A provider of the price data, or the name of a host; empty if none was called. */
  readonly provider: string;
  readonly asked: string;
  readonly served: string | undefined;
  readonly limitTokens: number | undefined;
  readonly usage: TokenUsage | undefined;
  readonly finishReason: string | undefined;
  readonly session: string | undefined;
  readonly decisionId: string | undefined;
}

/** Names of the conventions that differ from those of the price data. */
const PROVIDERS: ReadonlyMap<string, string> = new Map([
  ["google", "gcp.gemini"],
  ["aws", "aws.bedrock"],
  ["azure", "azure.ai.openai"],
  ["mistral", "mistral_ai"],
  ["x-ai", "x_ai"],
]);

/**
 * @example
 * ```ts
 * const call = { dialect: "openai-chat", provider: "mistral", asked: "auto", served: "mistral-large", limitTokens: 100, usage: undefined, finishReason: "stop", session: undefined, decisionId: "4-e87e4357" } as const;
 * genAiAttributes(call)["gen_ai.provider.name"]; // "mistral_ai"
 * ```
 */
export function genAiAttributes(call: TracedCall): SpanAttributes {
  const { dialect, provider, asked, served, limitTokens, usage, finishReason, session, decisionId } = call;
  const known: { readonly [name: string]: string | number | readonly string[] | undefined } = {
    "gen_ai.operation.name": dialect === "openai-embeddings" ? "embeddings" : "chat",
    "gen_ai.provider.name": provider === "" ? undefined : (PROVIDERS.get(provider) ?? provider),
    "gen_ai.request.model": asked,
    "gen_ai.response.model": served,
    "gen_ai.request.max_tokens": limitTokens,
    "gen_ai.response.finish_reasons": finishReason === undefined ? undefined : [finishReason],
    "gen_ai.usage.input_tokens": usage?.inputTokens,
    "gen_ai.usage.output_tokens": usage?.outputTokens,
    "gen_ai.usage.cache_read.input_tokens": usage?.cacheReadTokens,
    "gen_ai.conversation.id": session,
    "calybris.decision.id": decisionId,
  };
  return Object.fromEntries(
    Object.entries(known).filter(
      (pair): pair is [string, string | number | readonly string[]] => pair[1] !== undefined,
    ),
  );
}
