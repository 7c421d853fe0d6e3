/**
 * Names of time zones. An offset like `+01:00` is none: it knows no daylight saving time.
 * @module
 */

const NAME = /^[A-Za-z][A-Za-z0-9_+/-]{0,63}$/;
/** Asking takes 35 µs, and a file may name the same few zones 100,000 times, in any case. There are some 600. */
const known = new Set<string>();

/** Whether a name is that of a time zone in the platform's database, in upper or lower case. */
export function isTimeZone(name: string): boolean {
  if (!NAME.test(name)) return false;
  const key = name.toLowerCase();
  if (known.has(key)) return true;
  try {
    new Intl.DateTimeFormat("en", { timeZone: name });
  } catch {
    return false;
  }
  known.add(key);
  return true;
}
