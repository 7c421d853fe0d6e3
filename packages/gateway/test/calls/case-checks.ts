/** What a case expects, held to what the client, the provider and the journal saw. Each check says what is wrong. */
import { asList, asObject, type Json } from "../../src/wire/stream-sights.ts";
import { faultsOf } from "../translate/assembled.ts";
import { mismatches, valueAt } from "../translate/shared-cases.ts";
import {
  callsIn,
  choicesOf,
  deltasOf,
  eventsOf,
  finishOf,
  jsonOf,
  messageOf,
  type Played,
  type StreamEvent,
  textOf,
  toolCallsOf,
} from "./case-answers.ts";
import { bytesOf, CASE_KEY, type Expected } from "./played-cases.ts";

type Check = (wanted: never, played: Played) => readonly string[];

/** Keys that say something to a reader, or that another key checks. */
const NOTES = new Set([
  "note",
  "log",
  "breaker",
  "attempt_outcome",
  "policy",
  "repeat_with_upstream_split",
  "served_by",
  // What the service of the case is started with.
  "prices",
]);

/** Checked by tests of their own, with the official clients. */
const ELSEWHERE = new Set(["sdk"]);

export function faultsOfCase(expected: Expected, played: Played): readonly string[] {
  return Object.entries(expected).flatMap(([name, wanted]) => {
    if (NOTES.has(name) || ELSEWHERE.has(name)) return [];
    const check = CHECKS[name];
    if (check === undefined) return [`the runner does not know ${name}`];
    return check(wanted as never, played).map((fault) => `${name}: ${fault}`);
  });
}

