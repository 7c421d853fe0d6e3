/**
 * Parses a time on the command line: an ISO 8601 time, or a duration before now.
 * @module
 */
import { InvalidArgumentError } from "commander";

const UNITS_MS: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };
const ISO = /^\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d{1,6})?)?(?:Z|[+-]\d{2}:\d{2})?)?$/;

/** Microseconds since the Unix epoch. A time without an offset is UTC. */
export function sinceUs(text: string): number {
  const [, amount, unit = ""] = /^(\d{1,6})([smhd])$/.exec(text) ?? [];
  if (amount !== undefined) return (Date.now() - Number(amount) * (UNITS_MS[unit] ?? 0)) * 1_000;
  const hasZone = /(?:Z|[+-]\d{2}:\d{2})$/.test(text);
  const ms = ISO.test(text)
    ? Date.parse(hasZone || text.length === 10 ? text : `${text.replace(" ", "T")}Z`)
    : Number.NaN;
  if (Number.isNaN(ms)) throw new InvalidArgumentError("Write 90s, 15m, 2h, 7d, or a time like 2026-01-31T12:00Z.");
  return ms * 1_000;
}
