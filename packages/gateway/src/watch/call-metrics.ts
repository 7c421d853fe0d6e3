/**
 * Usage and cost of model calls, for Prometheus: by requested and serving model. Money is exact: it is summed in microcents,
 * and written in dollars with all digits.
 *
 * Clients choose model names, so the number of names is bounded: further ones are counted together as `other`.
 * @module
 */
import type { Microcents } from "@calybris/kernel";
import type { TokenUsage } from "../usage/usage-record.ts";
import { Counter, CounterRow, head, type Labels, labelText } from "./labelled-counter.ts";

/** `cached`: answered from the cache. `rejected`: refused by policy or budget. `storm`: refused by the brake. */
export const CALL_RESULTS = ["answered", "failed", "aborted", "rejected", "cached", "storm"] as const;
export type CallResultName = (typeof CALL_RESULTS)[number];

export interface CountedCall {
  readonly provider: string;
  /** As the client wrote it. */
  readonly asked: string;
  /** The candidate that ran; the requested one if none did. */
  readonly served: string;
  readonly result: CallResultName;
  readonly usage?: TokenUsage | undefined;
  /** The known part of its cost. */
  readonly costMicrocents?: Microcents | undefined;
  /** The cost of the requested model for the same tokens. */
  readonly askedMicrocents?: Microcents | undefined;
  /** The amount that stays reserved because the cost is not known yet. */
  readonly heldMicrocents?: Microcents | undefined;
}

/** Values kept elsewhere: money of the ledger, and circuits of the deployments. */
export interface CallGauges {
  readonly reservedMicrocents: bigint;
  readonly debtMicrocents: bigint;
  readonly deployments: readonly { readonly name: string; readonly state: "closed" | "half_open" | "open" }[];
  readonly estimatesCompared: number;
  readonly estimatesMissed: number;
}

/** Maximum combinations of names with cached rows. */
const KNOWN_MAX = 500;
const STATES = { closed: 0, half_open: 1, open: 2 } as const;
const DOLLAR = 100_000_000n;

/** The rows of one provider and two models. */
interface CallRows {
  readonly results: { readonly [Result in CallResultName]: CounterRow };
  readonly cost: CounterRow;
  readonly held: CounterRow;
  readonly saved: CounterRow;
  readonly tokens: { readonly [Kind in TokenKind]: CounterRow };
}

type TokenKind = "input" | "output" | "cache_read" | "cache_write" | "reasoning";

/**
 * @example
 * ```ts
 * const calls = new CallMetrics();
 * const amounts = { costMicrocents: 1_500n as Microcents, askedMicrocents: 9_000n as Microcents };
 * calls.ended({ provider: "openai", asked: "gpt-6", served: "gpt-6-mini", result: "answered", ...amounts });
 * calls.lines().find((line) => line.startsWith("calybris_calls_saved")); // 'calybris_calls_saved_dollars_total{asked="gpt-6",served="gpt-6-mini"} 0.000075'
 * ```
 */
