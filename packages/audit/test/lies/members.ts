/** Every member of an entry, each with other values that it might hold; and an entry with one of them in it. */
import { type ExactJson, parseExact, writeExact } from "@calybris/kernel";

/** One member changed. */
export interface Lie {
  /** The kind and the way to the member, positions in lists left out: `decision.learning.arms[][]`. */
  readonly member: string;
  /** The entry's data. */
  readonly data: string;
  readonly what: string;
}

type Path = readonly (string | number)[];

/** What names no quantity of its own, but one of a few words. */
const WORDS: readonly (readonly string[])[] = [
  ["execute", "substitute", "reject"],
  ["idle", "rotation", "close"],
  ["applied", "abandoned", "in_flight"],
  ["client_gone", "stream_cut", "timeout", "unknown"],
  ["day", "week", "month", "quarter"],
  ["tracker", "certified", "quality", "anomaly", "warm_start"],
  ["value", "risk", "confidence", "floor", "output"],
  ["slow", "error", "retried", "aborted", "truncated"],
  ["linear", "trees"],
  ["quality", "budget", "utility", "risk_hard_limit", "no_enabled_candidate"],
];

/** By so much, in units of 2^-32, may a probability of a table differ from the audit's own (docs/formats.md). */
const ROUNDING_UNITS = 16;

/** Members that are hashed or counted elsewhere in the line. */
const OF_THE_CHAIN: readonly string[] = ["sequence", "kind"];

/** What no writer would write: other types, and numbers at the ends of all ranges. */
const WILD: readonly ExactJson[] = [
  ...[-1, 0, 8, 9, 64, 65_536, 2 ** 31, 2 ** 32, 2 ** 53 - 1],
  ...[2n ** 63n - 1n, 2n ** 63n, 2n ** 64n - 1n, -(2n ** 63n)],
  ...["", "a", "constructor", "__proto__", "\u0000", true, false, null, [], {}, [[]], [0], [null]],
];

/** Every member of an entry as anything at all. */
export function wildLiesOf(data: string): readonly Lie[] {
  return liesOf(data, () => WILD);
}

/** All that one entry may lie about, one member at a time. */
export function liesOf(
  data: string,
  valuesInstead: (value: ExactJson) => readonly ExactJson[] = othersOf,
): readonly Lie[] {
  const entry = parseExact(data) as { readonly [key: string]: ExactJson };
  const kind = String(entry["kind"]);
  const lies: Lie[] = [];
  const lie = (path: Path, change: ExactJson | undefined): void => {
    if (kind === "belief" && path[0] === "table" && isSameTable(entry["table"], change)) return;
    const text = writeExact(changed(entry, path, change));
    if (text !== data)
      lies.push({ member: memberOf(kind, path), data: text, what: `${path.join(".")} ${show(change)}` });
  };
  walk(entry, [], (path, value) => {
    if (path.length === 0 || (path.length === 1 && OF_THE_CHAIN.includes(String(path[0])))) return;
    for (const other of valuesInstead(value)) lie(path, other);
    if (typeof path.at(-1) === "string") lie(path, undefined);
  });
  return lies;
}

/** The audit computes a table in floating point, so one that differs by rounding alone is the same table, not a lie. */
function isSameTable(honest: ExactJson | undefined, other: ExactJson | undefined): boolean {
  if (!Array.isArray(honest) || !Array.isArray(other) || honest.length !== other.length) return false;
  return honest.every((value, arm) => Math.abs(Number(value) - Number(other[arm])) <= ROUNDING_UNITS);
}

function othersOf(value: ExactJson): readonly ExactJson[] {
  if (typeof value === "boolean") return [!value];
  if (typeof value === "bigint") return [value - 1n];
  if (typeof value === "number") return value === 0 ? [1, 1_000] : [value + 1, value - 1, 0];
  if (typeof value === "string") return otherTexts(value);
  if (Array.isArray(value)) return value.length === 0 ? [] : [value.slice(1), value.toReversed()];
  return [];
}

function otherTexts(value: string): readonly string[] {
  const words = WORDS.find((each) => each.includes(value));
  if (words !== undefined) return words.filter((word) => word !== value).slice(0, 2);
  const [first, ...rest] = value;
  return [[first === "a" ? "b" : "a", ...rest].join("")];
}

function changed(json: ExactJson, [key, ...rest]: Path, change: ExactJson | undefined): ExactJson {
  if (key === undefined) return change as ExactJson;
  if (Array.isArray(json)) return json.with(key as number, changed(json[key as number], rest, change));
  const members = json as { readonly [key: string]: ExactJson };
  return Object.fromEntries(
    Object.entries(members).flatMap(([name, value]) => {
      if (name !== key) return [[name, value]];
      const other = changed(value, rest, change);
      return other === undefined ? [] : [[name, other]];
    }),
  );
}

function walk(json: ExactJson, path: Path, visit: (path: Path, value: ExactJson) => void): void {
  visit(path, json);
  if (Array.isArray(json)) for (const [index, item] of json.entries()) walk(item, [...path, index], visit);
  else if (typeof json === "object" && json !== null)
    for (const [key, item] of Object.entries(json)) walk(item, [...path, key], visit);
}

/** Names that people chose are one member, whichever they are. */
function memberOf(kind: string, path: Path): string {
  let member = kind;
  for (const [at, key] of path.entries()) {
    if (typeof key === "number") member += "[]";
    else member += path[at - 1] === "useCases" ? ".*" : `.${key}`;
  }
  return member;
}

function show(value: ExactJson | undefined): string {
  if (value === undefined) return "left out";
  const text = writeExact(value);
  return text.length > 60 ? `${text.slice(0, 60)}…` : text;
}