const CHECKS: { readonly [name: string]: Check } = {
  status: (wanted: number, { status, text }) => (status === wanted ? [] : [`${status} ${text.slice(0, 300)}`]),
  status_in: (wanted: readonly number[], { status }) => (wanted.includes(status) ? [] : [String(status)]),
  either: (wanted: readonly Expected[], played) => {
    const all = wanted.map((one) => faultsOfCase(one, played));
    return all.some((faults) => faults.length === 0) ? [] : all.flat();
  },
  headers: (wanted: { readonly [name: string]: string }, { headers }) =>
    Object.entries(wanted).flatMap(([name, value]) =>
      headers.get(name) === value ? [] : [`${name} is ${headers.get(name)}`],
    ),
  headers_absent: (wanted: readonly string[], { headers }) => wanted.filter((name) => headers.has(name)),
  decodes: (_wanted: true, { text, headers }) =>
    headers.has("content-encoding") || text.startsWith("{") ? [] : [text.slice(0, 20)],
  body: (wanted: unknown, { text }) => mismatches(wanted, jsonOf(text)),
  text: (wanted: string, played) => same(wanted, textOf(played)),
  choices_text: (wanted: unknown, played) =>
    mismatches(
      wanted,
      choicesOf(played).map(({ text }) => text),
    ),
  finish_reasons: (wanted: unknown, played) =>
    mismatches(
      wanted,
      choicesOf(played).map(({ reason }) => reason),
    ),
  finish_reason: (wanted: string, played) => same(wanted, finishOf(played)),
  not_finish_reason: (wanted: string, played) =>
    finishOf(played) === wanted || (wanted === "stop-silently" && finishOf(played) === "stop")
      ? [String(finishOf(played))]
      : [],
  last_data: (wanted: string, played) => same(wanted, eventsOf(played).at(-1)?.data),
  every_data_line: (_wanted: string, played) =>
    eventsOf(played)
      .filter(({ data, json }) => data !== "[DONE]" && json === undefined)
      .map(({ data }) => data),
  forbidden_substrings: (wanted: readonly string[], { text }) => wanted.filter((one) => text.includes(one)),
  client_stream: (wanted: Json, played) => streamFaults(wanted, eventsOf(played)),
  openai_message: (wanted: unknown, played) => mismatches(wanted, { tool_calls: toolCallsOf(played) }),
  tool_call_indices: (wanted: readonly number[], played) =>
    mismatches(
      wanted,
      [
        ...new Set(
          deltasOf(played)
            .flatMap(callsIn)
            .map(({ index }) => index),
        ),
      ].toSorted(),
    ),
  anthropic_message: (wanted: unknown, played) => mismatches(wanted, messageOf(played)),
  anthropic_stream_well_formed: (_wanted: true, { text }) => faultsOf(text),
  every_event_has_event_line: (_wanted: true, played) =>
    eventsOf(played)
      .filter(({ event }) => event === "")
      .map(({ data }) => data),
  final_usage: (wanted: unknown, played) =>
    mismatches(wanted, asObject(eventsOf(played).findLast(({ event }) => event === "message_delta")?.json)?.["usage"]),
  message_start_input_tokens: (wanted: { readonly min: number; readonly max: number }, played) => {
    const start = asObject(eventsOf(played)[0]?.json)?.["message"];
    const count = Number(asObject(asObject(start)?.["usage"])?.["input_tokens"]);
    return wanted.min <= count && count <= wanted.max ? [] : [String(count)];
  },
  event_order: (wanted: readonly string[], played) => {
    const kinds = eventsOf(played).map(({ json }) => String(asObject(json)?.["type"]));
    const runs = kinds.filter((kind, at) => kind !== kinds[at - 1] || !wanted.includes(`${kind}+`));
    const plain = wanted.map((kind) => kind.replace("+", ""));
    return same(plain.join(" "), runs.join(" "));
  },
  sequence_number: (_wanted: true, played) =>
    eventsOf(played).flatMap(({ json }, at) => same(at, asObject(json)?.["sequence_number"] as number)),
  each_event_line_equals_type: (_wanted: true, played) =>
    eventsOf(played).flatMap(({ event, json }) => same(event, asObject(json)?.["type"] as string)),
  final_response: (wanted: unknown, played) =>
    mismatches(wanted, asObject(eventsOf(played).at(-1)?.json)?.["response"]),
  last_event_type: (wanted: string, played) =>
    same(wanted, asObject(eventsOf(played).at(-1)?.json)?.["type"] as string),
  upstream_calls: (wanted: number, { seen }) => same(wanted, seen.length),
  not_retried: (_wanted: true, { seen }) => same(1, seen.length),
  upstream_request: (wanted: unknown, { seen }) => mismatches(wanted, seen.at(-1)?.body),
  upstream_request_absent: (wanted: readonly string[], { seen }) =>
    wanted.filter((path) => valueAt(seen.at(-1)?.body, path) !== undefined),
  upstream_request_present: (wanted: readonly string[], { seen }) =>
    wanted.filter((path) => valueAt(seen.at(-1)?.body, path) === undefined),
  upstream_request_lengths: (wanted: { readonly [path: string]: number }, { seen }) =>
    Object.entries(wanted).flatMap(([path, length]) => same(length, asList(valueAt(seen.at(-1)?.body, path)).length)),
  upstream_request_contains_text: (wanted: readonly string[], { seen }) =>
    wanted.filter((one) => !(seen.at(-1)?.raw.toString() ?? "").includes(one)),
  upstream_request_excludes_text: (wanted: readonly string[], { seen }) =>
    wanted.filter((one) => (seen.at(-1)?.raw.toString() ?? "").includes(one)),
  upstream_headers: (wanted: { readonly [name: string]: string }, { seen }) =>
    Object.entries(wanted).flatMap(([name, value]) =>
      same(value === "the provider's key" ? "sk-of-the-provider" : value, seen.at(-1)?.headers[name]),
    ),
  upstream_headers_exclude_text: (wanted: readonly string[], { seen, key }) =>
    wanted
      .map((one) => (one === CASE_KEY ? key : one))
      .filter((one) => JSON.stringify(seen.at(-1)?.headers).includes(one)),
  upstream_path: (wanted: string, { seen }) => same(wanted, seen.at(-1)?.path),
  upstream_aborted_within_ms: (wanted: number, { seen, leftMs }) => {
    const abortedMs = seen.at(-1)?.abortedMs;
    if (abortedMs === undefined || leftMs === undefined) return ["never"];
    return abortedMs - leftMs <= wanted ? [] : [`${abortedMs - leftMs} ms`];
  },
  byte_identical_to_upstream: (_wanted: true, { bytes, given }) =>
    bytes.equals(Buffer.concat((given.upstream?.chunks ?? []).map(bytesOf))) ? [] : [bytes.toString().slice(0, 300)],
  byte_identical_request_body: (_wanted: true, { seen, given }) =>
    same(JSON.stringify(given.request.body), seen.at(-1)?.raw.toString()),
  ledger: (wanted: string, { entries }) => same(wanted, ledgerState(entries)),
  usage: (wanted: { readonly [name: string]: number }, { entries }) => {
    const end = entries.findLast(({ kind, change }) => kind === "attempt" && change === "ended");
    const names: { readonly [name: string]: string } = {
      input: "inputTokens",
      output: "outputTokens",
      cache_read: "cacheReadTokens",
      cache_write: "cacheWriteTokens",
    };
    return Object.entries(wanted).flatMap(([name, count]) => same(count, end?.[names[name] ?? name] ?? "nothing"));
  },
  cost: (wanted: { readonly usd?: number | string; readonly microcents?: number }, { entries }) => {
    const cost = costOf(entries);
    const { usd, microcents = Math.ceil(Number(usd) * MICROCENTS_PER_DOLLAR - ROUNDING) } = wanted;
    return same(microcents, cost);
  },
  /** In dollars. */
  cost_between: ([least, most]: readonly [number, number], { entries }) => {
    const dollars = costOf(entries) / MICROCENTS_PER_DOLLAR;
    return least <= dollars && dollars <= most ? [] : [`${dollars} dollars`];
  },
  reserved_input_tokens: (wanted: { readonly min: number }, { entries }) =>
    // The deployments of the cases cost a dollar for a million tokens: 100 microcents each.
    Number(entries[0]?.["reservedMicrocents"] ?? 0) >= wanted.min * 100 ? [] : [JSON.stringify(entries[0])],
};