export class CallMetrics {
  readonly #calls = new Counter("calybris_calls_total", "Model calls that ended, by model and result.");
  readonly #cost = new Counter("calybris_calls_cost_dollars_total", "Known cost of model calls.");
  readonly #saved = new Counter(
    "calybris_calls_saved_dollars_total",
    "What the requested models would have cost beyond those that served.",
  );
  readonly #held = new Counter("calybris_calls_held_dollars_total", "Reserved for calls whose cost was not known.");
  readonly #storms = new Counter(
    "calybris_calls_storms_total",
    "Calls of a prompt that was sent again and again without an answer; refused where decisions are enforced.",
  );
  readonly #tokens = new Counter("calybris_calls_tokens_total", "Tokens by kind; cache tokens are part of the input.");

  /** Bounded, because clients choose the names. */
  readonly #known = new Map<string, CallRows>();

  /** Counts a call that is part of a storm, refused or not. */
  storm(asked: string): void {
    this.#storms.add([["asked", asked]], 1n);
  }

  /** A call has ended. */
  ended({ provider, asked, served, result, ...amounts }: CountedCall): void {
    const rows = this.#rowsOf(provider, asked, served);
    const { usage, costMicrocents = 0n, askedMicrocents, heldMicrocents = 0n } = amounts;
    rows.results[result].add(1n);
    rows.cost.add(costMicrocents);
    rows.held.add(heldMicrocents);
    if (askedMicrocents !== undefined && askedMicrocents > costMicrocents)
      rows.saved.add(askedMicrocents - costMicrocents);
    if (usage === undefined) return;
    const { tokens } = rows;
    tokens.input.add(BigInt(usage.inputTokens));
    tokens.output.add(BigInt(usage.outputTokens));
    tokens.cache_read.add(BigInt(usage.cacheReadTokens));
    tokens.cache_write.add(BigInt(usage.cacheWriteTokens + usage.cacheWrite1hTokens + usage.cacheWrite12hTokens));
    tokens.reasoning.add(BigInt(usage.reasoningTokens));
  }

  /** Rows are cached, because looking them up takes longer than adding to them. */
  #rowsOf(provider: string, asked: string, served: string): CallRows {
    const key = `${provider.length}:${asked.length}:${provider}${asked}${served}`;
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const rows = this.#newRows(provider, asked, served);
    if (this.#known.size < KNOWN_MAX) this.#known.set(key, rows);
    return rows;
  }

  #newRows(provider: string, asked: string, served: string): CallRows {
    const models: Labels = [
      ["asked", asked],
      ["served", served],
    ];
    const by: Labels = [
      ["provider", provider],
      ["served", served],
    ];
    const result = (name: CallResultName): CounterRow => new CounterRow(this.#calls, [...models, ["result", name]]);
    const tokens = (kind: TokenKind): CounterRow => new CounterRow(this.#tokens, [...by, ["kind", kind]]);
    return {
      results: {
        answered: result("answered"),
        failed: result("failed"),
        aborted: result("aborted"),
        rejected: result("rejected"),
        cached: result("cached"),
        storm: result("storm"),
      },
      cost: new CounterRow(this.#cost, by),
      held: new CounterRow(this.#held, by),
      saved: new CounterRow(this.#saved, models),
      tokens: {
        input: tokens("input"),
        output: tokens("output"),
        cache_read: tokens("cache_read"),
        cache_write: tokens("cache_write"),
        reasoning: tokens("reasoning"),
      },
    };
  }

  /** The lines of the metrics; before the first call, only the given gauges. */
  lines(gauges?: CallGauges): readonly string[] {
    return [
      ...this.#calls.lines(String),
      ...this.#cost.lines(dollarText),
      ...this.#saved.lines(dollarText),
      ...this.#held.lines(dollarText),
      ...this.#tokens.lines(String),
      ...this.#storms.lines(String),
      ...(gauges === undefined ? [] : gaugeLines(gauges)),
    ];
  }
}

function gaugeLines(gauges: CallGauges): readonly string[] {
  const { reservedMicrocents, debtMicrocents, deployments, estimatesCompared, estimatesMissed } = gauges;
  const breaker = "calybris_breaker_state";
  return [
    ...head("calybris_ledger_reserved_dollars", "gauge", "Reserved for calls that are open or held."),
    `calybris_ledger_reserved_dollars ${dollarText(reservedMicrocents)}`,
    ...head("calybris_ledger_debt_dollars", "gauge", "Billed beyond what tenants can cover."),
    `calybris_ledger_debt_dollars ${dollarText(debtMicrocents)}`,
    // A service without deployments makes no calls.
    ...(deployments.length === 0
      ? []
      : [
          ...head("calybris_estimates_total", "counter", "Estimates of input tokens that were compared with a count."),
          `calybris_estimates_total ${estimatesCompared}`,
          ...head("calybris_estimates_missed_total", "counter", "Those of them that were too low."),
          `calybris_estimates_missed_total ${estimatesMissed}`,
          ...head(breaker, "gauge", "Circuit of a deployment: 0 closed, 1 half open, 2 open."),
        ]),
    ...deployments.map(({ name, state }) => `${breaker}${labelText([["deployment", name]])} ${STATES[state]}`),
  ];
}

/** All digits, without an exponent. */
export function dollarText(amount: bigint): string {
  const sign = amount < 0n ? "-" : "";
  const absolute = amount < 0n ? -amount : amount;
  const fraction = String(absolute % DOLLAR)
    .padStart(8, "0")
    .replace(/0+$/, "");
  return `${sign}${absolute / DOLLAR}${fraction === "" ? "" : `.${fraction}`}`;
}
