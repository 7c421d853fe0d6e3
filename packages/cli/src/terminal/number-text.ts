/**
 * Counts as text.
 * @module
 */

/** With thousands separators: `1,000,024`. */
export function count(number: number | bigint): string {
  return number.toLocaleString("en");
}

/** A count with its noun: `1 entry`, `2,000 entries`. */
export function counted(number: number, one: string, many: string): string {
  return `${count(number)} ${number === 1 ? one : many}`;
}

const BYTE_UNITS = ["bytes", "KiB", "MiB", "GiB", "TiB"] as const;

/** Bytes in the largest unit that gives a number above 1: `813.4 MiB`. */
export function bytesText(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (value >= 1024 && unit < BYTE_UNITS.length - 1) {
    value /= 1024;
    unit += 1;
  }
  return unit === 0 ? counted(bytes, "byte", "bytes") : `${value.toFixed(1)} ${BYTE_UNITS[unit]}`;
}
