/**
 * An amount of money on the command line: one of `--dollars 2.50`, `--cents` or `--microcents`.
 * @module
 */
import { type MoneyField, readMoney } from "@calybris/engine/internal";
import { I64_MAX, MONEY_UNITS, type MoneyUnit } from "@calybris/kernel";
import { EngineError } from "@calybris/engine";
import type { Command } from "commander";

/** The three options under Commander's names. */
export interface AmountGiven {
  readonly dollars?: string;
  readonly cents?: string;
  readonly microcents?: string;
  readonly actualDollars?: string;
  readonly actualCents?: string;
  readonly actualMicrocents?: string;
}

/** The largest unit first. */
const UNITS: readonly MoneyUnit[] = MONEY_UNITS.toReversed();
const EXAMPLES: Readonly<Record<MoneyUnit["name"], string>> = { dollars: " (like 2.50)", cents: "", microcents: "" };
/** The stem of member names; the unit is the last word. */
const STEM = "amount";

/** Adds the three options; `prefix` is `actual-` or empty. */
export function amountOptions(command: Command, prefix: "" | "actual-", what: string): Command {
  for (const { name } of UNITS) command.option(`--${prefix}${name} <amount>`, `${what} in ${name}${EXAMPLES[name]}`);
  return command;
}

/**
 * Microcents.
 *
 * @throws CalybrisError `CAL_LEDGER_INVALID` naming the option, unless exactly one is given, from `least` to 2^63−1.
 */
export function amountGiven(given: AmountGiven, prefix: "" | "actual-", least: bigint): bigint {
  const members: { [key: string]: string | undefined } = {};
  for (const unit of UNITS) members[`${STEM}${unit.suffix}`] = given[keyOf(prefix, unit)];
  const field: MoneyField = { stem: STEM, suffix: "", minMicrocents: least, maxMicrocents: I64_MAX };
  const reading = readMoney(members, field);
  if (reading !== undefined && "microcents" in reading) return reading.microcents;
  const flag = (key: string): string => `--${prefix}${key.slice(STEM.length).toLowerCase()}`;
  const mistake = reading?.mistake ?? {
    path: `${STEM}Dollars`,
    problem: "is missing",
    remedy: `Write --${prefix}dollars, --${prefix}cents or --${prefix}microcents.`,
  };
  const problem = mistake.problem.replace(/\bamount(?:Dollars|Cents|Microcents)\b/, flag);
  throw new EngineError("CAL_LEDGER_INVALID", { mistakes: [{ ...mistake, path: flag(mistake.path), problem }] });
}

function keyOf(prefix: "" | "actual-", { name, suffix }: MoneyUnit): keyof AmountGiven {
  return prefix === "" ? name : `actual${suffix}`;
}
