/**
 * Resolves a client's model name to a candidate, or to the policy's choice, with the settings of these calls.
 * @module
 */
import type { CallMode, ModelConfig } from "../config/call-config.ts";
import type { Config } from "../config/config.ts";

export interface NamedModel {
  /** `undefined` if the policy chooses. */
  readonly candidate: string | undefined;
  readonly mode: CallMode;
  readonly useCase: string | undefined;
  /** `undefined` if a client's limit is kept. */
  readonly outputTokensMax: number | undefined;
  readonly outputTokensMin: number;
}

/** The model name that lets the policy choose, unless the configuration redefines it. */
export const AUTO = "auto";

export class ModelNames {
  readonly #calls: Config["calls"];
  readonly #exact: ReadonlyMap<string, ModelConfig>;
  /** Prefixes, the longest first. */
  readonly #beginnings: readonly ModelConfig[];

  constructor(models: readonly ModelConfig[], calls: Config["calls"]) {
    this.#calls = calls;
    this.#exact = new Map(models.filter(({ name }) => !name.endsWith("*")).map((model) => [model.name, model]));
    this.#beginnings = models
      .filter(({ name }) => name.endsWith("*"))
      .toSorted((a, b) => b.name.length - a.name.length);
  }

  /**
   * An exact name takes precedence over a prefix, and a longer prefix over a shorter one. A name that is not configured
   * is the candidate with that name.
   *
   * @example
   * ```ts
   * const names = new ModelNames([{ name: "claude-*", candidate: "claude-sonnet-4-6" }], calls);
   * names.resolve("claude-3-5-haiku").candidate; // "claude-sonnet-4-6"
   * ```
   */
  resolve(name: string): NamedModel {
    const { decisions, outputTokensMax, outputTokensMin } = this.#calls;
    const found = this.#exact.get(name) ?? this.#beginnings.find((model) => name.startsWith(model.name.slice(0, -1)));
    const isAuto = found === undefined ? name === AUTO : found.auto === true;
    const cap = found?.outputTokensMax ?? (outputTokensMax === 0 ? undefined : outputTokensMax);
    return {
      candidate: isAuto ? undefined : (found?.candidate ?? name),
      // With `auto` there is no requested model to run instead, so `observe` does not apply.
      mode: isAuto ? "enforce" : (found?.decisions ?? decisions),
      useCase: found?.useCase,
      outputTokensMax: cap,
      outputTokensMin: found?.outputTokensMin ?? outputTokensMin,
    };
  }

  /** Exact names; prefixes cannot be listed. */
  names(): readonly string[] {
    return [...new Set([...this.#exact.keys(), AUTO])];
  }
}
