/**
 * Maps the model name in an export to a candidate. One model may be written `gpt-4o`, `openai/gpt-4o`,
 * `gpt-4o-2024-08-06` or `azure/eu/gpt-4o`; Bedrock, Vertex and the providers' consoles have further forms.
 *
 * A name is reduced step by step (path, region, provider, version), and looked up after each step, so that the most specific
 * name wins. A name that is not found is reported as unknown: it is never matched to a similar one, because the price may
 * differ.
 * @module
 */

/** Names that the rules below do not map to their candidate. Keys are in lower case. */
export const MODEL_ALIASES: ReadonlyMap<string, string> = new Map([
  ["gpt-35-turbo", "gpt-3.5-turbo"],
  ["gpt-4-turbo-preview", "gpt-4-turbo"],
  ["gpt-4-0125-preview", "gpt-4-turbo"],
  ["gpt-4-1106-preview", "gpt-4-turbo"],
  ["gpt-5-chat", "gpt-5"],
  ["gpt-5.1-chat", "gpt-5.1"],
  ["o1-preview", "o1"],
  ["claude-3-5-haiku-latest", "claude-3-5-haiku"],
  ["claude-haiku-3-5", "claude-3-5-haiku"],
  ["claude-haiku-3.5", "claude-3-5-haiku"],
  ["claude-haiku-3", "claude-3-haiku"],
  ["claude-sonnet-3-7", "claude-3-7-sonnet"],
  ["claude-sonnet-3-5", "claude-3-5-sonnet"],
  ["claude-opus-3", "claude-3-opus"],
  ["claude-opus-4-0", "claude-opus-4"],
  ["claude-sonnet-4-0", "claude-sonnet-4"],
  ["claude-4-opus", "claude-opus-4"],
  ["claude-4-sonnet", "claude-sonnet-4"],
  ["gemini-3-pro-preview", "gemini-3-pro"],
  ["gemini-2.5-flash-lite-preview", "gemini-2.5-flash-lite"],
  ["gemini-2.5-pro-preview", "gemini-2.5-pro"],
  ["deepseek-reasoner", "deepseek-r1"],
  ["llama-4-maverick-17b-128e-instruct-fp8", "llama-4-maverick"],
  ["llama-4-maverick-17b-128e-instruct", "llama-4-maverick"],
  ["llama4-maverick-17b-instruct", "llama-4-maverick"],
  ["llama-4-scout-17b-16e-instruct", "llama-4-scout"],
  ["llama4-scout-17b-instruct", "llama-4-scout"],
  ["llama-3.3-70b-instruct-turbo", "llama-3.3-70b"],
  ["llama-3.3-70b-instruct", "llama-3.3-70b"],
  ["llama3-3-70b-instruct", "llama-3.3-70b"],
  ["meta-llama-3.1-8b-instruct-turbo", "llama-3.1-8b"],
  ["llama-3.1-8b-instruct", "llama-3.1-8b"],
  ["llama3-1-8b-instruct", "llama-3.1-8b"],
  ["meta-llama-3.1-70b-instruct-turbo", "llama-3.1-70b"],
  ["llama-3.1-70b-instruct", "llama-3.1-70b"],
  ["llama3-1-70b-instruct", "llama-3.1-70b"],
  ["meta-llama-3.1-405b-instruct-turbo", "llama-3.1-405b"],
  ["llama-3.1-405b-instruct", "llama-3.1-405b"],
  ["llama3-1-405b-instruct", "llama-3.1-405b"],
  ["mistral-large-2512", "mistral-large-3"],
  ["mistral-large-2411", "mistral-large-2"],
  ["mistral-large-2407", "mistral-large-2"],
  ["mistral-medium-2505", "mistral-medium-3"],
  ["ministral-8b-2410", "ministral-8b"],
]);

/** Older snapshots with a different price than the name without their date. */
const PRICED_OTHERWISE: ReadonlySet<string> = new Set([
  "gpt-3.5-turbo-0301",
  "gpt-3.5-turbo-0613",
  "gpt-3.5-turbo-1106",
  "gpt-35-turbo-0613",
  "gpt-35-turbo-1106",
]);

/** Each removes a part that does not change the model. */
const REDUCTIONS: readonly ((name: string) => string)[] = [
  // Fireworks, Vertex and Gemini write a path: `accounts/fireworks/models/…`, `publishers/google/models/…`, `models/…`.
  (name) => name.replace(/^.*\/models\/|^models\//, ""),
  // LiteLLM, OpenRouter, Bedrock through LiteLLM: `bedrock/us-east-1/anthropic.claude-…`.
  (name) => name.slice(name.lastIndexOf("/") + 1),
  // Bedrock: a region, then a provider.
  (name) => name.replace(/^(?:us|eu|apac|jp|au|ca|us-gov|global)\./, ""),
  (name) => name.replace(/^(?:anthropic|meta|mistral|deepseek|openai|google)\./, ""),
  // Bedrock: `-v1:0`; Vertex: `@20240620`, `@001`; OpenRouter: `:nitro` and `:floor` only choose a host.
  (name) => name.replace(/:[0-9]+$|@[0-9]{3,8}$|@default$|:nitro$|:floor$/, ""),
  (name) => name.replace(/-v[0-9]$/, ""),
  // Claude's console writes `Claude Haiku 4.5`.
  (name) => (/^claude [a-z0-9. ]+$/.test(name) ? name.replaceAll(/[ .]/g, "-") : name),
  (name) => (/^claude[-.a-z0-9]+$/.test(name) ? name.replaceAll(".", "-") : name),
  // A date or a release number.
  (name) =>
    name.replace(
      /-(?:20[0-9]{2}-[0-9]{2}-[0-9]{2}|20[0-9]{6}|preview-[0-9]{2}-[0-9]{2}|preview-[0-9]{2}-20[0-9]{2})$/,
      "",
    ),
  (name) => name.replace(/-(?:latest|00[0-9])$/, ""),
  (name) => (/^gpt-(?:3\.5|35|4)-/.test(name) ? name.replace(/-(?:0125|0314|0613)$/, "") : name),
  (name) => (/^(?:claude|gemini)/.test(name) ? name.replace(/-(?:20[0-9]{6}|exp|thinking)$/, "") : name),
];

export class ModelNames {
  readonly #candidates: ReadonlyMap<string, number>;
  readonly #resolved = new Map<string, number>();

  /** @param names - of the candidates; a name resolves to a position in this list. */
  constructor(names: readonly string[]) {
    this.#candidates = new Map(names.map((name, index) => [name.toLowerCase(), index]));
  }

  /** The position of the candidate for a written name; -1 if unknown. */
  indexOf(written: string): number {
    const known = this.#resolved.get(written);
    if (known !== undefined) return known;
    const index = this.#resolve(written);
    // The cache is bounded, so a file of only different names takes time, not memory.
    if (this.#resolved.size < RESOLVED_MAX) this.#resolved.set(Buffer.from(written).toString(), index);
    return index;
  }

  #resolve(written: string): number {
    if (written.length > NAME_CHARACTERS_MAX) return -1;
    let name = written.trim().toLowerCase();
    // A fine-tuned model has its own price.
    if (name.startsWith("ft:")) return -1;
    for (const reduce of [(same: string) => same, ...REDUCTIONS]) {
      name = reduce(name);
      if (PRICED_OTHERWISE.has(name)) return -1;
      const index = this.#candidates.get(name) ?? this.#candidates.get(MODEL_ALIASES.get(name) ?? "");
      if (index !== undefined) return index;
    }
    return -1;
  }
}

const RESOLVED_MAX = 10_000;
const NAME_CHARACTERS_MAX = 256;
