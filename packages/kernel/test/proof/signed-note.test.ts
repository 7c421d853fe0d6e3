import { webcrypto } from "node:crypto";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { caseCount } from "../../../../test/share.ts";
import {
  CalybrisError,
  cosignNote,
  emptyRoot,
  formatCheckpoint,
  formatNote,
  formatSignerKey,
  formatVerifierKey,
  fromBase64,
  fromBase64Url,
  isKeyName,
  type NoteSignature,
  openNote,
  parseCheckpoint,
  parseNote,
  parseSignerKey,
  parseVerifierKey,
  signatureLine,
  signerCount,
  signNote,
  toBase64,
  toBase64Url,
  verifierKey,
  webCryptoVerifier,
} from "../../src/index.ts";
import {
  LOG_KEY,
  LOG_LINE,
  LOG_SIGNER_KEY,
  TEXT,
  WITNESS_KEY,
  WITNESS_LINE,
  WITNESS_SIGNER_KEY,
} from "./interop-note.ts";
import { alterEveryByte } from "./note-trials.ts";
import { signerOf, verifyOfPlatform } from "./platform-ed25519.ts";

const NOTE = `${TEXT}\n${LOG_LINE}${WITNESS_LINE}`;
const [log, witness] = [parseVerifierKey(LOG_KEY), parseVerifierKey(WITNESS_KEY)];

function codeOf(run: () => unknown): string | undefined {
  try {
    run();
    return undefined;
  } catch (error) {
    return (error as CalybrisError).code;
  }
}

async function codeOfOpening(note: string | Uint8Array, keys = [log, witness]): Promise<string | undefined> {
  try {
    await openNote(note, keys, verifyOfPlatform);
    return undefined;
  } catch (error) {
    return (error as CalybrisError).code;
  }
}

describe("what other implementations wrote", () => {
  test("a note of the Go implementations opens with both keys, by Node's Ed25519 and by Web Cryptography", async () => {
    for (const verify of [verifyOfPlatform, webCryptoVerifier(webcrypto.subtle)]) {
      const { note, verified } = await openNote(NOTE, [log, witness], verify);
      expect(note.text).toBe(TEXT);
      expect(verified.map(({ key, timeSeconds }) => [key.name, timeSeconds])).toEqual([
        ["calybris.example/interop", undefined],
        ["witness.example", 0x6ab77f1dn],
      ]);
    }
  });

  test("our signatures of the same text are the same bytes", async () => {
    const signers = [LOG_SIGNER_KEY, WITNESS_SIGNER_KEY].map((key) => signerOf(parseSignerKey(key).seed));
    const [logSigner, witnessSigner] = signers as [(typeof signers)[0], (typeof signers)[0]];
    expect(signatureLine(await signNote(TEXT, log.name, logSigner))).toBe(LOG_LINE);
    expect(signatureLine(await cosignNote(TEXT, witness.name, 0x6ab77f1dn, witnessSigner))).toBe(WITNESS_LINE);
  });

  test("the note of the Go documentation opens", async () => {
    // golang.org/x/mod/sumdb/note, package documentation.
    const key = parseVerifierKey("PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW");
    const note =
      "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n\n" +
      "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n";
    expect((await openNote(note, [key], verifyOfPlatform)).verified.length).toBe(1);
  });

  test.each([
    [LOG_KEY, "ed25519"],
    [WITNESS_KEY, "cosignature"],
    ["TEST+7997405c+AQcC+FTVKf0jlTdHDY3rbevmnKxxPjigCXlVtGe6RIr6", "ed25519"],
    ["remora.n621.de+da77ade7+BOvN63jn/bLvkieywe8R6UYAtVtNbZpXh34x7onlmtw2", "cosignature"],
  ])("the key %s is read, and written again", (text, type) => {
    const key = parseVerifierKey(text);
    expect(key.type).toBe(type);
    expect(formatVerifierKey(key)).toBe(text);
  });

  test.each([LOG_SIGNER_KEY, WITNESS_SIGNER_KEY])("a private key is read, its ID is that of its public key", (text) => {
    const key = parseSignerKey(text);
    expect(verifierKey(key.name, key.type, signerOf(key.seed).publicKey).keyId).toBe(key.keyId);
    expect(formatSignerKey(key)).toBe(text);
  });
});

