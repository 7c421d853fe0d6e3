/** A mock provider on loopback, what it bills, and the official clients pointed at it. */
import Anthropic from "@anthropic-ai/sdk";
import OpenAI from "openai";
import { MockProvider, type MockOptions } from "../../src/mock/mock-provider.ts";
import { NO_PACE } from "../../src/mock/pace.ts";
import { type PriceBook, shippedPrices } from "../../src/prices/price-book.ts";

export interface BillRow {
  readonly request_id: string;
  readonly provider_request_id: string;
  readonly provider: string | null;
  readonly model: string;
  readonly status: number;
  readonly is_ended: boolean;
  readonly usage: { readonly [name: string]: number };
  readonly cost_microcents: number;
}

export interface RunningMock extends AsyncDisposable {
  readonly mock: MockProvider;
  readonly prices: PriceBook;
  readonly openai: OpenAI;
  readonly anthropic: Anthropic;
  post(path: string, body: object, headers?: { readonly [name: string]: string }): Promise<Response>;
  rows(): readonly BillRow[];
}

export async function runningMock(options: Partial<MockOptions> = {}): Promise<RunningMock> {
  const prices = await shippedPrices();
  const mock = await MockProvider.start({ prices, pace: NO_PACE, ...options });
  const given = { apiKey: "mock", maxRetries: 0, logLevel: "off" as const };
  return {
    mock,
    prices,
    openai: new OpenAI({ ...given, baseURL: `${mock.url}/v1` }),
    anthropic: new Anthropic({ ...given, baseURL: mock.url }),
    post: (path, body, headers = {}) =>
      fetch(`${mock.url}${path}`, {
        method: "POST",
        redirect: "manual",
        headers: { "content-type": "application/json", ...headers },
        body: JSON.stringify(body),
      }),
    rows: () => rowsOf(mock.billText()),
    [Symbol.asyncDispose]: () => mock.close(),
  };
}

export function rowsOf(text: string): readonly BillRow[] {
  return text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as BillRow);
}
