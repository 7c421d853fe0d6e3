/**
 * Parses a provider's JSON so that integers that a double cannot hold are written back unchanged. Tool arguments are JSON
 * objects in Google's and Anthropic's dialects, and often contain 64-bit IDs.
 * @module
 */

/** Numbers with fewer digits are always exact. */
const LONG_NUMBER = /\d{16}/;

interface ReviverContext {
  readonly source?: string;
}

const rawJson = (JSON as unknown as { rawJSON(text: string): unknown }).rawJSON;

/**
 * @example
 * ```ts
 * JSON.stringify(parseExact('{"id":9007199254740993}')); // '{"id":9007199254740993}'
 * ```
 *
 * @throws SyntaxError
 */
export function parseExact(text: string): unknown {
  if (!LONG_NUMBER.test(text)) return JSON.parse(text) as unknown;
  const revive = (_name: string, value: unknown, { source }: ReviverContext): unknown =>
    typeof value === "number" && Number.isInteger(value) && !Number.isSafeInteger(value) && source !== undefined
      ? rawJson(source)
      : value;
  return JSON.parse(text, revive as never) as unknown;
}
