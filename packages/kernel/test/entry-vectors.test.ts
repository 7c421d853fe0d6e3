import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { CalybrisError, laterStageOf, parseEntryBody, parseEntryHead } from "../src/index.ts";

// Goal: each kind beside genesis and decisions is read in exactly the form in which it is written, and what belongs to a later
// stage is distinguished from what is wrong. Method: vectors, one entry a line.

interface Vector {
  readonly name: string;
  readonly reads: "yes" | "unsupported" | "no";
  readonly data: string;
}

const FILE = join(import.meta.dirname, "../../../conformance/vectors/entries.jsonl");
const VECTORS = readFileSync(FILE, "utf8")
  .trimEnd()
  .split("\n")
  .map((line): Vector => JSON.parse(line));

function verdictOf(data: string): Vector["reads"] {
  const head = parseEntryHead(data);
  if (head === undefined) return "no";
  try {
    const body = parseEntryBody(head, data, () => {
      throw new RangeError("no decision is read");
    });
    return body === undefined || laterStageOf(body) !== undefined ? "unsupported" : "yes";
  } catch (error) {
    if (!(error instanceof CalybrisError)) throw error;
    return error.code === "CAL_JOURNAL_MEMBER_UNKNOWN" ? "unsupported" : "no";
  }
}

test.each(VECTORS)("an entry with $name is read: $reads", ({ data, reads }) => {
  expect(verdictOf(data)).toBe(reads);
});
