/**
 * The arguments of `torture` and `soak`: which searches, for how long, from which seed.
 * @module
 */
import { parseArgs } from "node:util";
import { searchFiles } from "./runner.ts";

export interface Asked {
  readonly files: readonly string[];
  readonly minutes: number | undefined;
  readonly seed: number | undefined;
  /** Of `soak` alone. */
  readonly rounds: number | undefined;
  readonly roundMinutes: number | undefined;
}

const ROUND_OPTIONS = { rounds: { type: "string" }, "round-minutes": { type: "string" } } as const;

/** Reads the arguments; prints help or what is wrong with them and ends the process where there is nothing to run. */
export function readCommandLine(help: string, isInRounds = false): Asked {
  try {
    const { values, positionals } = parseArgs({
      allowPositionals: true,
      options: {
        minutes: { type: "string" },
        seed: { type: "string" },
        help: { type: "boolean", short: "h" },
        ...(isInRounds ? ROUND_OPTIONS : {}),
      },
    });
    const given: { readonly [option: string]: string | boolean | undefined } = values;
    if (values.help === true) {
      console.log(`${help}\n\nSearches: ${searchNames().join(", ")}.`);
      process.exit(0);
    }
    return {
      files: filesNamed(positionals),
      minutes: numberOf("--minutes", values.minutes, (minutes) => minutes > 0, "a number above 0"),
      seed: numberOf("--seed", values.seed, (seed) => Number.isSafeInteger(seed) && seed >= 0, "a whole number"),
      rounds: numberOf(
        "--rounds",
        given["rounds"],
        (rounds) => Number.isSafeInteger(rounds) && rounds > 0,
        "1 or more",
      ),
      roundMinutes: numberOf("--round-minutes", given["round-minutes"], (minutes) => minutes > 0, "a number above 0"),
    };
  } catch (error) {
    console.error(`${(error as Error).message}\nSee --help.`);
    process.exit(2);
  }
}

/** The searches that are named, or whose names begin so; all when none is named. */
function filesNamed(names: readonly string[]): readonly string[] {
  const files = searchFiles();
  if (names.length === 0) return files;
  const found = names.flatMap((name) => {
    const matching = files.filter((file) => file.startsWith(name));
    if (matching.length === 0) throw new Error(`there is no search "${name}", but ${searchNames().join(", ")}`);
    return matching;
  });
  return [...new Set(found)];
}

function searchNames(): string[] {
  return searchFiles().map((file) => file.replace(/\.ts$/, ""));
}

function numberOf(
  option: string,
  text: string | boolean | undefined,
  isGood: (value: number) => boolean,
  expected: string,
): number | undefined {
  if (typeof text !== "string") return undefined;
  const value = Number(text);
  if (text.trim() === "" || !isGood(value)) throw new Error(`${option} is ${expected}, not "${text}"`);
  return value;
}
