/** The black-box cases: files that say what a provider writes, what a client asks, and what each of them must then see. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { DATA_FOLDER } from "../wire/recorded-wire.ts";
import type { CasePrices } from "./case-service.ts";

/** Cases of the same kind that stand beside the tests, and those that are kept with the data sets. */
const OWN_FOLDER = fileURLToPath(new URL("cases", import.meta.url));
const SHARED_FOLDER = join(DATA_FOLDER, "..", "gateway", "cases");

export const hasCases: boolean = existsSync(SHARED_FOLDER);

/** The key that the cases' clients send. */
export const CASE_KEY = "cal-tenant-key";

export interface CaseRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: { readonly [name: string]: string };
  readonly body?: unknown;
  readonly body_base64?: string;
  /** The client leaves so long after it sent the request, or after so many events of the answer. */
  readonly abort_after_ms?: number;
  readonly abort_after_events?: number;
}

export interface Chunk {
  readonly text?: string;
  readonly base64?: string;
  readonly delay_ms?: number;
}

export interface CaseUpstream {
  readonly status: number;
  readonly headers: { readonly [name: string]: string };
  readonly chunks: readonly Chunk[];
  readonly end: "close" | "reset";
}

/** By the names of the cases' README. */
export type Expected = { readonly [expectation: string]: unknown };

export interface PlayedCase {
  readonly name: string;
  readonly upstreamDialect: string;
  readonly request: CaseRequest;
  readonly upstream: CaseUpstream | null;
  readonly expected: Expected;
  /** `undefined`: the runner's own. */
  readonly prices: CasePrices | undefined;
  readonly isBudgetExhausted: boolean;
  /** Every byte of the provider is a write of its own. */
  readonly isSplit: boolean;
}

interface CaseFile {
  readonly name: string;
  readonly upstream_dialect: string;
  readonly request: CaseRequest;
  readonly request_patch?: readonly { readonly op: string; readonly path: string; readonly value?: unknown }[];
  readonly request_headers?: { readonly [name: string]: string };
  readonly upstream: CaseUpstream | null;
  readonly expected: Expected;
  readonly budget?: string;
  readonly variants?: readonly (Partial<CaseFile> & { readonly name: string })[];
}

export function playedCases(): readonly PlayedCase[] {
  return [...casesIn(OWN_FOLDER), ...(hasCases ? casesIn(SHARED_FOLDER) : [])];
}

/** `{{repeat:A:N}}` stands for N letters. */
const REPEATED = /\{\{repeat:(.):(\d+)\}\}/g;

function repeated(_written: string, letter: string, count: string): string {
  return letter.repeat(Number(count));
}

function casesIn(folder: string): readonly PlayedCase[] {
  return readdirSync(folder)
    .filter((file) => file.endsWith(".json"))
    .flatMap((file) => {
      const text = readFileSync(join(folder, file), "utf8").replace(REPEATED, repeated);
      const base = JSON.parse(text) as CaseFile;
      const variants = (base.variants ?? []).map((variant) => ({
        ...base,
        ...variant,
        name: `${base.name}/${variant.name}`,
      }));
      return [base, ...variants].flatMap((one) => {
        const played = asPlayed(one);
        return one.expected["repeat_with_upstream_split"] === undefined
          ? [played]
          : [played, { ...played, name: `${played.name}, byte by byte`, isSplit: true }];
      });
    });
}

function asPlayed(file: CaseFile): PlayedCase {
  const body = structuredClone(file.request.body);
  for (const { op, path, value } of file.request_patch ?? []) {
    const keys = path.split("/").slice(1);
    const last = keys.pop() ?? "";
    const holder = keys.reduce((inner, key) => inner[key] as Record<string, unknown>, body as Record<string, unknown>);
    if (op === "remove") delete holder[last];
    else holder[last] = value;
  }
  const headers = { ...file.request.headers, ...file.request_headers };
  return {
    name: file.name,
    upstreamDialect: file.upstream_dialect,
    request: { ...file.request, headers, body },
    upstream: file.upstream,
    expected: file.expected,
    prices: file.expected["prices"] as CasePrices | undefined,
    isBudgetExhausted: file.budget === "exhausted",
    isSplit: false,
  };
}

export function bytesOf({ text, base64 }: Chunk): Buffer {
  return base64 === undefined ? Buffer.from(text ?? "") : Buffer.from(base64, "base64");
}
