/**
 * The configuration of model calls: providers with their keys, deployments of the policy's candidates, and the names under
 * which clients request them.
 * @module
 */
import { field, flag, mistakeAt, oneOf, text, whole } from "@calybris/engine/internal";
import type { Mistake } from "@calybris/kernel";
import { z } from "zod";
import { PRICED_PROVIDERS } from "../prices/price-book.ts";
import { RATE_NAMES, type RateName } from "../prices/model-prices.ts";
import { type HostApi, HOSTS } from "../providers/hosts.ts";
import type { AnswerDialect } from "../wire/dialect.ts";

export type ProviderApi = "openai" | "anthropic" | "google" | "openai-compatible" | HostApi;

const HOST_DIALECTS = ["openai-chat", "openai-embeddings"] as const;
const OPENAI_DIALECTS = ["openai-chat", "openai-responses", "openai-embeddings"] as const;

/** The dialects of each API, and the default base URL of its official clients. */
export const PROVIDER_APIS: {
  readonly [Api in ProviderApi]: { readonly dialects: readonly AnswerDialect[]; readonly baseUrl: string | undefined };
} = {
  openai: {
    dialects: OPENAI_DIALECTS,
    baseUrl: "https://api.openai.com/v1",
  },
  anthropic: { dialects: ["anthropic-messages"], baseUrl: "https://api.anthropic.com" },
  google: { dialects: ["gemini"], baseUrl: "https://generativelanguage.googleapis.com/v1beta" },
  "openai-compatible": { dialects: HOST_DIALECTS, baseUrl: undefined },
  deepseek: { dialects: HOST_DIALECTS, baseUrl: HOSTS.deepseek.baseUrl },
  mistral: { dialects: HOST_DIALECTS, baseUrl: HOSTS.mistral.baseUrl },
  groq: { dialects: HOST_DIALECTS, baseUrl: HOSTS.groq.baseUrl },
  together: { dialects: HOST_DIALECTS, baseUrl: HOSTS.together.baseUrl },
  fireworks: { dialects: HOST_DIALECTS, baseUrl: HOSTS.fireworks.baseUrl },
  openrouter: { dialects: HOST_DIALECTS, baseUrl: HOSTS.openrouter.baseUrl },
};

export interface ProviderConfig {
  readonly name: string;
  readonly api: ProviderApi;
  /** In the form of the official clients; `openai-compatible` has no default. */
  readonly baseUrl?: string;
  /** At most one of `keyEnv` and `keyFile`; without either, the provider is called without a key. */
  readonly keyEnv?: string;
  readonly keyFile?: string;
  /** The provider in the price data whose published prices apply. */
  readonly prices?: string;
  /** The name of the output limit in its chat completions. Default `max_completion_tokens`. */
  readonly outputLimit?: "max_completion_tokens" | "max_tokens";
}

export interface DeploymentConfig {
  readonly name: string;
  /** Its name in the policy. */
  readonly candidate: string;
  readonly provider: string;
  /** The provider's ID of the model. Default: the candidate's name. */
  readonly model?: string;
  readonly region?: string;
  /** Its share of the calls among the deployments of a candidate. Default 1. */
  readonly weight?: number;
  /** The dialects in which it is called. Default: all of its provider's; some models accept only one. */
  readonly dialects?: readonly AnswerDialect[];
  /** Maximum concurrent calls. Default 256. */
  readonly concurrencyMax?: number;
  /** Maximum tokens of a request and its answer together. Default 200,000. */
  readonly contextTokens?: number;
  /** Maximum output tokens of the model. Default 32,768. */
  readonly outputTokensMax?: number;
  /** In dollars per million units, instead of the published ones. */
  readonly prices?: { readonly [Name in RateName]?: string };
}

export const CALL_MODES = ["observe", "enforce"] as const;
export type CallMode = (typeof CALL_MODES)[number];

/** A model name that clients may request. */
export interface ModelConfig {
  /** A name, or a prefix of names followed by `*`. */
  readonly name: string;
  /** The candidate for this name. Default: the candidate with the name that the client sends. */
  readonly candidate?: string;
  /** `true`: the policy chooses; no candidate is requested. */
  readonly auto?: boolean;
  readonly decisions?: CallMode;
  readonly useCase?: string;
  readonly outputTokensMax?: number;
  readonly outputTokensMin?: number;
}

const TOKENS_MAX = 100_000_000;

const dollars = (what: string): z.ZodType =>
  field(
    (value) => typeof value === "string" && /^\d{1,9}(?:\.\d{1,8})?$/.test(value),
    `a decimal in quotes (${what})`,
    { type: "string", pattern: "^[0-9]{1,9}([.][0-9]{1,8})?$" },
  );

export type CallList = "providers" | "deployments" | "models";

