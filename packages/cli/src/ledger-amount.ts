/**
 * An amount of money on the command line: `--dollars 2.50`, `--cents` or `--microcents`, one of them.
 * @module
 */
import { type MoneyField, readMoney } from "@calybris/engine";
import { CalybrisError, I64_MAX } from "@calybris/kernel";
import type { Command } from "commander";

/** The three options as commander names what they were given. */
export interface AmountGiven {
  readonly dollars?: string;
  readonly cents?: string;
  readonly microcents?: string;
  readonly actualDollars?: string;
  readonly actualCents?: string;
  readonly actualMicrocents?: string;
}

const UNITS = ["dollars", "cents", "microcents"] as const;
const PLACES: Readonly<Record<(typeof UNITS)[number], string>> = { dollars: " (like 2.50)", cents: "", microcents: "" };
/** What the reader of money calls an amount; each unit stands at its end. */
const STEM = "amount";

/** Adds the three options; `prefix` is `actual-` or nothing. */
export function amountOptions(command: Command, prefix: "" | "actual-", what: string): Command {
  for (const unit of UNITS) command.option(`--${prefix}${unit} <amount>`, `${what} in ${unit}${PLACES[unit]}`);
  return command;
}

/**
 * Microcents.
 *
 * @throws CalybrisError `CAL_LEDGER_INVALID` naming the option, unless one is given and holds `least` to 2^63−1.
 */
export function amountGiven(given: AmountGiven, prefix: "" | "actual-", least: bigint): bigint {
  const members: { [key: string]: string | undefined } = {};
  for (const unit of UNITS) members[`${STEM}${capital(unit)}`] = given[keyOf(prefix, unit)];
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
  throw new CalybrisError("CAL_LEDGER_INVALID", { mistakes: [{ ...mistake, path: flag(mistake.path), problem }] });
}

function keyOf(prefix: "" | "actual-", unit: (typeof UNITS)[number]): keyof AmountGiven {
  return prefix === "" ? unit : (`actual${capital(unit)}` as keyof AmountGiven);
}

function capital(word: string): string {
  return word.charAt(0).toUpperCase() + word.slice(1);
}