describe("a key", () => {
  test.each([
    "",
    "name",
    "name+34f7ffcf",
    "name+34f7ffcf+",
    "+34f7ffcf+AdBKsjJ0K7SrOhNovUYV5ObQIkq3GgFrr4UgozLJd4c3",
    "calybris.example/interop+34f7ffce+AdBKsjJ0K7SrOhNovUYV5ObQIkq3GgFrr4UgozLJd4c3",
    "calybris.example/interop+34F7FFCF+AdBKsjJ0K7SrOhNovUYV5ObQIkq3GgFrr4UgozLJd4c3",
    "calybris.example/inter op+34f7ffcf+AdBKsjJ0K7SrOhNovUYV5ObQIkq3GgFrr4UgozLJd4c3",
    "calybris.example/interop+34f7ffcf+AdBKsjJ0K7SrOhNovUYV5ObQIkq3GgFrr4UgozLJd4c",
    "calybris.example/interop+34f7ffcf+AtBKsjJ0K7SrOhNovUYV5ObQIkq3GgFrr4UgozLJd4c3",
    "calybris.example/interop+34f7ffcf+AdBKsjJ0K7SrOhNovUYV5ObQIkq3GgFrr4UgozLJd4c3\n",
    "rekor.sigstore.dev+12345678+AwEB",
  ])("%j is refused", (text) => {
    expect(codeOf(() => parseVerifierKey(text))).toBe("CAL_PROOF_MALFORMED");
  });

  test("that is private is not in the error about it", () => {
    const secret = LOG_SIGNER_KEY.slice(0, -1);
    expect(() => parseSignerKey(secret)).toThrow(/^(?!.*ERER).*$/);
  });
});

describe("a note", () => {
  test("with an unknown key is rejected, also when name or ID is that of a known one", async () => {
    expect(await codeOfOpening(NOTE, [])).toBe("CAL_PROOF_REJECTED");
    expect(await codeOfOpening(NOTE, [{ ...log, name: "another" }])).toBe("CAL_PROOF_REJECTED");
    expect(await codeOfOpening(NOTE, [{ ...log, keyId: log.keyId ^ 1 }])).toBe("CAL_PROOF_REJECTED");
    expect(await codeOfOpening(NOTE, [witness])).toBeUndefined();
  });

  test("with one wrong signature of a known key is rejected, although another verifies", async () => {
    const other = signerOf(new Uint8Array(32).fill(3));
    const forged = { ...(await signNote(TEXT, log.name, other)), keyId: log.keyId };
    expect(await codeOfOpening(`${NOTE}${signatureLine(forged)}`)).toBe("CAL_PROOF_REJECTED");
    expect(await codeOfOpening(`${NOTE}${signatureLine({ ...forged, keyId: 1 })}`)).toBeUndefined();
  });

  test("is signed by as many as have different keys", async () => {
    const signer = signerOf(parseSignerKey(WITNESS_SIGNER_KEY).seed);
    const again = signatureLine(await cosignNote(TEXT, witness.name, 7n, signer));
    const opened = await openNote(`${NOTE}${again}`, [log, witness], verifyOfPlatform);
    expect(opened.verified.length).toBe(3);
    expect(signerCount(opened, [witness])).toBe(1);
    expect(signerCount(opened, [log, witness, witness])).toBe(2);
  });

  test("may have 16 signatures and more, and not without end", () => {
    const line = "— a AAAAAAA=\n";
    expect(parseNote(`x\n\n${line.repeat(100)}`).signatures.length).toBe(100);
    expect(codeOf(() => parseNote(`x\n\n${line.repeat(101)}`))).toBe("CAL_PROOF_MALFORMED");
    expect(codeOf(() => parseNote(`${"x".repeat(1_000_000)}\n\n${line}`))).toBe("CAL_PROOF_MALFORMED");
  });

  test("is divided at its last blank line", () => {
    const { text } = parseNote("a\n\nb\n\n\n— a AAAAAAA=\n");
    expect(text).toBe("a\n\nb\n\n");
  });

  test.each([
    ["", "nothing"],
    ["x\n", "no signature"],
    ["x\n\n", "no signature line"],
    ["x\n— a AAAAAAA=\n", "no blank line"],
    ["x\n\n— a AAAAAAA=", "no final newline"],
    ["x\n\n- a AAAAAAA=\n", "a hyphen"],
    ["x\n\n—  a AAAAAAA=\n", "two spaces"],
    ["x\n\n— a  AAAAAAA=\n", "two spaces before the signature"],
    ["x\n\n— a AAAAAAA= \n", "a space at the end"],
    ["x\n\n— a AAAAAAB=\n", "bits under the padding"],
    ["x\n\n— a AAAAAAA\n", "no padding"],
    ["x\n\n— a AAAA\n", "three bytes"],
    ["x\n\n— a AAAAAA==\n", "a key ID alone"],
    ["x\n\n— a AAAA-_A=\n", "the alphabet of URLs"],
    ["x\n\n— a+b AAAAAAA=\n", "a plus in a name"],
    ["x\n\n— a\u2003b AAAAAAA=\n", "a wide space in a name"],
    ["x\n\n— a\u0085b AAAAAAA=\n", "a next-line character in a name"],
    ["x\r\n\n— a AAAAAAA=\n", "a carriage return"],
    ["x\ty\n\n— a AAAAAAA=\n", "a tab"],
    ["x\u0000\n\n— a AAAAAAA=\n", "a NUL"],
    ["x\ud800\n\n— a AAAAAAA=\n", "half of a surrogate pair"],
    ["x\n\n— a AAAAAAA=\n\n— a AAAAAAA=\ny\n", "text after the signatures"],
  ])("%j is refused: it has %s", (note) => {
    expect(codeOf(() => parseNote(note))).toBe("CAL_PROOF_MALFORMED");
  });

  test("that is not UTF-8 is refused", () => {
    const bytes = new TextEncoder().encode("xy\n\n— a AAAAAAA=\n");
    for (const wrong of [
      [0xff, 0x79],
      [0xc0, 0x80],
      [0xed, 0xa0],
    ])
      expect(codeOf(() => parseNote(Uint8Array.from([...wrong, ...bytes.subarray(2)])))).toBe("CAL_PROOF_MALFORMED");
  });

  test("is written as it was read, whatever is in it", () => {
    const name = fc.string({ unit: "grapheme", minLength: 1, maxLength: 12 }).filter(isKeyName);
    const signature: fc.Arbitrary<NoteSignature> = fc.record({
      name,
      keyId: fc.integer({ min: 0, max: 2 ** 32 - 1 }),
      bytes: fc.uint8Array({ minLength: 1, maxLength: 80 }),
    });
    const line = fc.string({ unit: "grapheme", maxLength: 12 }).filter((text) => !/\p{Cc}/u.test(text));
    const text = fc
      .array(line, { minLength: 1, maxLength: 4 })
      .map((lines) => lines.map((each) => `${each}\n`).join(""));
    fc.assert(
      fc.property(text, fc.array(signature, { minLength: 1, maxLength: 4 }), (body, signatures) => {
        fc.pre(body.isWellFormed());
        const note = formatNote({ text: body, signatures });
        expect(parseNote(note)).toEqual({ text: body, signatures });
        expect(parseNote(new TextEncoder().encode(note))).toEqual({ text: body, signatures });
      }),
    );
  });

  test("of any pieces is refused, or written as it was read", () => {
    const piece = fc.constantFrom(
      "—",
      " ",
      "\n",
      "\n\n",
      "a",
      "+",
      "AAAAAAA=",
      "AAAAAAB=",
      "— a AAAAAAA=\n",
      "x\n\n",
      "\r",
      "é",
    );
    let accepted = 0;
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 10 }), fc.boolean(), (pieces, isSigned) => {
        const note = `${pieces.join("")}${isSigned ? "\n\n— a AAAAAAA=\n" : ""}`;
        try {
          expect(formatNote(parseNote(note))).toBe(note);
          accepted += 1;
        } catch (error) {
          if (!(error instanceof CalybrisError)) throw error;
        }
      }),
      { numRuns: caseCount(5_000) },
    );
    expect(accepted).toBeGreaterThan(50);
  });
});

