/**
 * What a client's name of a model stands for: a candidate, or the policy's own choice, with the settings of such calls.
 * @module
 */
import type { CallMode, ModelConfig } from "../config/call-config.ts";
import type { Config } from "../config/config.ts";

export interface NamedModel {
  /** `undefined`: the policy chooses. */
  readonly candidate: string | undefined;
  readonly mode: CallMode;
  readonly useCase: string | undefined;
  /** `undefined`: a client's limit stays as it is. */
  readonly outputTokensMax: number | undefined;
  readonly outputTokensMin: number;
}

/** The name under which the policy chooses, unless the configuration gives it another meaning. */
export const AUTO = "auto";

export class ModelNames {
  readonly #calls: Config["calls"];
  readonly #exact: ReadonlyMap<string, ModelConfig>;
  /** The longest beginning first. */
  readonly #beginnings: readonly ModelConfig[];

  constructor(models: readonly ModelConfig[], calls: Config["calls"]) {
    this.#calls = calls;
    this.#exact = new Map(models.filter(({ name }) => !name.endsWith("*")).map((model) => [model.name, model]));
    this.#beginnings = models
      .filter(({ name }) => name.endsWith("*"))
      .toSorted((a, b) => b.name.length - a.name.length);
  }

  /**
   * An exact name wins over a beginning, and a longer beginning over a shorter one. A name that is not listed is the
   * candidate of that name.
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
      // Nothing is asked for that could run instead of what is decided.
      mode: isAuto ? "enforce" : (found?.decisions ?? decisions),
      useCase: found?.useCase,
      outputTokensMax: cap,
      outputTokensMin: found?.outputTokensMin ?? outputTokensMin,
    };
  }

  /** Names that can be listed: those that are no beginnings. */
  names(): readonly string[] {
    return [...new Set([...this.#exact.keys(), AUTO])];
  }
}
