/**
 * The stated rule by which a document becomes a request. Nothing here looks at what a document says: only at its name and
 * its length.
 * @module
 */
import type { ClientRequest } from "@calybris/engine";
import type { MarkdownDocument } from "./documents.ts";

/** What every request asks for: the best-rated candidate of the catalog. */
export const PREMIUM = "gemini-3-pro";

export const RULE: string = `Each asks ${PREMIUM} to summarise it. What a summary is worth, and what is at risk, follows from its name and length:
  kind        by file name: SECURITY, LICENSE, CHANGELOG or CHANGES, README, else default
  value       of the kind (policy.jsonc), and 1 cent more for each 1,000 tokens, at most 50 cents more
  risk        of the kind
  confidence  9,500 bps less 50 for each 1,000 tokens, at least 6,000; under 100 tokens 5,000: hardly anything to summarise
  latency     a README has a reader waiting: at most 8,000 ms
  region      a README in another language stays on its side: zh, ja, kr, hi in apac, the rest in eu
  budget      3 cents`;

const KINDS: readonly (readonly [pattern: RegExp, useCase: string, valueCents: number])[] = [
  [/^security/i, "security", 300],
  [/^licen[cs]e/i, "legal", 200],
  [/^change/i, "changelog", 2],
  [/^readme/i, "readme", 10],
];
const OTHER_KIND = [/^/, "default", 5] as const;

const SHORT_TOKENS = 100;
const VALUE_EXTRA_MAX_CENTS = 50;
const BUDGET_CENTS = "3";
const WAITING_MAX_MS = 8_000;

export function requestOf(document: MarkdownDocument): ClientRequest {
  const { path, digest, tokenCount } = document;
  const name = path.slice(path.lastIndexOf("/") + 1);
  const [, useCase, valueCents] = KINDS.find(([pattern]) => pattern.test(name)) ?? OTHER_KIND;
  const thousands = Math.floor(tokenCount / 1_000);
  const region = regionOf(name);
  return {
    requestId: digest,
    useCase,
    requested: PREMIUM,
    inputTokens: tokenCount,
    valueCents: valueCents + Math.min(VALUE_EXTRA_MAX_CENTS, thousands),
    confidenceBps: tokenCount < SHORT_TOKENS ? 5_000 : Math.max(6_000, 9_500 - 50 * thousands),
    budgetCents: BUDGET_CENTS,
    ...(useCase === "readme" ? { latencyMaxMs: WAITING_MAX_MS } : {}),
    ...(region === undefined ? {} : { regions: [region] }),
  };
}

function regionOf(name: string): string | undefined {
  const language = /^readme\.([a-z]{2})(?:-[a-z]{2})?\.md$/i.exec(name)?.[1]?.toLowerCase();
  if (language === undefined || language === "en") return undefined;
  return ["zh", "ja", "kr", "ko", "hi"].includes(language) ? "apac" : "eu";
}
