/**
 * The usage of a call, in the units that providers bill. One record for all dialects; every count is an integer.
 * @module
 */

/** Counts of one model. Counts after a total are parts of it; they overlap each other only where stated. */
export interface TokenUsage {
  /** All input, including cache reads and writes, images, audio and the results of hosted tools. */
  readonly inputTokens: number;
  readonly cacheReadTokens: number;
  /** Cache writes with the provider's shortest lifetime: 5 minutes at Anthropic, 30 at OpenAI. */
  readonly cacheWriteTokens: number;
  readonly cacheWrite1hTokens: number;
  readonly cacheWrite12hTokens: number;
  /** Includes cache reads. */
  readonly audioInputTokens: number;
  readonly audioCacheReadTokens: number;
  readonly imageInputTokens: number;
  readonly videoInputTokens: number;
  /** All output, including reasoning and rejected predictions. */
  readonly outputTokens: number;
  readonly reasoningTokens: number;
  readonly audioOutputTokens: number;
  readonly imageOutputTokens: number;
}

export interface UsageRecord extends TokenUsage {
  readonly webSearches: number;
  /** Usage of models other than the answering one, such as Anthropic's advisor. */
  readonly others: readonly { readonly model: string; readonly usage: TokenUsage }[];
  /** Billed units that no count above covers, by the provider's name. */
  readonly unknownUnits: readonly string[];
  /** The tier that served the call, in the provider's word; empty if not stated. */
  readonly tier: string;
  readonly speed: string;
  readonly region: string;
  /** Whether the counts are final. If not, the input counts are correct and the output count is incomplete. */
  readonly isFinal: boolean;
  /** Contradictions in the provider's counts. The larger count was used. */
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

/** Counts of a JSON object, which may be missing, `null` or invalid. Invalid counts are noted and treated as missing. */
export class Counts {
  readonly #json: { readonly [name: string]: unknown };
  readonly #doubts: string[];

  constructor(json: unknown, doubts: string[]) {
    this.#json = typeof json === "object" && json !== null ? (json as { readonly [name: string]: unknown }) : {};
    this.#doubts = doubts;
  }

  /** The count of the first name that has one; `undefined` if none has. */
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

/** The part, or the whole if the part is larger, which is noted as a contradiction. */
export function partOf(whole: number, part: number, name: string, doubts: string[]): number {
  if (part <= whole) return part;
  doubts.push(`${name} is larger than its total`);
  return whole;
}

export function textOf(value: unknown): string {
  return typeof value === "string" ? value : "";
}
