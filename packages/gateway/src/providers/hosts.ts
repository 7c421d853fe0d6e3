/**
 * Hosts with variants of OpenAI's chat completions, as data: address, field of the output limit, and supported fields. A
 * field that a host ignores or refuses is refused by name before anything is sent; the call goes to another deployment if
 * one can take it.
 *
 * Mistral: types of @mistralai/mistralai 2.7.0; it answers 422 to any other field, even with a neutral value
 * (mistralai/platform-docs-public#7). DeepSeek: api-docs.deepseek.com, create chat completion; it ignores other fields.
 * Groq: console.groq.com/docs/openai, which answers 400. Meta's models have no API of their own: Groq, Together, Fireworks
 * and OpenRouter have prices for them.
 * @module
 */
import type { ExactJson } from "@calybris/kernel";
import { type ExactObject, untranslatable } from "../translate/field-check.ts";
import { CHAT_FIELDS, isHint } from "../translate/request-fields.ts";

export const HOST_APIS = ["deepseek", "mistral", "groq", "together", "fireworks", "openrouter"] as const;
export type HostApi = (typeof HOST_APIS)[number];

export interface Host {
  readonly name: HostApi;
  readonly baseUrl: string;
  readonly outputLimit: "max_completion_tokens" | "max_tokens";
  /** Supported fields; without a list, all except the refused ones. */
  readonly takes?: ReadonlySet<string>;
  readonly refuses?: ReadonlySet<string>;
  /** Whether it refuses an unsupported field even with a neutral value. */
  readonly isStrict: boolean;
  /** Whether its streams always have usage. It does not support `stream_options` then. */
  readonly countsUnasked: boolean;
  /** Whether it supports JSON Schemas for answers; if not, only `json_object`. */
  readonly hasSchemas: boolean;
  /** Its names for OpenAI's fields. */
  readonly renames: { readonly [field: string]: string };
}

const PLAIN = { isStrict: false, countsUnasked: false, hasSchemas: true, renames: {} } as const;

const fields = (text: string): ReadonlySet<string> => new Set(text.split(" "));

export const HOSTS: { readonly [Api in HostApi]: Host } = {
  deepseek: {
    ...PLAIN,
    name: "deepseek",
    baseUrl: "https://api.deepseek.com/v1",
    outputLimit: "max_tokens",
    takes: fields(
      "model messages thinking reasoning_effort max_tokens response_format stop stream stream_options temperature top_p tools tool_choice logprobs top_logprobs frequency_penalty presence_penalty user_id",
    ),
    hasSchemas: false,
    renames: { max_completion_tokens: "max_tokens" },
  },
  mistral: {
    ...PLAIN,
    name: "mistral",
    baseUrl: "https://api.mistral.ai/v1",
    outputLimit: "max_tokens",
    takes: fields(
      "model messages temperature top_p max_tokens stream stop random_seed metadata response_format tools tool_choice presence_penalty frequency_penalty n prediction parallel_tool_calls reasoning_effort prompt_mode guardrails prompt_cache_key service_tier safe_prompt",
    ),
    isStrict: true,
    countsUnasked: true,
    renames: { max_completion_tokens: "max_tokens", seed: "random_seed" },
  },
  groq: {
    ...PLAIN,
    name: "groq",
    baseUrl: "https://api.groq.com/openai/v1",
    outputLimit: "max_completion_tokens",
    refuses: fields("logprobs logit_bias top_logprobs n"),
  },
  together: { ...PLAIN, name: "together", baseUrl: "https://api.together.xyz/v1", outputLimit: "max_tokens" },
  fireworks: {
    ...PLAIN,
    name: "fireworks",
    baseUrl: "https://api.fireworks.ai/inference/v1",
    outputLimit: "max_tokens",
  },
  openrouter: { ...PLAIN, name: "openrouter", baseUrl: "https://openrouter.ai/api/v1", outputLimit: "max_tokens" },
};

/** The host of an API; `undefined` if the API is not in the table. */
export function hostOf(api: string): Host | undefined {
  return Object.hasOwn(HOSTS, api) ? HOSTS[api as HostApi] : undefined;
}

/**
 * @param read - reads a field's value; `undefined` if it is too long to be neutral.
 * @throws GatewayError `CAL_GATEWAY_UNTRANSLATABLE` naming the first field that the host does not support.
 */
export function requireTaken(host: Host, names: Iterable<string>, read: (name: string) => ExactJson | undefined): void {
  const all = new Set(names);
  for (const name of all) {
    const renamed = Object.hasOwn(host.renames, name) ? host.renames[name] : undefined;
    if (renamed !== undefined && all.has(renamed)) throw untranslatable(name, `is given beside ${renamed}`);
    if (
      !isTaken(host, renamed ?? name) &&
      !(name === "stream_options" && host.countsUnasked) &&
      !asksNothing(host, name, read)
    )
      throw untranslatable(name, `is not taken by ${host.name}`);
  }
  const format = all.has("response_format") && !host.hasSchemas ? read("response_format") : null;
  if (format === undefined || typeOf(format) === "json_schema")
    throw untranslatable("response_format", `asks for a schema, which ${host.name} does not keep to`);
}

function isTaken({ takes, refuses }: Host, name: string): boolean {
  return takes?.has(name) !== false && refuses?.has(name) !== true;
}

function asksNothing({ isStrict }: Host, name: string, read: (name: string) => ExactJson | undefined): boolean {
  if (isStrict) return false;
  const rule = Object.hasOwn(CHAT_FIELDS, name) ? CHAT_FIELDS[name] : undefined;
  if ((rule !== undefined && isHint(rule)) || name === "user") return true;
  const value = read(name);
  if (value === null) return true;
  return (rule?.neutral ?? []).some((one) => JSON.stringify(one) === JSON.stringify(value));
}

function typeOf(value: ExactJson): ExactJson | undefined {
  return typeof value === "object" && value !== null ? (value as ExactObject)["type"] : undefined;
}

/**
 * Adapts a chat completion that was translated from another dialect to the host. Hints are left out.
 *
 * @throws GatewayError `CAL_GATEWAY_UNTRANSLATABLE` naming the field that the host does not support.
 */
export function writtenForHost(host: Host, request: ExactObject): ExactObject {
  const left = host.countsUnasked ? ["user", "stream_options"] : ["user"];
  const kept = Object.entries(request).filter(([name]) => isTaken(host, name) || !left.includes(name));
  requireTaken(
    host,
    kept.map(([name]) => name),
    (name) => request[name],
  );
  return Object.fromEntries(kept);
}
