/**
 * A provider without a model: an HTTP server for the dialects of OpenAI, Anthropic and Google, for trying Calybris without a
 * key, and for tests that need a provider to fail.
 * @module
 */
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { nodeHttp } from "../http/node-http.ts";
import { PRICED_PROVIDERS, type PriceBook } from "../prices/price-book.ts";
import type { PricedModel } from "../prices/model-prices.ts";
import { textOf } from "../usage/usage-record.ts";
import type { AnswerDialect, WireDialect } from "../wire/dialect.ts";
import { callerKey } from "../wire/header-lists.ts";
import { asList, asObject, type Json } from "../wire/stream-sights.ts";
import { Bill } from "./bill.ts";
import { FAULT_HEADER, FaultUnknown, faultsInText, type MockFaults, parseFaults } from "./faults.ts";
import {
  geminiAsChat,
  geminiCounted,
  geminiProblem,
  type GeminiTarget,
  geminiTarget,
  hasHostedTool,
} from "./gemini-call.ts";
import { sendAnswer, sendError } from "./mock-answer.ts";
import { planCall, promptDigest } from "./mock-call.ts";
import { anthropicModels, googleModels, openaiModels } from "./model-lists.ts";
import { type MockPace, REALISTIC_PACE } from "./pace.ts";
import { readPrompt } from "./prompt.ts";

export interface MockOptions {
  readonly prices: PriceBook;
  readonly host?: string;
  /** Default 0: any free port. */
  readonly port?: number;
  /** Seed of the answers: equal seeds give equal answers to equal requests. */
  readonly seed?: number;
  readonly pace?: MockPace;
  /** The key that calls must send. Default: any key or none. */
  readonly key?: string;
  /** The bill is appended to this file. */
  readonly billFile?: string;
  /** Maximum ended calls that the bill keeps in memory. */
  readonly billRowsMax?: number;
  readonly nowMs?: () => number;
}

const CALLS: ReadonlyMap<string, WireDialect> = new Map([
  ["/v1/chat/completions", "openai-chat"],
  ["/v1/responses", "openai-responses"],
  ["/v1/embeddings", "openai-embeddings"],
  ["/v1/messages", "anthropic-messages"],
]);

/** The path of the bill, as JSON lines. */
export const BILL_PATH = "/mock/bill";

const BODY_BYTES_MAX = 64 * 1024 * 1024;
const BILL_ROWS_MAX = 100_000;
/** Longer than clients keep connections, as at providers: a request on a connection that is just closing is lost. */
const KEEP_ALIVE_MS = 60_000;
/** Maximum requests whose attempts are counted, for transient faults. */
const COUNTED_MAX = 10_000;

export class MockProvider {
  readonly #options: MockOptions;
  readonly #bill: Bill;
  readonly #server: Server;
  readonly #sends = new Map<string, number>();
  #callCount = 0;

  /** Resolves once it listens. */
  static async start(options: MockOptions): Promise<MockProvider> {
    const mock = new MockProvider(options);
    await new Promise<void>((resolve, reject) => {
      mock.#server.once("error", reject);
      mock.#server.listen(options.port ?? 0, options.host ?? "127.0.0.1", resolve);
    });
    return mock;
  }

