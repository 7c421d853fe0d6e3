/**
 * The file of a data set: the published one, with its checksum, or a larger one that the user names.
 * @module
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { readFileBytes } from "@calybris/engine/internal";
import { CalybrisError, MICROCENTS_PER_DOLLAR } from "@calybris/kernel";
import { parse } from "csv-parse/sync";
import { readChecked } from "./checked-file.ts";

/** The places where a loader may look. */
export interface DataPlace {
  /** The folder with all data sets. */
  readonly directory: string | undefined;
  /** A user's file in the same layout, such as the full set if only a sample is available. It has no checksum. */
  readonly file?: string;
}

export interface KnownFile {
  readonly set: string;
  readonly path: string;
  readonly sha256: string;
}

/**
 * The text of a set's file.
 *
 * @throws CalybrisError `CAL_DATA_MISSING` if it is missing; a plain error if its bytes do not match the checksum.
 */
export async function setText(
  known: KnownFile,
  place: DataPlace,
  encoding: "latin1" | "utf8" = "latin1",
): Promise<string> {
  if (place.file !== undefined) return Buffer.from(await readFileBytes(place.file)).toString(encoding);
  return await knownText(known, place);
}

/** Like {@link setText}, for a file beside the set's main file. */
export async function knownText({ set, path, sha256 }: KnownFile, { directory }: DataPlace): Promise<string> {
  if (directory === undefined)
    throw new CalybrisError("CAL_DATA_MISSING", { set, problem: "no folder of data sets is known" });
  const file = join(directory, path);
  if (!existsSync(file)) throw new CalybrisError("CAL_DATA_MISSING", { set, problem: `there is no ${file}` });
  return await readChecked(file, sha256);
}

/** Rows of a CSV with a header, as objects. */
export function records(text: string): readonly Readonly<Record<string, string>>[] {
  return parse(text, { columns: true, skip_empty_lines: true }) as readonly Record<string, string>[];
}

/** Costs of the tiers of a set without prices: a tenth of a cent and a cent. Only their ratio matters. */
export const PLAIN_COSTS_MICROCENTS: readonly [number, number] = [100_000, 1_000_000];

/** 10,000 if right, else 0. */
export function outcomeBps(isRight: boolean): number {
  return isRight ? 10_000 : 0;
}

const CHARACTERS_PER_TOKEN = 4;
const TOKENS_PER_PRICE = 1_000_000;

/** Price times characters / 4, rounded up to a microcent. Prices are in dollars per million tokens. */
export function costOfCharacters(
  inputCharacters: number,
  outputCharacters: number,
  price: { readonly input: number; readonly output: number },
): number {
  const dollars =
    (inputCharacters * price.input + outputCharacters * price.output) / (CHARACTERS_PER_TOKEN * TOKENS_PER_PRICE);
  return Math.ceil(Number((dollars * Number(MICROCENTS_PER_DOLLAR)).toFixed(6)));
}
