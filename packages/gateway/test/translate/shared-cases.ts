/** The black-box cases, as far as they can be asked of pure functions: what goes upstream, and what the client gets. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { ExactObject } from "../../src/translate/field-check.ts";
import type { AnswerDialect, WireDialect } from "../../src/wire/dialect.ts";
import { DATA_FOLDER } from "../wire/recorded-wire.ts";

const FOLDER = join(DATA_FOLDER, "..", "gateway", "cases");

export const hasCases: boolean = existsSync(FOLDER);

export interface SharedCase {
  readonly name: string;
  readonly dialect: WireDialect;
  readonly upstream: AnswerDialect;
  readonly body: ExactObject;
  /** The upstream's writes, and what it closes with. */
  readonly pieces: readonly Buffer[];
  readonly isStream: boolean;
  readonly expected: Expected;
}

export interface Expected {
  readonly status?: number;
  readonly text?: string;
  readonly finish_reason?: string;
  readonly not_finish_reason?: string;
  readonly last_data?: string;
  readonly forbidden_substrings?: readonly string[];
  readonly client_stream?: {
    readonly last_event?: { readonly event?: string; readonly data?: unknown };
    readonly no_data?: string;
    readonly no_event?: string;
    readonly no_event_where?: unknown;
    readonly no_key_with_value?: string;
    readonly events_with_usage_object?: number;
  };
  readonly usage?: { readonly [name: string]: number };
  readonly ledger?: string;
  readonly openai_message?: unknown;
  readonly anthropic_message?: unknown;
  readonly final_usage?: unknown;
  readonly upstream_request?: unknown;
  readonly upstream_request_absent?: readonly string[];
  readonly upstream_request_present?: readonly string[];
  readonly upstream_request_lengths?: { readonly [path: string]: number };
  readonly upstream_request_contains_text?: readonly string[];
  readonly upstream_request_excludes_text?: readonly string[];
  readonly either?: readonly Expected[];
}

interface CaseFile {
  readonly dialect: WireDialect;
  readonly upstream_dialect: AnswerDialect;
  readonly request: { readonly body: unknown };
  readonly request_patch?: readonly { readonly op: string; readonly path: string; readonly value?: unknown }[];
  readonly upstream: {
    readonly headers: { readonly [name: string]: string };
    readonly chunks: readonly { readonly text?: string; readonly base64?: string }[];
  } | null;
  readonly expected: Expected;
  readonly variants?: readonly (Partial<CaseFile> & { readonly name: string })[];
}

/** The cases with these numbers and their variants that have a body and an answer. */
export function sharedCases(numbers: RegExp): readonly SharedCase[] {
  if (!hasCases) return [];
  return readdirSync(FOLDER)
    .filter((file) => numbers.test(file) && file.endsWith(".json"))
    .flatMap((file) => {
      const given = JSON.parse(readFileSync(join(FOLDER, file), "utf8")) as CaseFile;
      const variants = given.variants ?? [];
      return [
        asCase(file.replace(".json", ""), given),
        ...variants.map((variant) => asCase(`${file.replace(".json", "")}/${variant.name}`, { ...given, ...variant })),
      ];
    });
}

function asCase(name: string, given: CaseFile): SharedCase {
  const body = structuredClone(given.request.body) as Record<string, unknown>;
  for (const { op, path, value } of given.request_patch ?? []) {
    const keys = path.split("/").slice(1);
    const last = keys.pop() ?? "";
    const holder = keys.reduce<Record<string, unknown>>((inner, key) => inner[key] as Record<string, unknown>, body);
    if (op === "remove") delete holder[last];
    else holder[last] = value;
  }
  const { headers = {}, chunks = [] } = given.upstream ?? {};
  return {
    name,
    dialect: given.dialect,
    upstream: { gemini: "gemini" as const }[given.upstream_dialect as string] ?? given.upstream_dialect,
    body: body as ExactObject,
    pieces: chunks.map(({ text, base64 }) =>
      base64 === undefined ? Buffer.from(text ?? "") : Buffer.from(base64, "base64"),
    ),
    isStream: (headers["content-type"] ?? "").includes("event-stream"),
    expected: given.expected,
  };
}

/** What is wrong with a value, matched in part as the cases' README says. */
export function mismatches(wanted: unknown, got: unknown, at = ""): readonly string[] {
  if (wanted === "*") return (got ?? null) === null ? [`${at} is missing`] : [];
  if (wanted === "*int") return Number.isInteger(got) ? [] : [`${at} is ${String(got)}`];
  if (wanted === "*system-or-developer")
    return got === "system" || got === "developer" ? [] : [`${at} is ${String(got)}`];
  if (typeof wanted !== "object" || wanted === null) return wanted === got ? [] : [`${at} is ${JSON.stringify(got)}`];
  if ("json" in wanted && Object.keys(wanted).length === 1) return mismatches(wanted.json, JSON.parse(String(got)), at);
  if ("max" in wanted || "min" in wanted) {
    const { min = Number.NEGATIVE_INFINITY, max = Number.POSITIVE_INFINITY } = wanted as { min?: number; max?: number };
    return typeof got === "number" && min <= got && got <= max ? [] : [`${at} is ${String(got)}`];
  }
  if (typeof got !== "object" || got === null) return [`${at} is ${JSON.stringify(got)}`];
  return Object.entries(wanted).flatMap(([key, inner]) =>
    mismatches(inner, (got as Record<string, unknown>)[key], `${at}/${key}`),
  );
}

export function valueAt(value: unknown, path: string): unknown {
  return path
    .split("/")
    .slice(1)
    .reduce<unknown>((inner, key) => (inner as Record<string, unknown> | undefined)?.[key], value);
}
