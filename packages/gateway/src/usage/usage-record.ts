/**
 * What a call used, in the units that providers bill. One record for all dialects; every count is an integer.
 * @module
 */

/** Counts of one model. Those after a total are parts of it, and of each other only where that is said. */
export interface TokenUsage {
  /** All of the input: what was read from a cache and written to one, images, audio, the results of hosted tools. */
  readonly inputTokens: number;
  readonly cacheReadTokens: number;
  /** Written for the provider's shortest time: 5 minutes at Anthropic, 30 at OpenAI. */
  readonly cacheWriteTokens: number;
  readonly cacheWrite1hTokens: number;
  readonly cacheWrite12hTokens: number;
  /** What was read from a cache included. */
  readonly audioInputTokens: number;
  readonly audioCacheReadTokens: number;
  readonly imageInputTokens: number;
  readonly videoInputTokens: number;
  /** All of the output: reasoning and refused predictions included. */
  readonly outputTokens: number;
  readonly reasoningTokens: number;
  readonly audioOutputTokens: number;
  readonly imageOutputTokens: number;
}

export interface UsageRecord extends TokenUsage {
  readonly webSearches: number;
  /** What models other than the one that answered used: Anthropic's advisor. */
  readonly others: readonly { readonly model: string; readonly usage: TokenUsage }[];
  /** What was used of something that no count above stands for, by the provider's name. */
  readonly unknownUnits: readonly string[];
  /** The tier that served the call, in the provider's word; empty where it says none. */
  readonly tier: string;
  readonly speed: string;
  readonly region: string;
  /** Whether the provider is done counting. If not, the input counts are right and the output is still to come. */
  readonly isFinal: boolean;
  /** What in the provider's counts does not fit together. The larger reading was taken. */
  readonly doubts: readonly string[];
}

export const NO_TOKENS: TokenUsage = Object.freeze({
  inputTokens: 0,
  cacheReadTokens: 0,
  cacheWriteTokens: 0,
  cacheWrite1hTokens: 0,
  cacheWrite12hTokens: 0,
  audioInputTokens: 0,
  audioCacheReadTokens: 0,
  imageInputTokens: 0,
  videoInputTokens: 0,
  outputTokens: 0,
  reasoningTokens: 0,
  audioOutputTokens: 0,
  imageOutputTokens: 0,
});

export const NO_USAGE: UsageRecord = Object.freeze({
  ...NO_TOKENS,
  webSearches: 0,
  others: [],
  unknownUnits: [],
  tier: "",
  speed: "",
  region: "",
  isFinal: true,
  doubts: [],
});

/** Counts of a JSON object, which may be missing, `null` or wrong. What is wrong is noted and counts as missing. */
export class Counts {
  readonly #json: { readonly [name: string]: unknown };
  readonly #doubts: string[];

  constructor(json: unknown, doubts: string[]) {
    this.#json = typeof json === "object" && json !== null ? (json as { readonly [name: string]: unknown }) : {};
    this.#doubts = doubts;
  }

  /** The first of some names that has a count; `undefined` where none has. */
  get(...names: readonly string[]): number | undefined {
    for (const name of names) {
      const value = this.#json[name] ?? undefined;
      if (value === undefined) continue;
      if (typeof value === "number" && Number.isSafeInteger(value) && value >= 0) return value;
      this.#doubts.push(`${name} is not a count`);
    }
    return undefined;
  }

  of(...names: readonly string[]): number {
    return this.get(...names) ?? 0;
  }

  inner(...names: readonly string[]): Counts {
    const name = names.find((one) => (this.#json[one] ?? undefined) !== undefined);
    return new Counts(name === undefined ? undefined : this.#json[name], this.#doubts);
  }
}

/** A part that is larger than the whole is a contradiction; the whole is authoritative. */
export function partOf(whole: number, part: number, name: string, doubts: string[]): number {
  if (part <= whole) return part;
  doubts.push(`${name} is larger than its total`);
  return whole;
}

export function textOf(value: unknown): string {
  return typeof value === "string" ? value : "";
}
