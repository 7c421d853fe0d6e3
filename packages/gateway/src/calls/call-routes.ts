/**
 * The routes of model calls. The path selects the dialect; the query is ignored.
 * @module
 */
import { type ErrorDialect, calybrisDialect } from "../http/error-dialect.ts";
import type { Exchange } from "../http/exchange.ts";
import type { Handler, Route, RouteContract } from "../http/route-contract.ts";
import { allowsModel } from "../keys/allowed-models.ts";
import { errorAnswer } from "../wire/error-bodies.ts";
import { familyOf } from "../wire/provider-errors.ts";
import { CALL_PATHS, familyOfPath, unservedPath } from "../wire/unserved-paths.ts";
import type { CallContext } from "./call-context.ts";
import { answerCall } from "./call-flow.ts";
import { callDialect, newRequestId } from "./call-headers.ts";
import { countTokens } from "./count-tokens.ts";
import { anthropicList, listedModels, openaiList } from "./model-lists.ts";

const JSON_ANSWER = "application/json";

/** @param current - returns the present configuration. A call uses the one that it began with until it ends. */
export function callRoutes(current: () => CallContext): readonly Route[] {
  const { config, engine } = current();
  const { bodyBytesMax } = config.calls;
  const requireReady = (): void => {
    const { failure } = engine.reading;
    if (failure !== undefined) throw failure;
  };
  const shared = { scopes: ["decide"], answer: JSON_ANSWER, ignoresQuery: true } as const;
  const posted = { ...shared, method: "POST", rawBody: { bytesMax: bodyBytesMax } } as const;
  const calls = [...CALL_PATHS].map(([path, dialect]): Route => {
    const contract: RouteContract = {
      ...posted,
      path,
      name: `call ${dialect}`,
      summary: `Call a model in the dialect ${dialect}`,
      streams: true,
      dialect: callDialect(familyOf(dialect)),
    };
    return { contract, requireReady, handle: (call) => answerCall(current(), dialect, call) };
  });
  const count: RouteContract = {
    ...posted,
    path: "/v1/messages/count_tokens",
    name: "count tokens",
    summary: "Count the tokens of a request",
    streams: true,
    dialect: callDialect("anthropic"),
  };
  const models: RouteContract = {
    ...shared,
    method: "GET",
    path: "/v1/models",
    name: "models",
    summary: "List the models that can be called",
    dialect: callDialect("openai"),
  };
  const hello: RouteContract = {
    ...shared,
    method: "GET",
    path: "/api/hello",
    scopes: [],
    name: "hello",
    summary: "Answer that a gateway is here",
  };
  return [
    ...calls,
    { contract: count, requireReady, handle: (call) => countTokens(current(), call) },
    { contract: models, handle: modelsHandler(current) },
    { contract: hello, handle: () => ({ body: "{}" }) },
  ];
}

function modelsHandler(current: () => CallContext): Handler {
  return ({ headers, principal }) => {
    const { engine, fleet, names } = current();
    const all = listedModels(engine.snapshot, fleet, names);
    const models = all.filter(({ id }) => allowsModel(principal.allowed, id));
    const isAnthropic = headers["anthropic-version"] !== undefined;
    return { body: JSON.stringify(isAnthropic ? anthropicList(models) : openaiList(models)) };
  };
}

const PATH_SHOWN_MAX = 200;

/** The dialect in which an unknown path is refused; `undefined` for a path that belongs to no model API. */
export function unknownPathDialect({ method, url, headers }: Exchange): ErrorDialect | undefined {
  const [path = ""] = url.split("?", 1);
  const hasVersion = headers["anthropic-version"] !== undefined;
  if (!path.startsWith("/v1/") && !hasVersion) return undefined;
  const family = familyOfPath(path, hasVersion);
  return (error) => {
    if (error.code === "CAL_GATEWAY_ROUTE_UNKNOWN")
      return errorAnswer(family, unservedPath(method, path.slice(0, PATH_SHOWN_MAX)), newRequestId());
    return CALL_PATHS.has(path) ? callDialect(family)(error) : calybrisDialect(error);
  };
}
