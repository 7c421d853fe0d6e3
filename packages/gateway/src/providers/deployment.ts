/**
 * Deployments: the places where a model can be called, each with an address, a key and a share of the calls.
 * @module
 */
import { GatewayError } from "../gateway-errors.ts";
import type { AnswerDialect, WireDialect } from "../wire/dialect.ts";
import { keyHeader, listedHeaders, REQUEST_HEADERS } from "../wire/header-lists.ts";
import type { Secret } from "./secret.ts";

export interface Deployment {
  /** In journal entries, metrics and errors. */
  readonly name: string;
  /** As the official clients take it: OpenAI's with `/v1`, Anthropic's without. */
  readonly baseUrl: URL;
  readonly key: Secret | undefined;
  /** In which the provider can be called. */
  readonly dialects: readonly AnswerDialect[];
  /** Empty where the provider has one only. */
  readonly region: string;
  /** Its share among the deployments of a model: 1 to 1,000,000. */
  readonly weight: number;
  /** Calls at a time. */
  readonly concurrencyMax: number;
}

/**
 * @throws GatewayError `CAL_CONFIG_INVALID` for an address that is not `http` or `https`, or has a user, a query or a fragment: a
 *   password there would be printed with the address.
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

/** Where the tokens of a request are counted, free of charge. */
const COUNT_PATH = "/v1/messages/count_tokens";

/** What is asked of a provider: an answer in a dialect, or a count of a request's tokens in Anthropic's. */
export type Asked = AnswerDialect | "count_tokens";

/**
 * Where a deployment is called.
 *
 * @param own - for Google, whose paths name the model.
 */
export function pathOf({ baseUrl }: Pick<Deployment, "baseUrl">, asked: Asked, own?: string): string {
  const path = asked === "count_tokens" ? COUNT_PATH : (own ?? PATHS[asked as WireDialect]);
  return baseUrl.pathname.replace(/\/+$/, "") + path;
}

/**
 * The headers of a call: what the list lets through of the client's, and the deployment's key. The answer is asked for
 * uncompressed, since its usage is read on the way.
 *
 * @param headers - of the client, name and value in turns.
 * @param attemptId - which providers keep with the call, and a mock bills by.
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
 * One of some deployments, each as often as its weight says.
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
