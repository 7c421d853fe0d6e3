/** An export that was damaged anywhere is read or refused, and whatever is read of it adds up. @module */
import { CalybrisError } from "@calybris/kernel";
import type { SavingsReport } from "@calybris/savings";
import { seededBelow } from "../../bench/harness.ts";
import { reportOf, SAMPLES } from "../../packages/savings/test/exports.ts";
import type { Budget, Found } from "./search.ts";

export const name = "damaged exports of usage";

const CASES = 300_000;
const CODES = new Set(["CAL_INPUT_MALFORMED", "CAL_USAGE_UNRECOGNISED"]);
const TEXTS = Object.values(SAMPLES);
/** What damages exports: delimiters, quotes, line ends, signs, exponents, bytes that are no UTF-8. */
const PIECES = [
  ",",
  '"',
  '""',
  "\n",
  "\r\n",
  "\r",
  "\0",
  ";",
  "\t",
  "-",
  "1e9",
  "1e-9",
  "NaN",
  ".",
  "{",
  "}",
  "[",
  "]",
  "\uFEFF",
  "é",
  "\u2028",
];
const DAMAGES_MAX = 6;

export async function run({ seed, milliseconds, progress }: Budget): Promise<Found> {
  const endMs = performance.now() + milliseconds;
  const below = seededBelow(seed);
  let [cases, refused] = [0, 0];
  while (cases < CASES && performance.now() < endMs) {
    const text = damaged(TEXTS[below(TEXTS.length)] as string, below);
    const chunkBytes = 1 + below(200);
    try {
      requireSums(await reportOf(text, {}, chunkBytes));
    } catch (error) {
      if (!(error instanceof CalybrisError) || !CODES.has(error.code))
        throw new Error(
          `seed ${seed}, case ${cases}, in chunks of ${chunkBytes}: ${JSON.stringify(text.toString("latin1"))}`,
          { cause: error },
        );
      refused += 1;
    }
    cases += 1;
    if (cases % 1_000 === 0) progress?.(`${cases} exports`);
  }
  return { cases, summary: `${cases - refused} exports read, ${refused} refused` };
}

function damaged(text: string, below: (limit: number) => number): Buffer {
  let bytes = Buffer.from(text);
  // A damaged header is mostly refused, so three of four are left whole.
  const body = below(4) === 0 ? 0 : text.indexOf("\n") + 1;
  for (let damage = 0; damage <= below(DAMAGES_MAX); damage += 1) {
    const place = (): number => Math.min(bytes.length, body + below(Math.max(1, bytes.length - body + 1)));
    const [from, to] = [place(), place()].sort((a, b) => a - b) as [number, number];
    const piece = Buffer.from(PIECES[below(PIECES.length)] as string);
    switch (below(5)) {
      case 0: // something put in between
        bytes = Buffer.concat([bytes.subarray(0, from), piece, bytes.subarray(from)]);
        break;
      case 1: // a part lost
        bytes = Buffer.concat([bytes.subarray(0, from), bytes.subarray(to)]);
        break;
      case 2: // a part twice
        bytes = Buffer.concat([bytes.subarray(0, to), bytes.subarray(from)]);
        break;
      case 3: // a bit flipped
        if (from < bytes.length) bytes[from] = (bytes[from] ?? 0) ^ (1 << below(8));
        break;
      default: // cut off
        bytes = bytes.subarray(0, to);
    }
  }
  return bytes;
}

function requireSums({
  total,
  models,
  unknownModels,
  days,
  tags,
  curve,
  comparableMicrocents,
  chosen,
}: SavingsReport): void {
  for (const list of [[...models, ...unknownModels], days, tags]) {
    const paid = list.reduce((sum, each) => sum + each.paidMicrocents, 0n);
    const rows = list.reduce((sum, each) => sum + each.rows, 0);
    if (paid !== total.paidMicrocents || rows !== total.rows) throw new Error(`a sum is ${paid} over ${rows} rows`);
  }
  let saved = 0n;
  for (const { savedMicrocents } of curve) {
    if (savedMicrocents < saved || savedMicrocents > comparableMicrocents)
      throw new Error(`a floor saves ${savedMicrocents}`);
    saved = savedMicrocents;
  }
  for (const { askedMicrocents, costMicrocents } of chosen?.flows ?? [])
    if (costMicrocents > askedMicrocents) throw new Error(`${costMicrocents} is more than ${askedMicrocents}`);
}
