/**
 * Names of time zones. An offset like `+01:00` is not accepted: it has no daylight saving time.
 * @module
 */

const NAME = /^[A-Za-z][A-Za-z0-9_+/-]{0,63}$/;
/** Cache: a check takes 35 µs, and a file may repeat a few of the about 600 zones 100,000 times, in any case. */
const known = new Set<string>();

/** Whether a name is a time zone of the platform's database, case-insensitive. */
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
