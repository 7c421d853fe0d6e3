import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { seededBelow } from "../../../../bench/harness.ts";
import {
  CalybrisError,
  claimsBytes,
  entriesOfBundle,
  entryBundle,
  formatCheckpoint,
  formatCompactReceipt,
  formatNote,
  formatReceiptJson,
  formatSplitView,
  formatVerifierKey,
  formatWitnessRequest,
  parseCheckpoint,
  parseCompactReceipt,
  parseNote,
  parseReceiptJson,
  parseSplitView,
  parseTilePath,
  parseVerifierKey,
  parseWitnessRequest,
  readClaims,
  signatureLine,
  parseSignatureLines,
  tileBytes,
  tileHashes,
  tilePath,
} from "../../src/index.ts";

// Goal: no bytes crash or hang a decoder of a proof, and none are accepted that would not have been written so.
// Method: a corpus of accepted and refused inputs, which other implementations may run; then mutations of it, and texts that
// are made to be slow.

interface Case {
  readonly format: string;
  readonly name: string;
  readonly accepted: boolean;
  readonly text?: string;
  /** Of bytes. */
  readonly hex?: string;
}

const CORPUS = JSON.parse(
  readFileSync(new URL("../../../../conformance/corpus/proof/cases.json", import.meta.url), "utf8"),
) as readonly Case[];

/** Reads and writes again. Where more than one spelling is allowed, both sides are brought to one. */
type Rewrite = (given: Buffer) => { readonly written: string; readonly expected: string };

const text =
  (rewrite: (given: string) => string, canonical = (given: string): string => given): Rewrite =>
  (given) => {
    const decoded = given.toString("utf8");
    return { written: rewrite(decoded), expected: canonical(decoded) };
  };
const bytes =
  (rewrite: (given: Uint8Array) => Uint8Array): Rewrite =>
  (given) => ({
    written: Buffer.from(rewrite(given)).toString("hex"),
    expected: given.toString("hex"),
  });
const utf8Bytes =
  (rewrite: (given: Uint8Array) => string): Rewrite =>
  (given) => ({
    written: Buffer.from(rewrite(given)).toString("hex"),
    expected: given.toString("hex"),
  });

const DECODERS: Readonly<Record<string, Rewrite>> = {
  note: utf8Bytes((given) => formatNote(parseNote(given))),
  "signature-lines": text((given) => parseSignatureLines(given).map(signatureLine).join("")),
  checkpoint: text((given) => {
    const checkpoint = parseCheckpoint(given);
    // Other logs may have an origin that ours could not.
    return formatCheckpoint({ ...checkpoint, origin: "x" }).replace("x", () => checkpoint.origin);
  }),
  "verifier-key": text((given) => formatVerifierKey(parseVerifierKey(given))),
  "witness-request": utf8Bytes((given) => formatWitnessRequest(parseWitnessRequest(given))),
  "tile-path": text((given) => tilePath(parseTilePath(given))),
  "tile-of-2": bytes((given) => tileBytes(tileHashes(given, 2))),
  "bundle-of-2": bytes((given) => entryBundle(entriesOfBundle(given, 2))),
  "receipt-claims": bytes((given) => claimsBytes(readClaims(given))),
  "receipt-compact": text((given) => formatCompactReceipt(parseCompactReceipt(given))),
  "receipt-json": text(
    (given) => sortedJson(formatReceiptJson(parseReceiptJson(given))),
    (given) => sortedJson(given),
  ),
  "split-view": text(
    (given) => sortedJson(formatSplitView(parseSplitView(given))),
    (given) => sortedJson(given),
  ),
};

/** Blanks and the order of members are free. */
function sortedJson(json: string): string {
  return JSON.stringify(JSON.parse(json), (_key, value: unknown) =>
    typeof value === "object" && value !== null && !Array.isArray(value)
      ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
      : value,
  );
}

/** Whether a decoder takes the bytes; anything but a coded refusal or a faithful reading is an error. */
function isAccepted(format: string, given: Buffer): boolean {
  try {
    const { written, expected } = (DECODERS[format] as Rewrite)(given);
    if (written !== expected) expect.fail(`${format} takes ${JSON.stringify(given.toString("utf8"))} for ${written}`);
    return true;
  } catch (error) {
    if (error instanceof CalybrisError && error.code === "CAL_PROOF_MALFORMED") return false;
    throw error;
  }
}

