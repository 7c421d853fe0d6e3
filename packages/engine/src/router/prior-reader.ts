/**
 * Reads the fields of a prior and keeps every mistake; what is wrong reads as something harmless, so that one pass finds
 * them all.
 * @module
 */
import type { Mistake } from "@calybris/kernel";

const MISTAKES_MAX = 100;

export class PriorReader {
  readonly mistakes: Mistake[] = [];

  mistake(path: string, problem: string, remedy: string): void {
    if (this.mistakes.length < MISTAKES_MAX) this.mistakes.push({ path, problem, remedy });
  }

  /** The members of an object that has just these keys; the last parameter names those that may be left out. */
  members(
    value: unknown,
    path: string,
    keys: readonly string[],
    optional: readonly string[] = [],
  ): Readonly<Record<string, unknown>> {
    if (typeof value !== "object" || value === null || Array.isArray(value)) {
      this.mistake(path, value === undefined ? "is missing" : "is no object", "Write an object.");
      return {};
    }
    const members = value as Readonly<Record<string, unknown>>;
    const at = (key: string): string => (path === "" ? key : `${path}.${key}`);
    for (const key of Object.keys(members)) {
      if (!keys.includes(key)) this.mistake(at(key), "is not known here", `Known here: ${keys.join(", ")}.`);
    }
    for (const key of keys) {
      if (members[key] === undefined && !optional.includes(key))
        this.mistake(at(key), "is missing", "Write it; nothing of a prior has a default.");
    }
    return members;
  }

  whole(value: unknown, path: string, min: number, max: number): number {
    if (typeof value === "number" && Number.isInteger(value) && value >= min && value <= max) return value;
    if (value !== undefined) this.mistake(path, `is ${shown(value)}`, `Write a whole number from ${min} to ${max}.`);
    return Math.max(min, 0);
  }

  text(value: unknown, path: string, maxCharacters: number): string {
    if (typeof value === "string" && value.length <= maxCharacters && value.isWellFormed()) return value;
    if (value !== undefined)
      this.mistake(path, `is ${shown(value)}`, `Write text of at most ${maxCharacters} characters.`);
    return "";
  }

  items(value: unknown, path: string, max: number): readonly unknown[] {
    if (!Array.isArray(value)) {
      if (value !== undefined) this.mistake(path, "is no list", "Write a list.");
      return [];
    }
    if (value.length <= max) return value;
    this.mistake(path, `has ${value.length} items`, `At most ${max} are read.`);
    return [];
  }

  integers(value: unknown, path: string, min: number, max: number): readonly number[] {
    return this.items(value, path, INTEGERS_MAX).map((item, at) =>
      this.whole(item ?? null, `${path}[${at}]`, min, max),
    );
  }

  kindOf(value: unknown, path: string, kinds: readonly string[]): string | undefined {
    const kind = typeof value === "object" && value !== null && "kind" in value ? value.kind : undefined;
    if (typeof kind === "string" && kinds.includes(kind)) return kind;
    this.mistake(
      `${path}.kind`,
      kind === undefined ? "is missing" : `is ${shown(kind)}`,
      `Write one of ${kinds.join(", ")}.`,
    );
    return undefined;
  }

  distinct(named: readonly { readonly name: string }[], path: string): void {
    if (new Set(named.map(({ name }) => name)).size < named.length)
      this.mistake(path, "name something twice", "Give each a name of its own.");
  }

  /** Base64 of so many little-endian integers: two bytes unsigned, or four bytes signed. */
  packed(value: unknown, path: string, count: number, bytes: 2 | 4, min: number, max: number): readonly number[] {
    const packed = Buffer.from(typeof value === "string" ? value : "", "base64");
    if (packed.length !== count * bytes || packed.toString("base64") !== value) {
      this.mistake(path, "is not base64 of one integer a bucket", `Write ${count} integers of ${bytes} bytes.`);
      return new Array<number>(count).fill(0);
    }
    const integers = Array.from({ length: count }, (_, at) =>
      bytes === 2 ? packed.readUInt16LE(at * 2) : packed.readInt32LE(at * 4),
    );
    const bad = integers.findIndex((integer) => integer < min || integer > max);
    if (bad !== -1) this.mistake(`${path}[${bad}]`, `is ${integers[bad]}`, `Write ${min} to ${max}.`);
    return integers;
  }
}

const INTEGERS_MAX = 65_536;
const SHOWN_MAX = 40;

function shown(value: unknown): string {
  const text = typeof value === "bigint" ? String(value) : (JSON.stringify(value) ?? String(value));
  return text.length > SHOWN_MAX ? `${text.slice(0, SHOWN_MAX)}…` : text;
}
