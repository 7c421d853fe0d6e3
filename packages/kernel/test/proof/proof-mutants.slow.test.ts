import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import * as kernel from "../../src/index.ts";
import { loadPlanted, type Stripped, stripSources } from "../planted-copy.ts";
import { EXAMS } from "./proof-exam.ts";
import { somePlanted } from "../../../../test/share.ts";

// Goal: a slip in any rule of proofs contradicts something that is claimed of them.
// Method: the sources are copied, one piece of text is replaced, and the copy takes the exam of proof-exam.ts.
const SOURCES = fileURLToPath(new URL("../../src/", import.meta.url));

const MUTANTS: readonly (readonly [fault: string, file: string, from: string, to: string])[] = [
  ["a node is hashed as a leaf", "merkle", "nodeScratch[0] = 1", "nodeScratch[0] = 0"],
  ["a root leaves out a subtree", "merkle", "this.#hashes.length - 2", "this.#hashes.length - 3"],
  ["a path may end below the root", "merkle-check", "return sn === 0n && equalBytes(found", "return equalBytes(found"],
  ["a leaf may be just outside the tree", "merkle-check", "leafIndex >= treeSize", "leafIndex > treeSize"],
  ["the first root is not checked", "merkle-check", "equalBytes(first, firstRoot) && ", ""],
  ["the second root is not checked", "merkle-check", " && equalBytes(second, secondRoot)", ""],
  ["a proof from nothing may hold anything", "merkle-check", "return proof.length === 0;", "return true;"],
  [
    "the empty tree may have any root",
    "merkle-check",
    "firstSize === 0n && !equalBytes(firstRoot",
    "false && !equalBytes(firstRoot",
  ],
  ["a growing proof begins with nothing", "merkle-proof", "if (!isWholeFirst)", "if (isWholeFirst)"],
  ["a bundle may hold fewer entries", "tiles", "if (entries.length !== width)", "if (entries.length > width)"],
  ["a tile may be longer", "tiles", "bytes.byteLength !== width * HASH_BYTES", "bytes.byteLength < 0"],
  ["a path may have superfluous zeros", "tiles", "tilePath(tile) !== path", "false"],
  ["a note is divided at its first blank line", "signed-note", "whole.lastIndexOf(DIVIDER)", "whole.indexOf(DIVIDER)"],
  ["a signature may be empty", "signed-note", "bytes.byteLength <= KEY_ID_BYTES", "bytes.byteLength < KEY_ID_BYTES"],
  ["bits under the padding are dropped", "base64", "(bits & ((1 << held) - 1)) === 0 ? bytes : undefined", "bytes"],
  ["a key may have the ID of another", "note-key", "found.keyId !== keyId", "false"],
  ["a witness's key signs as a log", "note-key", '[4, "cosignature"]', '[4, "ed25519"]'],
  [
    "a wrong signature is ignored",
    "note-signing",
    "if (found === undefined) throw",
    "if (found === undefined) continue;\n    if (false) throw",
  ],
  ["a note without a known key opens", "note-signing", "verified.length === 0", "verified.length < 0"],
  ["a key is known by its ID alone", "note-signing", "name === signature.name && keyId", "keyId"],
  ["a checkpoint may have more lines", "checkpoint", "lines.length !== 4", "lines.length < 4"],
  [
    "a size may be beyond 64 bits",
    "checkpoint",
    "return treeSize <= U64_MAX ? treeSize : undefined",
    "return treeSize",
  ],
  ["a witness refuses the size it has", "witness", "oldSize > claimed.treeSize", "oldSize >= claimed.treeSize"],
  ["a witness forgets entries", "witness", "oldSize !== state.treeSize", "oldSize > state.treeSize"],
  ["a witness believes a log", "witness", "!isConsistent(grown, hash)", "false"],
  [
    "a fork at the same size is no conflict",
    "witness",
    "oldSize === claimed.treeSize && !equalBytes",
    "false && !equalBytes",
  ],
  ["a signer is known by its key alone", "provenance", "id === signerId && equalBytes", "equalBytes"],
  ["a signature is not verified", "provenance", "!(await verify(signer.publicKey, message, bytes))", "false"],
  ["a revoked key signs at its last moment", "provenance", "signedAtMs >= validUntilMs", "signedAtMs > validUntilMs"],
  ["a key is valid a moment late", "provenance", "signedAtMs < validFromMs", "signedAtMs <= validFromMs"],
  ["policies and receipts share a tag", "provenance", 'receipt: "calyrcs1"', 'receipt: "calysig1"'],
  ["a receipt may say that it does not replay", "receipt", "!claims.isReplayValid", "false"],
  ["a path may be that of another entry", "receipt", "inclusion.leafIndex !== claims.log.sequence - 1n", "false"],
  ["an inclusion is not checked", "receipt", "!isIncluded(claim, hash)", "false"],
  ["claims may go on", "receipt-claims", "  reader.end();\n", ""],
  ["a presence byte may be 2", "byte-reader", "if (value > 1)", "if (value > 2)"],
  ["a JSON number may be a float", "receipt-json", "if (/[0-9][.eE]|-0/.test(", 'if (/^$/.test("x" + '],
  ["of equals the later is preferred", "certificate", "one.index < other.index", "one.index > other.index"],
  ["a choice is compared with itself", "certificate", "index === exceptIndex || ", ""],
  ["an altered decision is established", "certificate", "isEstablished: isReplayed && (", "isEstablished: ("],
  [
    "a boundary is one step off",
    "winning-change",
    "loses - wins > 1n || wins - loses > 1n",
    "loses - wins > 2n || wins - loses > 2n",
  ],
];

test.each(Object.entries(EXAMS))("the sources themselves pass the exam of %s", async (_what, exam) => {
  expect(await exam(kernel)).toBe(true);
});

test("the text of each planted bug stands once in its file", async () => {
  for (const [fault, file, from] of MUTANTS) {
    const text = await readFile(join(SOURCES, "proof", `${file}.ts`), "utf8");
    expect([fault, text.split(from).length - 1]).toEqual([fault, 1]);
  }
});

describe("a slip in a proof is noticed", () => {
  let folder: string;
  let stripped: Stripped;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "calybris-proof-mutants-"));
    stripped = await stripSources();
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  test.each(somePlanted(MUTANTS, 12))("%s (%s)", async (fault, file, from, to) => {
    const copy = join(folder, fault.replaceAll(/[^a-z0-9]/gi, "-"));
    const planted = { file: `proof/${file}`, from, to };
    const altered = await loadPlanted<typeof kernel>(stripped, planted, copy, "index");
    expect(await firstFailed(altered)).toBeDefined();
  });

  test("but nothing where none was made", async () => {
    const same = 'export * from "./actor.ts";';
    const planted = { file: "index", from: same, to: same };
    const unaltered = await loadPlanted<typeof kernel>(stripped, planted, join(folder, "unaltered"), "index");
    expect(await firstFailed(unaltered)).toBeUndefined();
  });
});

/** An exam that the sources do not pass. The longest comes last: another fails for most bugs. */
async function firstFailed(altered: typeof kernel): Promise<string | undefined> {
  const exams = Object.entries(EXAMS).toSorted(([a], [b]) => Number(a === "proofs") - Number(b === "proofs"));
  for (const [what, exam] of exams) {
    try {
      if (!(await exam(altered))) return what;
    } catch {
      // A crash is noticed as well.
      return what;
    }
  }
  return undefined;
}