describe("a checkpoint", () => {
  const root = toBase64(emptyRoot());

  test("is read and written", () => {
    const text = `example.org/log\n18446744073709551615\n${root}\n`;
    expect(parseCheckpoint(text).treeSize).toBe(2n ** 64n - 1n);
    expect(formatCheckpoint(parseCheckpoint(text))).toBe(text);
  });

  test.each([
    TEXT,
    "",
    `\n0\n${root}\n`,
    `a\n00\n${root}\n`,
    `a\n01\n${root}\n`,
    `a\n+1\n${root}\n`,
    `a\n-1\n${root}\n`,
    `a\n1e3\n${root}\n`,
    `a\n٣\n${root}\n`,
    `a\n18446744073709551616\n${root}\n`,
    `a\n1\n${root}`,
    `a\n1\n${root}\n\n`,
    `a\n1\n${root.slice(0, 40)}\n`,
    `a\n1\n${root.replace("=", "")}\n`,
    `a\n1\n${root.replace("U=", "V=")}\n`,
    `a\n 1\n${root}\n`,
  ])("%j is refused", (text) => {
    expect(codeOf(() => parseCheckpoint(text))).toBe("CAL_PROOF_MALFORMED");
  });

  test("altered in any bit, or by a byte more or less, is rejected or means the same", async () => {
    const { tried, rejected, same, wrong } = await alterEveryByte((value) =>
      [1, 2, 4, 8, 16, 32, 64, 128].map((bit) => value ^ bit),
    );
    expect(wrong).toEqual([]);
    expect(rejected + same).toBe(tried);
    expect(tried).toBeGreaterThan(3_000);
    // Only in the line of the witness, whose signature the log's does not cover.
    expect(same).toBeGreaterThan(0);
  });
});

test("base64 has one text for some bytes, and refuses every other", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 50 }), (bytes) => {
      expect(toBase64(bytes)).toBe(Buffer.from(bytes).toString("base64"));
      expect(toBase64Url(bytes)).toBe(Buffer.from(bytes).toString("base64url"));
      expect(fromBase64(toBase64(bytes))).toEqual(bytes);
      expect(fromBase64Url(toBase64Url(bytes))).toEqual(bytes);
    }),
  );
  const text = fc.string({ unit: fc.constantFrom(..."ABgw/+-_= \u0100"), maxLength: 9 });
  fc.assert(
    fc.property(text, (given) => {
      const [standard, urlSafe] = [fromBase64(given), fromBase64Url(given)];
      if (standard !== undefined) expect(toBase64(standard)).toBe(given);
      if (urlSafe !== undefined) expect(toBase64Url(urlSafe)).toBe(given);
    }),
    { numRuns: caseCount(3_000) },
  );
});
