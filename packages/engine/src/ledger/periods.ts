/**
 * Calendar periods: the start and end of the period that contains a time, in the tenant's time zone. The boundaries are
 * journaled with the period, so nothing that is folded or verified depends on a time zone database.
 *
 * `temporal-polyfill` implements TC39 Temporal, with daylight saving time and days without a midnight; it can be removed
 * once Node has Temporal.
 * @module
 */
import type { PeriodRule, PeriodUnit } from "@calybris/kernel";
import { Temporal } from "temporal-polyfill";
import type { Period } from "./account.ts";

const US_PER_MS = 1_000;

/**
 * The period that contains a time, numbered after the one before; skipped periods are counted. Periods of one rule never
 * overlap, even if the time zone database has changed since the last one began.
 *
 * @param at - microseconds since the Unix epoch; not before the end of the period before.
 * @param ruleBefore - the rule of the period before.
 */
export function periodAt(rule: PeriodRule, at: number, before: Period | undefined, ruleBefore?: PeriodRule): Period {
  const start = startOf(rule.every, zoned(rule.timeZone, at));
  const end = start.add(LENGTH[rule.every]).startOfDay();
  const startsAt = start.epochMilliseconds * US_PER_MS;
  const endsAt = end.epochMilliseconds * US_PER_MS;
  if (before === undefined) return { index: 1, startsAt, endsAt };
  const isSameRule = ruleBefore?.every === rule.every && ruleBefore.timeZone === rule.timeZone;
  return {
    index: before.index + 1 + skippedBetween(rule, before.endsAt, start),
    startsAt: isSameRule ? Math.max(startsAt, before.endsAt) : startsAt,
    endsAt,
  };
}

const LENGTH: Readonly<Record<PeriodUnit, Temporal.DurationLike>> = Object.freeze({
  day: { days: 1 },
  week: { days: 7 },
  month: { months: 1 },
  quarter: { months: 3 },
});

const MONTHS_PER_QUARTER = 3;

function zoned(timeZone: string, at: number): Temporal.ZonedDateTime {
  return Temporal.Instant.fromEpochMilliseconds(Math.floor(at / US_PER_MS)).toZonedDateTimeISO(timeZone);
}

/** Weeks begin on Monday (ISO 8601). */
function startOf(unit: PeriodUnit, at: Temporal.ZonedDateTime): Temporal.ZonedDateTime {
  const day = at.startOfDay();
  switch (unit) {
    case "day":
      return day;
    case "week":
      return day.subtract({ days: day.dayOfWeek - 1 }).startOfDay();
    case "month":
      return day.with({ day: 1 }).startOfDay();
    case "quarter":
      return day.with({ day: 1, month: day.month - ((day.month - 1) % MONTHS_PER_QUARTER) }).startOfDay();
  }
}

/** An end computed with an older time zone database may be some hours off midnight; it still belongs to the nearest day. */
const HALF_A_DAY_US = 12 * 3_600 * 1_000_000;

/** Number of whole periods between the end of one and the start of another. */
function skippedBetween(rule: PeriodRule, endsAt: number, start: Temporal.ZonedDateTime): number {
  if (endsAt >= start.epochMilliseconds * US_PER_MS) return 0;
  const end = zoned(rule.timeZone, endsAt + HALF_A_DAY_US);
  const [from, to] = [startOf(rule.every, end).toPlainDate(), start.toPlainDate()];
  switch (rule.every) {
    case "day":
      return from.until(to, { largestUnit: "days" }).days;
    case "week":
      return Math.floor(from.until(to, { largestUnit: "days" }).days / 7);
    case "month":
      return from.until(to, { largestUnit: "months" }).months;
    case "quarter":
      return Math.floor(from.until(to, { largestUnit: "months" }).months / MONTHS_PER_QUARTER);
  }
}
