/**
 * What model calls used and cost, for Prometheus: by the model that was asked for and the one that served. Money is exact:
 * it is added up in microcents, and written as dollars with all of its digits.
 *
 * A client chooses the model's name, so that names are bounded: of too many, the rest is counted together as `other`.
 * @module
 */
import type { Microcents } from "@calybris/kernel";
import type { TokenUsage } from "../usage/usage-record.ts";

/** `cached`: answered from the cache. `rejected`: refused by policy or budget. `storm`: refused by the brake. */
export const CALL_RESULTS = ["answered", "failed", "aborted", "rejected", "cached", "storm"] as const;
export type CallResultName = (typeof CALL_RESULTS)[number];

export interface CountedCall {
  readonly provider: string;
  /** As the client named it. */
  readonly asked: string;
  /** The candidate that ran; the one asked for where none did. */
  readonly served: string;
  readonly result: CallResultName;
  readonly usage?: TokenUsage | undefined;
  /** What is known of its cost. */
  readonly costMicrocents?: Microcents | undefined;
  /** What the model that was asked for would have cost for the same tokens. */
  readonly askedMicrocents?: Microcents | undefined;
  /** What stays reserved, because the cost is not known yet. */
  readonly heldMicrocents?: Microcents | undefined;
}

/** Gauges that are kept elsewhere: money of the ledger, and the deployments' circuits. */
export interface CallGauges {
  readonly reservedMicrocents: bigint;
  readonly debtMicrocents: bigint;
  readonly deployments: readonly { readonly name: string; readonly state: "closed" | "half_open" | "open" }[];
  readonly estimatesCompared: number;
  readonly estimatesMissed: number;
}

const ROWS_MAX = 500;
const OTHER = "other";
const STATES = { closed: 0, half_open: 1, open: 2 } as const;
const DOLLAR = 100_000_000n;

type Labels = readonly (readonly [name: string, value: string])[];

/** A metric with labels; its rows are bounded. */
class Counter {
  readonly #name: string;
  readonly #help: string;
  /** By the labels' values. */
  readonly #rows = new Map<string, { readonly labels: string; amount: bigint }>();

  constructor(name: string, help: string) {
    this.#name = name;
    this.#help = help;
  }

  add(labels: Labels, amount: bigint): void {
    if (amount === 0n) return;
    const row = this.#rows.get(keyOf(labels)) ?? this.#newRow(labels);
    row.amount += amount;
  }

  /** Values that are written alike are one row. */
  #newRow(labels: Labels): { amount: bigint } {
    const written: Labels = labels.map(([name, value]) => [name, value.slice(0, LABEL_CHARACTERS_MAX).toWellFormed()]);
    const isFull = this.#rows.size >= ROWS_MAX && !this.#rows.has(keyOf(written));
    const kept: Labels = isFull ? labels.map(([name]) => [name, OTHER]) : written;
    let row = this.#rows.get(keyOf(kept));
    if (row === undefined) {
      row = { labels: labelText(kept), amount: 0n };
      this.#rows.set(keyOf(kept), row);
    }
    return row;
  }

  lines(write: (amount: bigint) => string): readonly string[] {
    if (this.#rows.size === 0) return [];
    const rows = Array.from(this.#rows.values(), ({ labels, amount }) => `${this.#name}${labels} ${write(amount)}`);
    return [...head(this.#name, "counter", this.#help), ...rows];
  }
}

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
    "What the models asked for would have cost beyond those that served.",
  );
  readonly #held = new Counter("calybris_calls_held_dollars_total", "Reserved for calls whose cost was not known.");
  readonly #storms = new Counter(
    "calybris_calls_storms_total",
    "Calls of a prompt that was sent again and again without an answer; refused where decisions are enforced.",
  );
  readonly #tokens = new Counter("calybris_calls_tokens_total", "Tokens by kind; cache tokens are part of the input.");

  /** A call is part of a storm, whether it is refused or not. */
  storm(asked: string): void {
    this.#storms.add([["asked", asked]], 1n);
  }

  /** A call has ended. */
  ended({ provider, asked, served, result, ...amounts }: CountedCall): void {
    const models: Labels = [
      ["asked", asked],
      ["served", served],
    ];
    const by: Labels = [
      ["provider", provider],
      ["served", served],
    ];
    this.#calls.add([...models, ["result", result]], 1n);
    const { usage, costMicrocents = 0n, askedMicrocents, heldMicrocents = 0n } = amounts;
    this.#cost.add(by, costMicrocents);
    this.#held.add(by, heldMicrocents);
    if (askedMicrocents !== undefined && askedMicrocents > costMicrocents)
      this.#saved.add(models, askedMicrocents - costMicrocents);
    if (usage === undefined) return;
    const kinds = {
      input: usage.inputTokens,
      output: usage.outputTokens,
      cache_read: usage.cacheReadTokens,
      cache_write: usage.cacheWriteTokens + usage.cacheWrite1hTokens + usage.cacheWrite12hTokens,
      reasoning: usage.reasoningTokens,
    };
    for (const [kind, count] of Object.entries(kinds)) this.#tokens.add([...by, ["kind", kind]], BigInt(count));
  }

  /** The text's lines; none before the first call, except for gauges that are given. */
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
    // Without a deployment no model is called.
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

/** All digits, without an exponent: Prometheus reads it as it is. */
export function dollarText(amount: bigint): string {
  const sign = amount < 0n ? "-" : "";
  const absolute = amount < 0n ? -amount : amount;
  const fraction = String(absolute % DOLLAR)
    .padStart(8, "0")
    .replace(/0+$/, "");
  return `${sign}${absolute / DOLLAR}${fraction === "" ? "" : `.${fraction}`}`;
}

function head(name: string, type: "counter" | "gauge", help: string): readonly string[] {
  return [`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`];
}

const LABEL_CHARACTERS_MAX = 128;

function labelText(labels: Labels): string {
  return `{${labels.map(([name, value]) => `${name}="${escaped(value)}"`).join(",")}}`;
}

function keyOf(labels: Labels): string {
  let key = "";
  for (const [, value] of labels) key += `${value.length}:${value}`;
  return key;
}

function escaped(value: string): string {
  return value.slice(0, LABEL_CHARACTERS_MAX).toWellFormed().replace(/[\\"]/g, "\\$&").replaceAll("\n", "\\n");
}