const bytesOf = ({ text: given, hex }: Case): Buffer =>
  hex === undefined ? Buffer.from(given ?? "") : Buffer.from(hex, "hex");

describe("the corpus", () => {
  test("has accepted and refused inputs of every format", () => {
    for (const format of Object.keys(DECODERS))
      expect(
        new Set(CORPUS.filter((each) => each.format === format).map(({ accepted }) => accepted)).size,
        format,
      ).toBe(2);
    expect(CORPUS.filter(({ format }) => !(format in DECODERS))).toEqual([]);
  });

  test.each(CORPUS.map((each): [string, string, Case] => [each.format, each.name, each]))(
    "%s: %s",
    (format, _name, each) => {
      expect(isAccepted(format, bytesOf(each))).toBe(each.accepted);
    },
  );
});

const PIECES = [
  "\n",
  "\n\n",
  "\r",
  "\0",
  " ",
  "— ",
  "=",
  "==",
  "A",
  "/",
  "+",
  "x",
  "0",
  "00",
  ".",
  '"',
  "\\u0000",
  "{",
  "[",
  "é",
  "\u2028",
];

/** One to three times: flips a bit, sets a byte, drops, doubles or inserts something, or goes on with another seed. */
function mutated(seed: Buffer, other: Buffer, below: (limit: number) => number): Buffer {
  let given = seed;
  for (let times = 1 + below(3); times > 0; times--) {
    const at = below(given.length + 1);
    const [head, tail] = [given.subarray(0, at), given.subarray(at)];
    const change = below(7);
    if (change === 0 && tail.length > 0)
      given = Buffer.concat([head, Buffer.from([(tail[0] ?? 0) ^ (1 << below(8))]), tail.subarray(1)]);
    else if (change === 1 && tail.length > 0)
      given = Buffer.concat([head, Buffer.from([below(256)]), tail.subarray(1)]);
    else if (change === 2) given = Buffer.concat([head, tail.subarray(1 + below(4))]);
    else if (change === 3) given = Buffer.concat([head, tail.subarray(0, 1 + below(40)), tail]);
    else if (change === 4) given = head;
    else if (change === 5) given = Buffer.concat([head, other.subarray(below(other.length + 1))]);
    else given = Buffer.concat([head, Buffer.from(PIECES[below(PIECES.length)] ?? ""), tail]);
  }
  return given;
}

test.each(Object.keys(DECODERS))(
  "mutations of the corpus neither crash %s nor are accepted in another form",
  (format) => {
    const seeds = CORPUS.filter((each) => each.format === format).map(bytesOf);
    const valid = CORPUS.filter((each) => each.format === format && each.accepted).map(bytesOf);
    const below = seededBelow(12);
    const pick = (from: readonly Buffer[]): Buffer => from[below(from.length)] as Buffer;
    let refused = 0;
    for (let run = 0; run < 1_500; run++) {
      const given = mutated(pick(below(3) === 0 ? seeds : valid), pick(seeds), below);
      if (!isAccepted(format, given)) refused += 1;
    }
    expect(refused).toBeGreaterThan(700);
    for (let run = 0; run < 300; run++)
      isAccepted(format, Buffer.from(Array.from({ length: below(60) }, () => below(256))));
  },
);

test("a decoder takes time in proportion to what it reads", () => {
  const size = 400_000;
  const filled = [
    "\n",
    "—",
    "— ",
    "— a ",
    "A",
    "=",
    "+",
    " ",
    "0",
    "x001/",
    ".",
    "[",
    '{"a":',
    '"',
    "\\",
    "\u2003",
    "old 1\n",
    "\u00ff",
  ];
  const prefixes = [
    "",
    "x\n\n",
    "x\n\n— ",
    "x\n\n— a ",
    "tile/0/",
    "old 0\n",
    "calyrcp1.",
    '{"claims":',
    "name+00000000+",
  ];
  for (const format of Object.keys(DECODERS)) {
    for (const fill of filled) {
      for (const prefix of prefixes) {
        const given = Buffer.from(prefix + fill.repeat(size / 100 / fill.length));
        isAccepted(format, given);
      }
      const before = process.threadCpuUsage();
      isAccepted(format, Buffer.from(fill.repeat(size / fill.length)));
      // A hundred times as long takes milliseconds; a quadratic reader would take minutes.
      const { user, system } = process.threadCpuUsage(before);
      expect((user + system) / 1_000, `${format}: ${JSON.stringify(fill)}`).toBeLessThan(5_000);
    }
  }
});
