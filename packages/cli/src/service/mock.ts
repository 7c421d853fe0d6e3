/**
 * `calybris serve --mock`: a provider without a model, a budget for the default tenant, and example calls.
 * @module
 */
import { type Engine, parseBudgets } from "@calybris/engine";
import { MockProvider, mockConfig, type PriceBook } from "@calybris/gateway";
import { CalybrisError, DEFAULT_TENANT, type PolicySnapshot } from "@calybris/kernel";

/** A separate journal, so that mock decisions do not mix with real ones. */
export const MOCK_JOURNAL = "calybris-mock-journal";
/** $100, the total budget of the tenant. */
const FUNDS_MICROCENTS = 10_000_000_000n;
const GRANT_ID = "mock-funds";

export interface Mock {
  readonly provider: MockProvider;
  /** Flags of the service that call every candidate at the mock. */
  readonly flags: { readonly [flag: string]: string };
}

export async function startMock({ candidateNames }: PolicySnapshot, prices: PriceBook): Promise<Mock> {
  const provider = await MockProvider.start({ prices });
  const { providers, deployments } = mockConfig(provider.url, candidateNames, prices);
  return {
    provider,
    flags: { providers: JSON.stringify(providers), deployments: JSON.stringify(deployments) },
  };
}

/** Gives the default tenant a budget, unless it has one. */
export async function fundDefault(engine: Engine): Promise<void> {
  if (hasBudget(engine)) return;
  await engine.reconfigure({ budgets: parseBudgets({ tenants: { [DEFAULT_TENANT]: { exposureCapDollars: "100" } } }) });
  await engine.ledger.grant({ tenant: DEFAULT_TENANT, amountMicrocents: FUNDS_MICROCENTS, id: GRANT_ID });
}

function hasBudget({ ledger }: Engine): boolean {
  try {
    ledger.balance(DEFAULT_TENANT);
    return true;
  } catch (error) {
    if (error instanceof CalybrisError && error.code === "CAL_LEDGER_TENANT_UNKNOWN") return false;
    throw error;
  }
}

/** Models for the example calls. */
export interface ShownModels {
  readonly chat: string;
  readonly message: string;
}

export function shownModels(names: readonly string[]): ShownModels {
  const first = (pattern: RegExp): string => names.find((name) => pattern.test(name)) ?? names[0] ?? "auto";
  return { chat: first(/^gpt-.*mini/), message: first(/^claude-.*(?:sonnet|haiku)/) };
}

/** A shell command and client settings. While the service has no keys, it accepts any key. */
export function mockText(url: string, { chat, message }: ShownModels): string {
  const body = JSON.stringify({ model: chat, messages: [{ role: "user", content: "Say hello." }] });
  return [
    `mock     answers every model; nothing is billed, and the tenant ${DEFAULT_TENANT} has $100 to spend`,
    `curl     curl -s ${url}/v1/chat/completions -H 'content-type: application/json' -d '${body}'`,
    `clients  OpenAI SDK     OPENAI_BASE_URL=${url}/v1 OPENAI_API_KEY=any        model ${chat}`,
    `         Anthropic SDK  ANTHROPIC_BASE_URL=${url} ANTHROPIC_API_KEY=any     model ${message}`,
    `         Claude Code    ANTHROPIC_BASE_URL=${url} ANTHROPIC_AUTH_TOKEN=any claude --model ${message}`,
    `         Codex          codex -c model_provider=cal -c model_providers.cal.base_url=${url}/v1 -c model_providers.cal.wire_api=responses -m ${chat}`,
    `         opencode       provider.cal = {"npm":"@ai-sdk/openai-compatible","options":{"baseURL":"${url}/v1","apiKey":"any"},"models":{"${chat}":{}}}`,
    `         AI SDK         createOpenAICompatible({ name: "cal", baseURL: "${url}/v1" })("${chat}")`,
    `cost     curl -s ${url}/v1/decisions/ID, with the ID of the answer's x-calybris-decision header`,
  ].join("\n");
}
