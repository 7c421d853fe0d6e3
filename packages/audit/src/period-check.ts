/**
 * Checks that a period fits its rule, without a time zone database: it is as long as its unit, has begun, and neither
 * overlaps the previous period nor skips more than the gap allows. So a budget cannot be refilled with short or old periods.
 * @module
 */
import type { PeriodEntry, PeriodRule, PeriodUnit } from "@calybris/kernel";
import type { Period } from "./account.ts";

const HOUR_US = 3_600 * 1_000_000;
const DAY_US = 24 * HOUR_US;

interface Length {
  readonly leastUs: number;
  readonly mostUs: number;
}

/**
 * Calendar lengths, with a tolerance for a zone's shift during the period. Over all zones from 2018 to 2027 the shortest day
 * has 21 hours and the longest 27 (Antarctica/Casey); a country that crosses the date line skips a day (Apia, 2011).
 */
const LENGTHS: Readonly<Record<PeriodUnit, Length>> = Object.freeze({
  day: { leastUs: 20 * HOUR_US, mostUs: 28 * HOUR_US },
  week: { leastUs: 6 * DAY_US - 4 * HOUR_US, mostUs: 7 * DAY_US + 4 * HOUR_US },
  month: { leastUs: 27 * DAY_US - 4 * HOUR_US, mostUs: 31 * DAY_US + 4 * HOUR_US },
  quarter: { leastUs: 89 * DAY_US - 4 * HOUR_US, mostUs: 92 * DAY_US + 4 * HOUR_US },
});

/** The engine reads the clock once for the period and once for its entry: midnight, or a short pause, may lie between. */
export const CLOCK_SLACK_US: number = 60 * 1_000_000;

/** The previous period, and the rule under which it began. */
export interface PeriodBefore {
  readonly period: Period;
  readonly rule: PeriodRule | undefined;
}

/** The expected period, and the one found. */
export type PeriodFault = readonly [expected: string, found: string];

/** @param at - time of the entry, in microseconds since the Unix epoch. */
export function* periodFaults(
  entry: PeriodEntry,
  rule: PeriodRule,
  before: PeriodBefore | undefined,
  at: number,
): Generator<PeriodFault> {
  const { index, startsAt, endsAt } = entry;
  const { leastUs, mostUs } = LENGTHS[rule.every];
  const lengthUs = endsAt - startsAt;
  if (lengthUs < leastUs || lengthUs > mostUs)
    yield [`a ${rule.every} of ${hours(leastUs)} to ${hours(mostUs)} hours`, `${hours(lengthUs)} (${lengthUs} µs)`];
  if (at < startsAt || at >= endsAt + CLOCK_SLACK_US)
    yield [`a period that contains ${at}`, `one from ${startsAt} to ${endsAt}`];
  if (before === undefined) {
    if (index !== 1) yield ["period 1 as the first", `period ${index}`];
    return;
  }
  const isSameRule = before.rule?.every === rule.every && before.rule.timeZone === rule.timeZone;
  if (isSameRule && startsAt < before.period.endsAt)
    yield [`a start at ${before.period.endsAt} or later, where the last period ended`, `${startsAt}`];
  const skipped = index - before.period.index - 1;
  if (!fits(startsAt - before.period.endsAt, skipped, rule.every, isSameRule ? 0 : 1))
    yield [`an index that counts the periods since ${before.period.endsAt}`, `period ${index}, which skips ${skipped}`];
}

/** Whether the number of periods fits into a gap. Under another rule, the first of them may have begun before it. */
function fits(gapUs: number, count: number, unit: PeriodUnit, slack: number): boolean {
  const { leastUs, mostUs } = LENGTHS[unit];
  const shiftUs = 4 * HOUR_US;
  const isEnough = count <= slack || gapUs >= (count - slack) * leastUs - shiftUs;
  return isEnough && gapUs <= (count + slack) * mostUs + shiftUs;
}

function hours(us: number): string {
  return (us / HOUR_US).toFixed(2).replace(/\.?0+$/, "");
}
