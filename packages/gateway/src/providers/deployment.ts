/**
 * Deployments: the endpoints of a model, each with an address, a key and a share of the calls.
 * @module
 */
import { GatewayError } from "../gateway-errors.ts";
import type { AnswerDialect, WireDialect } from "../wire/dialect.ts";
import { keyHeader, listedHeaders, REQUEST_HEADERS } from "../wire/header-lists.ts";
import type { Secret } from "./secret.ts";

export interface Deployment {
  /** Name in journal entries, metrics and errors. */
  readonly name: string;
  /** In the form of the official clients: OpenAI's with `/v1`, Anthropic's without. */
  readonly baseUrl: URL;
  readonly key: Secret | undefined;
  /** The dialects that the provider accepts. */
  readonly dialects: readonly AnswerDialect[];
  /** Empty if the provider has only one. */
  readonly region: string;
  /** Weight among the deployments of a model: 1 to 1,000,000. */
  readonly weight: number;
  /** Maximum number of concurrent calls. */
  readonly concurrencyMax: number;
}

/**
 * @throws GatewayError `CAL_CONFIG_INVALID` for an address that is not `http` or `https`, or has a user, a query or a
 *   fragment. A password in it would be printed with the address.
 */
export function parseBaseUrl(text: string, path: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const isPlain =
    url !== undefined &&
    /^https?:$/.test(url.protocol) &&
    `${url.username}${url.password}${url.search}${url.hash}` === "";
  if (isPlain) return url;
  const remedy = "Use an address such as https://api.openai.com/v1.";
  throw new GatewayError("CAL_CONFIG_INVALID", {
    mistakes: [{ path, problem: "is not an http address without user, query and fragment", remedy }],
  });
}

const PATHS: { readonly [Dialect in WireDialect]: string } = {
  "openai-chat": "/chat/completions",
  "openai-responses": "/responses",
  "openai-embeddings": "/embeddings",
  "anthropic-messages": "/v1/messages",
};

/** Anthropic's path for counting tokens, which is free. */
const COUNT_PATH = "/v1/messages/count_tokens";

/** Kind of request to a provider: an answer in a dialect, or a token count in Anthropic's. */
export type Asked = AnswerDialect | "count_tokens";

/**
 * The path of a request to a deployment.
 *
 * @param own - the path for Google, which contains the model's name.
 */
export function pathOf({ baseUrl }: Pick<Deployment, "baseUrl">, asked: Asked, own?: string): string {
  const path = asked === "count_tokens" ? COUNT_PATH : (own ?? PATHS[asked as WireDialect]);
  return baseUrl.pathname.replace(/\/+$/, "") + path;
}

/**
 * The headers of a call: the client's listed headers, and the deployment's key. They request an uncompressed answer, because
 * its usage is read.
 *
 * @param headers - the client's headers, names and values alternating.
 * @param attemptId - providers store it with the call, and the mock bills by it.
 */
export function requestHeaders(
  { key }: Deployment,
  asked: Asked,
  headers: readonly string[],
  attemptId: string,
): string[] {
  const dialect = asked === "count_tokens" ? "anthropic-messages" : asked;
  const listed = listedHeaders(REQUEST_HEADERS[dialect], headers);
  return [
    ...listed,
    ...(listed.includes("content-type") ? [] : ["content-type", "application/json"]),
    ...(key === undefined ? [] : keyHeader(dialect, key.reveal())),
    "accept-encoding",
    "identity",
    "x-client-request-id",
    attemptId,
  ];
}

/**
 * Chooses a deployment with probability proportional to its weight.
 *
 * @param random - draws an integer from 0 to `limit` - 1.
 *
 * @example
 * ```ts
 * const deployments = [{ name: "a", weight: 1 }, { name: "b", weight: 3 }];
 * [0, 1, 2, 3].map((draw) => chooseByWeight(deployments, () => draw)?.name); // ["a", "b", "b", "b"]
 * ```
 */
export function chooseByWeight<Weighted extends { readonly weight: number }>(
  deployments: readonly Weighted[],
  random: (limit: number) => number,
): Weighted | undefined {
  const total = deployments.reduce((sum, { weight }) => sum + weight, 0);
  if (total === 0) return undefined;
  let draw = random(total);
  return deployments.find(({ weight }) => {
    draw -= weight;
    return draw < 0;
  });
}
