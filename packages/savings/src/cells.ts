/**
 * Parses the cells of an export: counts, amounts and days. Exports are written by spreadsheets, databases and programs, so a
 * count may be `1234`, `1,234`, `1234.0` or `1.234e3`; an amount may be `$0.0012`, `0,0012` or `1.2e-05`. Every number is
 * read exactly, from its digits. A cell in any other form is `undefined`, never a guess.
 * @module
 */
import { MONEY_UNITS, type MoneyUnit } from "@calybris/kernel";

/** Maximum of any count in one row. Beyond it, products with prices would not be exact. */
export const COUNT_MAX = 1_000_000_000_000;
/** About $45 million. */
export const AMOUNT_MAX_MICROCENTS: number = 2 ** 52;

const PLAIN = /^[0-9]{1,13}$/;
const THOUSANDS = /^[1-9][0-9]{0,2}(?:,[0-9]{3})+(?=\.|$)/;
const POINT_THOUSANDS = /^[1-9][0-9]{0,2}(?:\.[0-9]{3})+$/;
const COMMA_DECIMAL = /^(?:[0-9]{0,30}|[1-9][0-9]{0,2}(?:\.[0-9]{3}){1,9}),[0-9]{1,60}$/;
const DECIMAL = /^([0-9]{0,30})(?:\.([0-9]{0,60}))?(?:[eE]([+-]?[0-9]{1,3}))?$/;

/** An integer from 0 to {@link COUNT_MAX}. `1.000` is refused as ambiguous: some countries write a thousand so. */
export function countOf(cell: string): number | undefined {
  if (PLAIN.test(cell)) {
    const count = Number(cell);
    return count <= COUNT_MAX ? count : undefined;
  }
  if (POINT_THOUSANDS.test(cell)) return undefined;
  const text = THOUSANDS.test(cell) ? cell.replaceAll(",", "") : cell;
  const scaled = scaledOf(text, 0);
  return scaled === undefined || !scaled.isExact || scaled.value > BigInt(COUNT_MAX) ? undefined : Number(scaled.value);
}

/** An amount in microcents, rounded half up, from 0 to {@link AMOUNT_MAX_MICROCENTS}. */
export function amountOf(cell: string, unit: MoneyUnit["name"]): number | undefined {
  const { decimals } = MONEY_UNITS.find(({ name }) => name === unit) as MoneyUnit;
  const bare = cell.startsWith("$") ? cell.slice(1).trimStart() : cell;
  const scaled = scaledOf(withPoint(bare), decimals);
  if (scaled === undefined || scaled.value > BigInt(AMOUNT_MAX_MICROCENTS)) return undefined;
  return Number(scaled.value);
}

/**
 * Rewrites an amount with a decimal point and without thousands separators. `0,5` and `1.234,5` have a decimal comma.
 * `1,234` is ambiguous: it stays unchanged, and so is refused.
 */
function withPoint(amount: string): string {
  if (!amount.includes(",")) return amount;
  if (THOUSANDS.test(amount)) return amount.includes(".") ? amount.replaceAll(",", "") : amount;
  return COMMA_DECIMAL.test(amount) ? amount.replaceAll(".", "").replace(",", ".") : amount;
}

/** A decimal times 10^`decimals`, rounded half up. */
function scaledOf(text: string, decimals: number): { readonly value: bigint; readonly isExact: boolean } | undefined {
  const match = DECIMAL.exec(text);
  if (match === null) return undefined;
  const [, whole = "", fraction = "", exponent = "0"] = match;
  if (whole === "" && fraction === "") return undefined;
  const digits = whole + fraction;
  // The number of digits before the point after the shift.
  const kept = whole.length + Number(exponent) + decimals;
  if (kept < 0) return { value: 0n, isExact: /^0*$/.test(digits) };
  if (kept >= digits.length) {
    if (kept > 40 && !/^0*$/.test(digits)) return undefined;
    return { value: BigInt(digits.padEnd(Math.min(kept, 40), "0")), isExact: true };
  }
  const cut = digits.slice(kept);
  const value = BigInt(digits.slice(0, kept) || "0");
  return { value: cut.charCodeAt(0) >= 0x35 ? value + 1n : value, isExact: /^0*$/.test(cut) };
}

const CLOCK = "[0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:[.,][0-9]{1,9})?)?";
const ISO_UTC = new RegExp(`^([0-9]{4}-[0-9]{2}-[0-9]{2})(?:$|[T ]${CLOCK}(?:Z| ?UTC|[+]00(?::?00)?)?$)`);
const ISO_OFFSET = new RegExp(`^([0-9]{4}-[0-9]{2}-[0-9]{2})[T ](${CLOCK})([+-][0-9]{2})(?::?([0-9]{2}))?$`);
/** Year first, as in `2026/3/1`, which is unambiguous. */
const SLASHED = /^([0-9]{4})\/([0-9]{1,2})\/([0-9]{1,2})(?=$|[T ])/;
/** Day first, as in `1.3.2026`: no country that writes dates with points puts the month first. */
const DOTTED = /^([0-9]{1,2})\.([0-9]{1,2})\.([0-9]{4})(?=$|[T ])/;
const EPOCH = /^([0-9]{10}|[0-9]{13}|[0-9]{16})(?:\.[0-9]{1,9})?$/;
const EPOCH_MS_PER: ReadonlyMap<number, number> = new Map([
  [10, 1_000],
  [13, 1],
  [16, 0.001],
]);

/**
 * The UTC day of a time, as `2026-01-31`. Accepts ISO 8601, and seconds, milliseconds or microseconds since 1970. A time
 * without a zone is UTC. `31.1.2026` has the day first; `01/02/2026` is ambiguous, and so `undefined`.
 */
export function dayOf(cell: string): string | undefined {
  const text =
    cell.charCodeAt(4) === SLASH
      ? cell.replace(SLASHED, dashed)
      : cell.charCodeAt(1) === POINT || cell.charCodeAt(2) === POINT
        ? cell.replace(DOTTED, (all, day: string, month: string, year: string) => dashed(all, year, month, day))
        : cell;
  const iso = ISO_UTC.exec(text)?.[1];
  if (iso !== undefined) return isDay(iso) ? iso : undefined;
  const epoch = EPOCH.exec(text)?.[1];
  const ms = epoch === undefined ? offsetMs(text) : Number(epoch) * (EPOCH_MS_PER.get(epoch.length) ?? Number.NaN);
  return Number.isFinite(ms) ? new Date(ms).toISOString().slice(0, 10) : undefined;
}

const SLASH = 0x2f;
const POINT = 0x2e;

function dashed(_all: string, year: string, month: string, day: string): string {
  return `${year}-${month.padStart(2, "0")}-${day.padStart(2, "0")}`;
}

function offsetMs(text: string): number {
  const [, day, clock, hours, minutes = "00"] = ISO_OFFSET.exec(text) ?? [];
  return day === undefined ? Number.NaN : Date.parse(`${day}T${clock?.replace(",", ".")}${hours}:${minutes}`);
}

const knownDays = new Map<string, boolean>();

/** Cached, because files repeat a few days many times. */
function isDay(text: string): boolean {
  let known = knownDays.get(text);
  if (known === undefined) {
    const date = new Date(`${text}T00:00:00Z`);
    known = Number.isFinite(date.getTime()) && date.toISOString().startsWith(text);
    if (knownDays.size < 10_000) knownDays.set(Buffer.from(text).toString(), known);
  }
  return known;
}