const MICROCENTS_PER_DOLLAR = 100_000_000;
/** Of a decimal as a float. */
const ROUNDING = 1e-3;

/** What the last attempt cost, or what of it is known. */
function costOf(entries: readonly Json[]): number {
  const end = entries.findLast(({ kind, change }) => kind === "attempt" && change === "ended");
  const hold = entries.findLast(({ kind }) => kind === "hold");
  return Number(end?.["costMicrocents"] ?? hold?.["knownMicrocents"] ?? 0);
}

function same(wanted: unknown, got: unknown): readonly string[] {
  return wanted === got ? [] : [`${JSON.stringify(got)} instead of ${JSON.stringify(wanted)}`];
}

function streamFaults(wanted: Json, events: readonly StreamEvent[]): readonly string[] {
  const faults: string[] = [];
  const last = events.at(-1);
  const { last_event: lastEvent, usage_event: usageEvent } = wanted;
  if (wanted["no_data"] !== undefined && events.some(({ data }) => data === wanted["no_data"])) faults.push("no_data");
  if (wanted["no_event"] !== undefined && events.some(({ event }) => event === wanted["no_event"]))
    faults.push("no_event");
  const named = asObject(lastEvent);
  if (named !== undefined)
    faults.push(
      ...mismatches(
        named["event"] === undefined ? named : named["data"],
        last?.json,
        `the last event ${last?.data.slice(0, 200)}`,
      ),
      ...(named["event"] === undefined ? [] : same(named["event"], last?.event)),
    );
  const lists = events.map(({ json }) => asObject(json)?.["choices"]);
  if (wanted["no_event_where"] !== undefined && lists.some((list) => Array.isArray(list) && list.length === 0))
    faults.push("a chunk without choices is shown");
  const key = wanted["no_key_with_value"];
  if (typeof key === "string" && events.some(({ json }) => (asObject(json)?.[key] ?? null) !== null)) faults.push(key);
  const withUsage = events.filter(({ json }) => (asObject(json)?.["usage"] ?? null) !== null);
  if (wanted["events_with_usage_object"] !== undefined)
    faults.push(...same(wanted["events_with_usage_object"], withUsage.length));
  if (usageEvent !== undefined) faults.push(...mismatches(usageEvent, withUsage[0]?.json));
  return faults;
}

/** What the entries of a decision say of its money. */
function ledgerState(entries: readonly Json[]): string {
  const kinds = entries.map(({ kind, settledMicrocents }) =>
    kind === "outcome" && settledMicrocents !== undefined ? "settlement" : kind,
  );
  if (kinds.includes("hold")) return "held";
  if (kinds.includes("settlement")) return "settled";
  return kinds.includes("release") ? "released" : kinds.join();
}