export const CALL_SHAPES: { readonly [List in CallList]: z.ZodType } = {
  providers: z.strictObject({
    name: text(64, "name that deployments refer to"),
    api: oneOf(Object.keys(PROVIDER_APIS), "API of the provider"),
    baseUrl: text(2_048, "base URL, in the form that official clients take").optional(),
    keyEnv: text(256, "environment variable that holds its key").optional(),
    keyFile: text(4_096, "file that holds its key").optional(),
    prices: oneOf(PRICED_PROVIDERS, "provider whose published prices apply").optional(),
    outputLimit: oneOf(["max_completion_tokens", "max_tokens"], "its field for the output limit").optional(),
  }),
  deployments: z.strictObject({
    name: text(64, "name of the deployment in the journal"),
    candidate: text(128, "candidate of the policy that it runs"),
    provider: text(64, "one of `providers`"),
    model: text(256, "model id at the provider").optional(),
    region: text(64, "region that it runs in").optional(),
    weight: whole(1, 1_000_000, "its share of the calls").optional(),
    dialects: z
      .array(oneOf([...OPENAI_DIALECTS, "anthropic-messages", "gemini"], "dialect that it is called in"))
      .min(1)
      .optional(),
    concurrencyMax: whole(1, 100_000, "maximum concurrent calls").optional(),
    contextTokens: whole(1, TOKENS_MAX, "context window: tokens of a request and its answer").optional(),
    outputTokensMax: whole(1, TOKENS_MAX, "maximum output of the model").optional(),
    prices: z
      .strictObject(
        Object.fromEntries(RATE_NAMES.map((name) => [name, dollars("dollars per million units").optional()])),
      )
      .optional(),
  }),
  models: z.strictObject({
    name: text(256, "a name, or a prefix of names and a `*`"),
    candidate: text(128, "candidate of the policy that runs under this name").optional(),
    auto: flag("whether the policy chooses").optional(),
    decisions: oneOf(CALL_MODES, "whether decisions are carried out").optional(),
    useCase: text(64, "use case of calls by this name").optional(),
    outputTokensMax: whole(1, TOKENS_MAX, "maximum output tokens of a call").optional(),
    outputTokensMin: whole(1, TOKENS_MAX, "minimum to which the limit may be lowered").optional(),
  }),
};

/** Any host with OpenAI's chat dialect may also have its Responses API. */
function possibleDialects(api: ProviderApi): readonly AnswerDialect[] {
  const { dialects } = PROVIDER_APIS[api];
  return dialects.includes("openai-chat") ? OPENAI_DIALECTS : dialects;
}

/** Mistakes that the schema cannot find: duplicate and unknown names. */
export function callMistakes(lists: {
  readonly providers: readonly ProviderConfig[];
  readonly deployments: readonly DeploymentConfig[];
  readonly models: readonly ModelConfig[];
}): Mistake[] {
  const { providers, deployments, models } = lists;
  const mistakes: Mistake[] = [];
  for (const [list, items] of Object.entries({ providers, deployments, models }))
    for (const [position, { name }] of items.entries())
      if (items.findIndex((other) => other.name === name) !== position)
        mistakes.push(mistakeAt([list, position, "name"], "repeats that of another", "Give each its own."));
  for (const [position, provider] of providers.entries()) {
    if (provider.keyEnv !== undefined && provider.keyFile !== undefined)
      mistakes.push(mistakeAt(["providers", position, "keyFile"], "is given beside keyEnv", "Keep one of them."));
    if (provider.baseUrl === undefined && PROVIDER_APIS[provider.api].baseUrl === undefined)
      mistakes.push(
        mistakeAt(
          ["providers", position, "baseUrl"],
          "is missing",
          "Write the host's address, such as https://host/v1.",
        ),
      );
  }
  for (const [position, { provider, dialects = [] }] of deployments.entries()) {
    const api = providers.find(({ name }) => name === provider)?.api;
    const possible = api === undefined ? dialects : possibleDialects(api);
    for (const [at, dialect] of dialects.entries())
      if (!possible.includes(dialect) || dialects.indexOf(dialect) !== at)
        mistakes.push(
          mistakeAt(
            ["deployments", position, "dialects", at],
            possible.includes(dialect) ? "is there twice" : `is not spoken by a provider whose api is ${api}`,
            `Name some of ${possible.join(", ")}, each once.`,
          ),
        );
    if (api === undefined)
      mistakes.push(
        mistakeAt(
          ["deployments", position, "provider"],
          "is not one of `providers`",
          "Add the provider, or correct it.",
        ),
      );
  }
  for (const [position, { name, candidate, auto, outputTokensMax, outputTokensMin }] of models.entries()) {
    const at = (member: string): readonly [string, number, string] => ["models", position, member];
    if (name.indexOf("*") !== -1 && name.indexOf("*") !== name.length - 1)
      mistakes.push(mistakeAt(at("name"), "has a `*` before its end", "Write one `*`, as the last character."));
    if (auto === true && candidate !== undefined)
      mistakes.push(mistakeAt(at("auto"), "is given beside candidate", "Keep one of them."));
    if (outputTokensMax !== undefined && outputTokensMin !== undefined && outputTokensMin > outputTokensMax)
      mistakes.push(mistakeAt(at("outputTokensMin"), "is more than outputTokensMax", "Lower it."));
  }
  return mistakes;
}