  private constructor(options: MockOptions) {
    this.#options = options;
    this.#bill = new Bill(options.billRowsMax ?? BILL_ROWS_MAX, options.billFile);
    this.#server = nodeHttp.createServer((request, response) => {
      this.#serve(request, response).catch(() => response.destroy());
    });
    this.#server.keepAliveTimeout = KEEP_ALIVE_MS;
  }

  /** Without a path: clients of OpenAI's dialect add `/v1`, those of Anthropic's do not. */
  get url(): string {
    const { address, port } = this.#server.address() as AddressInfo;
    return `http://${address}:${port}`;
  }

  /** Calls received, of every kind. */
  get callCount(): number {
    return this.#callCount;
  }

  /** The bill as JSON lines. */
  billText(): string {
    return this.#bill.text();
  }

  /** The cost of all calls so far, dropped rows included. */
  get billedMicrocents(): bigint {
    return this.#bill.totalMicrocents;
  }

  /** Ends every connection, and waits for the bill's file. */
  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
    await this.#bill.close();
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname } = new URL(request.url ?? "/", "http://mock");
    const dialect = CALLS.get(pathname);
    const gemini = geminiTarget(pathname);
    if (request.method === "POST" && dialect !== undefined) return this.#call(dialect, undefined, request, response);
    if (request.method === "POST" && gemini !== undefined) return this.#call("gemini", gemini, request, response);
    if (request.method === "GET" && pathname === "/v1beta/models") return sendJson(response, googleModels());
    if (request.method === "POST" && pathname === "/v1/messages/count_tokens") return countTokens(request, response);
    const counted = geminiCounted(pathname);
    if (request.method === "POST" && counted !== undefined) return countGoogleTokens(counted, request, response);
    if (request.method === "HEAD" && pathname === "/api/hello") return void response.writeHead(200).end();
    if (request.method === "GET" && pathname === BILL_PATH)
      return void response.writeHead(200, { "content-type": "application/jsonl" }).end(this.#bill.text());
    const isAnthropic = request.headers["anthropic-version"] !== undefined;
    if (request.method === "GET" && pathname === "/v1/models")
      return sendJson(response, isAnthropic ? anthropicModels() : openaiModels());
    const family = isAnthropic || pathname.startsWith("/v1/messages") ? "anthropic-messages" : "openai-chat";
    sendError(response, family, {}, NOBODY, 404, `The mock provider has no ${request.method} ${pathname}.`);
  }

  async #call(
    dialect: AnswerDialect,
    target: GeminiTarget | undefined,
    request: IncomingMessage,
    response: ServerResponse,
  ): Promise<void> {
    this.#callCount += 1;
    const { seed = 0, pace = REALISTIC_PACE, prices, key, nowMs = Date.now } = this.#options;
    const receivedMs = nowMs();
    const providerRequestId = `mock${this.#callCount.toString(36).padStart(8, "0")}`;
    const identity = { requestId: providerRequestId, createdSeconds: Math.floor(receivedMs / 1_000) };
    const leaving = new AbortController();
    response.once("close", () => leaving.abort());
    const sent = await readJson(request);
    const body = sent === undefined || target === undefined ? sent : geminiAsChat(sent, target);
    const model = target?.model ?? textOf(body?.["model"]);
    const priced = pricedModel(prices, dialect, model);
    const requestId = textOf(request.headers["x-client-request-id"]) || providerRequestId;
    const bill = this.#bill.open({ requestId, providerRequestId, receivedMs, model: model.slice(0, 256), priced });
    try {
      const refused = (status: number, code: string, message: string): void =>
        sendError(response, dialect, { code }, identity, status, message);
      const given = target === undefined ? callerKey(request.headers) : request.headers["x-goog-api-key"];
      if (key !== undefined && given !== key) return refused(401, "invalid_api_key", "The key is not the mock's.");
      const problem = sent === undefined ? "The body is not a JSON object." : problemOf(dialect, sent, target);
      if (body === undefined || problem !== undefined) return refused(400, "invalid_request", problem ?? "");
      if (priced === undefined) return refused(404, "model_not_found", `The model ${model} does not exist.`);
      const digest = promptDigest(seed, body);
      const faults = this.#faultsOf(request, dialect, body, digest);
      if (faults.safety !== undefined && dialect !== "gemini")
        throw new FaultUnknown("the fault safety is of Google's dialect");
      const call = planCall(
        dialect,
        body,
        faults,
        digest,
        sent !== undefined && target !== undefined && hasHostedTool(sent),
      );
      await sendAnswer({ call, faults, identity, pace, bill, response, left: leaving.signal });
    } catch (error) {
      if (error instanceof FaultUnknown) sendError(response, dialect, {}, identity, 400, error.message);
      else if (!leaving.signal.aborted) throw error;
    } finally {
      bill.end(response.headersSent ? response.statusCode : 0);
    }
  }

  #faultsOf(request: IncomingMessage, dialect: AnswerDialect, body: Json, digest: string): MockFaults {
    const header = textOf(request.headers[FAULT_HEADER]);
    const faults = header === "" ? faultsInText(readPrompt(dialect, body).lastText) : parseFaults(header);
    if (faults.times === undefined) return faults;
    const sends = this.#sends.get(digest) ?? 0;
    if (this.#sends.size >= COUNTED_MAX) this.#sends.clear();
    this.#sends.set(digest, sends + 1);
    return sends < faults.times ? faults : {};
  }
}

const NOBODY = { requestId: "mock", createdSeconds: 0 };

/** Dialects that only one provider has. */
const OWN_PROVIDERS: { readonly [Dialect in AnswerDialect]?: readonly string[] } = {
  "anthropic-messages": ["anthropic"],
  gemini: ["google"],
};

/** The first provider that has a price for the model. */
function pricedModel(prices: PriceBook, dialect: AnswerDialect, model: string): PricedModel | undefined {
  const providers = OWN_PROVIDERS[dialect] ?? ["openai", ...PRICED_PROVIDERS];
  for (const provider of providers) {
    const found = prices.find(provider, model);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** Problems that real providers refuse too, so that the mock need not guess. */
function problemOf(dialect: AnswerDialect, body: Json, target: GeminiTarget | undefined): string | undefined {
  if (target !== undefined) return geminiProblem(body, target.model);
  if (textOf(body["model"]) === "") return "model: field required";
  if (dialect === "openai-responses" || dialect === "openai-embeddings")
    return body["input"] === undefined ? "input: field required" : undefined;
  if (asList(body["messages"]).length === 0) return "messages: at least one message is required";
  const isLimitMissing = dialect === "anthropic-messages" && !Number.isSafeInteger(body["max_tokens"]);
  return isLimitMissing ? "max_tokens: field required" : undefined;
}

async function countTokens(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const body = await readJson(request);
  if (body === undefined || asList(body["messages"]).length === 0)
    return sendError(response, "anthropic-messages", {}, NOBODY, 400, "messages: at least one message is required");
  sendJson(response, { input_tokens: readPrompt("anthropic-messages", body).inputTokens });
}

async function countGoogleTokens(model: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { model: named, ...prompt } = asObject((await readJson(request))?.["generateContentRequest"]) ?? {};
  const problem = named === `models/${model}` ? geminiProblem(prompt, model) : "model is not that of the path";
  if (problem !== undefined) return sendError(response, "gemini", {}, NOBODY, 400, problem);
  const { inputTokens } = readPrompt("gemini", geminiAsChat(prompt, { model, isStreamed: false }));
  sendJson(response, { totalTokens: inputTokens });
}

async function readJson(request: IncomingMessage): Promise<Json | undefined> {
  const pieces: Buffer[] = [];
  let bytes = 0;
  for await (const piece of request as AsyncIterable<Buffer>) {
    bytes += piece.byteLength;
    if (bytes > BODY_BYTES_MAX) return undefined;
    pieces.push(piece);
  }
  try {
    return asObject(JSON.parse(Buffer.concat(pieces).toString()));
  } catch {
    return undefined;
  }
}

function sendJson(response: ServerResponse, value: object): void {
  response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(value));
}
