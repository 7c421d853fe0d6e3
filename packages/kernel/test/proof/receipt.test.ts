import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  brokenStep,
  CalybrisError,
  claimsBytes,
  claimsDigest,
  claimsOf,
  decisionDigests,
  formatCheckpoint,
  formatCompactReceipt,
  formatNote,
  formatReceiptJson,
  fromHex,
  inclusionProof,
  MerkleTree,
  outcomeDigest,
  parseCompactReceipt,
  parseReceiptJson,
  policyDigest,
  prescribe,
  type Receipt,
  type ReceiptClaims,
  type ReceiptInclusion,
  type ReceiptTrust,
  readClaims,
  samplePolicy,
  sampleRequest,
  selectionDigest,
  signatureMessage,
  signDigest,
  signNote,
  signReceipt,
  type StateStep,
  stateDigest,
  toHex,
  verifierKey,
  verifyDigest,
  verifyReceipt,
} from "../../src/index.ts";
import { entryHashOf, platformSha256 } from "./node-hash.ts";
import { signerOf, verifyOfPlatform } from "./platform-ed25519.ts";
import {
  ANCHORED,
  IDENTITY_42,
  IDENTITY_43,
  OBSERVED_AT,
  OUTCOME_POLICY,
  OUTCOMES,
  outcomeRequest,
  SIGNED_POLICY,
  STATE_DIGEST,
} from "./published-core.ts";

const bytesOf = (hex: string): Uint8Array => fromHex(hex) as Uint8Array;

/** The layouts of FORMATS, from their words: a tag with its NUL, little-endian numbers, nothing between. */
const le = {
  tag: (tag: string) => Buffer.from(`${tag}\0`),
  u8: (value: number) => Buffer.from([value]),
  u64(value: bigint) {
    const bytes = Buffer.alloc(8);
    bytes.writeBigUInt64LE(value);
    return bytes;
  },
};

function claimsByTheWords(claims: ReceiptClaims): Buffer {
  const schema = Buffer.from("calybris.receipt.v1");
  return Buffer.concat([
    le.tag("calyrcp1"),
    le.u64(BigInt(schema.length)),
    schema,
    le.u64(claims.policyEpoch),
    le.u64(claims.catalogEpoch),
    claims.policyDigest,
    claims.requestDigest,
    claims.decisionDigest,
    le.u8(claims.isReplayValid ? 1 : 0),
    ...(claims.state ? [le.u8(1), le.u64(claims.state.step), claims.state.before, claims.state.after] : [le.u8(0)]),
    ...(claims.log ? [le.u8(1), le.u64(claims.log.sequence), claims.log.entryHash] : [le.u8(0)]),
  ]);
}

const digest = fc.uint8Array({ minLength: 32, maxLength: 32 });
const u64 = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });
const counted = fc.bigInt({ min: 1n, max: 2n ** 64n - 1n });
const anyClaims: fc.Arbitrary<ReceiptClaims> = fc.record(
  {
    policyEpoch: u64,
    catalogEpoch: u64,
    policyDigest: digest,
    requestDigest: digest,
    decisionDigest: digest,
    isReplayValid: fc.boolean(),
    state: fc.record({ step: counted, before: digest, after: digest }),
    log: fc.record({ sequence: counted, entryHash: digest }),
  },
  { requiredKeys: ["policyEpoch", "catalogEpoch", "policyDigest", "requestDigest", "decisionDigest", "isReplayValid"] },
);

describe("digests", () => {
  test.each(OUTCOMES)("of the published outcome %s are the published ones", (...row) => {
    const [, sequence, selection, selectionHex, outcome, outcomeHex] = row;
    const request = outcomeRequest(sequence, sequence === 43n ? 1n : 50_000_000n);
    const { decision } = prescribe(OUTCOME_POLICY, request);
    const { identity } = decisionDigests(policyDigest(OUTCOME_POLICY), request, decision);
    expect(toHex(identity)).toBe(sequence === 43n ? IDENTITY_43 : IDENTITY_42);
    const acted = {
      ...selection,
      actedId: selection.strategy === "maximize_utility" ? decision.selectedId : selection.actedId,
    };
    expect(toHex(selectionDigest(acted))).toBe(selectionHex);
    const found = outcomeDigest(identity, bytesOf(selectionHex), { observedAt: OBSERVED_AT, ...outcome });
    expect(toHex(found)).toBe(outcomeHex);
  });

  test("of a published receipt's claims are the published ones", () => {
    const claims: ReceiptClaims = {
      policyEpoch: 1n,
      catalogEpoch: 1n,
      policyDigest: bytesOf(ANCHORED.policy),
      requestDigest: bytesOf(ANCHORED.request),
      decisionDigest: bytesOf(ANCHORED.decision),
      isReplayValid: true,
      state: { step: ANCHORED.step, before: bytesOf(ANCHORED.before), after: bytesOf(ANCHORED.after) },
      log: { sequence: ANCHORED.sequence, entryHash: bytesOf(ANCHORED.entryHash) },
    };
    expect(toHex(claimsDigest(claims))).toBe(ANCHORED.claimsDigest);
    const request = outcomeRequest(42n, 50_000_000n);
    const { decision } = prescribe(OUTCOME_POLICY, request);
    const { state, log, ...decided } = claims;
    expect(claimsOf({ policy: OUTCOME_POLICY, request, decision })).toEqual(decided);
  });

  test("of a state step are the published ones, and steps must follow one another", () => {
    expect(toHex(stateDigest(1n, le.u64(42n)))).toBe(STATE_DIGEST);
    const states = [0n, 1n, 2n, 3n].map((step) => stateDigest(step, le.u64(step))) as [Uint8Array, ...Uint8Array[]];
    const steps = [1, 2, 3].map((at) => ({
      step: BigInt(at),
      before: states[at - 1] as Uint8Array,
      after: states[at] as Uint8Array,
    }));
    const from = { step: 0n, digest: states[0] };
    expect(brokenStep(steps, from)).toBeUndefined();
    expect(brokenStep(steps.toSpliced(1, 1), from)).toBe(3n);
    expect(brokenStep(steps.with(1, { ...(steps[1] as StateStep), before: states[0] }), from)).toBe(2n);
    expect(brokenStep(steps, { step: 0n, digest: states[1] as Uint8Array })).toBe(1n);
    expect(brokenStep([...steps, steps[2] as StateStep], from)).toBe(3n);
  });

  test("of any claims are over the layout of FORMATS, and the bytes are read back", () => {
    fc.assert(
      fc.property(anyClaims, (claims) => {
        expect(Buffer.from(claimsBytes(claims)).equals(claimsByTheWords(claims))).toBe(true);
        expect(readClaims(claimsBytes(claims))).toEqual(claims);
      }),
    );
  });
});

describe("signatures", () => {
  test("of a published policy are the published bytes, and verify", async () => {
    const signer = signerOf(new Uint8Array(32).fill(9));
    const { policy, signerId, signedAtMs } = SIGNED_POLICY;
    expect(toHex(policyDigest(policy))).toBe(SIGNED_POLICY.digest);
    const signature = await signDigest("policy", policyDigest(policy), { signerId, signedAtMs, signer });
    expect(toHex(signature.publicKey)).toBe(SIGNED_POLICY.publicKey);
    expect(toHex(signature.bytes)).toBe(SIGNED_POLICY.signature);
    const trusted = [{ id: signerId, publicKey: signer.publicKey }] as const;
    await expect(verifyDigest("policy", policyDigest(policy), signature, trusted, verifyOfPlatform)).resolves.toBe(
      trusted[0],
    );
    // The same bytes under the other tag, another time, ID or digest are no signature.
    const others = [
      verifyDigest("receipt", policyDigest(policy), signature, trusted, verifyOfPlatform),
      verifyDigest("policy", policyDigest(policy), { ...signature, signedAtMs: 1n }, trusted, verifyOfPlatform),
      verifyDigest("policy", bytesOf(STATE_DIGEST), signature, trusted, verifyOfPlatform),
      verifyDigest(
        "policy",
        policyDigest(policy),
        { ...signature, signerId: "x" },
        [{ ...trusted[0], id: "x" }],
        verifyOfPlatform,
      ),
      verifyDigest("policy", policyDigest(policy), signature, [], verifyOfPlatform),
      verifyDigest(
        "policy",
        policyDigest(policy),
        signature,
        [{ ...trusted[0], validFromMs: signedAtMs + 1n }],
        verifyOfPlatform,
      ),
      verifyDigest(
        "policy",
        policyDigest(policy),
        signature,
        [{ ...trusted[0], validUntilMs: signedAtMs }],
        verifyOfPlatform,
      ),
    ];
    for (const other of others) await expect(other).rejects.toMatchObject({ code: "CAL_PROOF_REJECTED" });
  });

  test("are over the layout of FORMATS", () => {
    const message = signatureMessage("receipt", bytesOf(STATE_DIGEST), 5n, "é");
    const words = Buffer.concat([le.tag("calyrcs1"), bytesOf(STATE_DIGEST), le.u64(5n), Buffer.from("é")]);
    expect(Buffer.from(message).equals(words)).toBe(true);
  });
});

// A log of a thousand entries, one of which the receipt is of.
const nodes = new Map<string, Uint8Array>();
const tree = new MerkleTree({
  hash: platformSha256,
  onNode: (level, index, hash) => nodes.set(`${level}/${index}`, hash),
});
for (let sequence = 1; sequence <= 1_000; sequence++) tree.append(sequence, entryHashOf(sequence));
const [logSigner, receiptSigner] = [signerOf(new Uint8Array(32).fill(1)), signerOf(new Uint8Array(32).fill(5))];
const ORIGIN = "example.org/log";

async function receiptOf(sequence: number): Promise<Receipt & { readonly inclusion: ReceiptInclusion }> {
  const { decision } = prescribe(samplePolicy(), sampleRequest());
  const disclosed = { policy: samplePolicy(), request: sampleRequest(), decision };
  const claims = claimsOf(disclosed, { log: { sequence: BigInt(sequence), entryHash: entryHashOf(sequence) } });
  const by = { signerId: "calybris@example.org", signedAtMs: 1_800_000_000_000n, signer: receiptSigner };
  const text = formatCheckpoint({ origin: ORIGIN, treeSize: 1_000n, root: tree.root() });
  const checkpoint = formatNote({ text, signatures: [await signNote(text, ORIGIN, logSigner)] });
  const leafIndex = BigInt(sequence - 1);
  const hashes = inclusionProof(leafIndex, 1_000n, (level, index) => nodes.get(`${level}/${index}`) as Uint8Array);
  return { ...(await signReceipt(claims, by)), inclusion: { checkpoint, leafIndex, hashes } };
}

const trust: ReceiptTrust = {
  signers: [{ id: "calybris@example.org", publicKey: receiptSigner.publicKey }],
  logKeys: [verifierKey(ORIGIN, "ed25519", logSigner.publicKey)],
  verify: verifyOfPlatform,
};

describe("a receipt", () => {
  test("is verified in both forms, with its inclusion and without", async () => {
    const receipt = await receiptOf(700);
    for (const read of [
      parseReceiptJson(formatReceiptJson(receipt)),
      parseCompactReceipt(formatCompactReceipt(receipt)),
    ]) {
      expect(read).toEqual(receipt);
      const findings = await verifyReceipt(read, trust);
      expect(findings).toMatchObject({ inclusion: "proven", checkpoint: { origin: ORIGIN, treeSize: 1_000n } });
    }
    const short = formatCompactReceipt(receipt, { withoutInclusion: true });
    expect(await verifyReceipt(parseCompactReceipt(short), trust)).toMatchObject({ inclusion: "none" });
    // Version 14 of a QR code at the lowest level of correction holds 667 alphanumeric characters, or 458 bytes.
    expect(short.length).toBeLessThan(640);
    expect(await verifyReceipt(receipt, { ...trust, logKeys: [] })).toMatchObject({ inclusion: "unknown_log" });
  });

  test("is rejected with any claim, time, signer or part of the inclusion altered", async () => {
    const receipt = await receiptOf(700);
    const { claims, signature, inclusion } = receipt;
    const other = await receiptOf(701);
    const flip = (bytes: Uint8Array): Uint8Array => bytes.with(3, (bytes[3] ?? 0) ^ 1);
    const { log, ...unlogged } = claims;
    const altered: Receipt[] = [
      { ...receipt, claims: { ...claims, policyEpoch: 8n } },
      { ...receipt, claims: { ...claims, catalogEpoch: 0n } },
      { ...receipt, claims: { ...claims, policyDigest: flip(claims.policyDigest) } },
      { ...receipt, claims: { ...claims, requestDigest: flip(claims.requestDigest) } },
      { ...receipt, claims: { ...claims, decisionDigest: flip(claims.decisionDigest) } },
      { ...receipt, claims: { ...claims, isReplayValid: false } },
      { ...receipt, claims: { ...claims, state: { step: 1n, before: entryHashOf(1), after: entryHashOf(2) } } },
      { ...receipt, claims: other.claims },
      { ...receipt, claims: unlogged },
      { ...receipt, signature: { ...signature, signedAtMs: signature.signedAtMs + 1n } },
      { ...receipt, signature: { ...signature, signerId: "another" } },
      { ...receipt, signature: { ...signature, publicKey: logSigner.publicKey } },
      { ...receipt, signature: { ...signature, bytes: flip(signature.bytes) } },
      { ...receipt, inclusion: other.inclusion },
      { ...receipt, inclusion: { ...inclusion, leafIndex: 700n } },
      { ...receipt, inclusion: { ...inclusion, hashes: inclusion.hashes.slice(1) } },
      {
        ...receipt,
        inclusion: { ...inclusion, hashes: inclusion.hashes.with(2, flip(inclusion.hashes[2] as Uint8Array)) },
      },
      { ...receipt, inclusion: { ...inclusion, checkpoint: inclusion.checkpoint.replace("1000", "1001") } },
    ];
    for (const each of altered)
      await expect(verifyReceipt(each, trust)).rejects.toMatchObject({ code: "CAL_PROOF_REJECTED" });
    const by = { signerId: signature.signerId, signedAtMs: 1n, signer: receiptSigner };
    const unreplayed = await signReceipt({ ...claims, isReplayValid: false }, by);
    await expect(verifyReceipt(unreplayed, trust)).rejects.toThrow("does not follow");
  });

  test("of a decision that the kernel would not make says so", () => {
    const { decision } = prescribe(samplePolicy(), sampleRequest());
    const disclosed = { policy: samplePolicy(), request: sampleRequest(), decision: { ...decision, eligibleCount: 1 } };
    expect(claimsOf(disclosed).isReplayValid).toBe(false);
  });
});

describe("a decoder", () => {
  test("of the compact form refuses or reads back every alteration of a character", async () => {
    const text = formatCompactReceipt(await receiptOf(9));
    const { refused, accepted } = trial(
      text,
      (given) => formatCompactReceipt(parseCompactReceipt(given)),
      4_000,
      "AZ09-_.=é",
    );
    expect(refused).toBeGreaterThan(100);
    expect(accepted).toBeGreaterThan(100);
  });

  test("of JSON refuses or reads back every alteration of a character", async () => {
    const text = formatReceiptJson(await receiptOf(9));
    const { refused, accepted } = trial(
      text,
      (given) => formatReceiptJson(parseReceiptJson(given)),
      4_000,
      '"\\,:{}[]01aF\n',
      (given) => JSON.stringify(JSON.parse(given)),
    );
    expect(refused).toBeGreaterThan(100);
    expect(accepted).toBeGreaterThan(50);
  });

  test.each([
    ["an unknown member", '"signature":', '"more":1,"signature":'],
    ["a member twice", '"signature":', '"signature":"","signature":'],
    ["another schema", "receipt.v1", "receipt.v2"],
    ["a float", '"policyEpoch":7', '"policyEpoch":7.0'],
    ["a number as text", '"policyEpoch":7', '"policyEpoch":"7"'],
    ["a negative number", '"policyEpoch":7', '"policyEpoch":-7'],
    ["a number beyond 64 bits", '"policyEpoch":7', '"policyEpoch":18446744073709551616'],
    ["the entry 0", '"sequence":9', '"sequence":0'],
    ["null for a state", '"replayValid":true', '"replayValid":true,"state":null'],
    ["1 for true", '"replayValid":true', '"replayValid":1'],
    ["hexadecimal in capitals", /"entryHash":"[^"]+"/, `"entryHash":"${"AB".repeat(32)}"`],
    ["a key without padding", /=","signedAtMs/, '","signedAtMs'],
    ["no signer ID", "calybris@example.org", ""],
    ["a control character in the signer ID", "calybris@example.org", "a\\u0007"],
    ["a checkpoint with an extension line", /\\n\\n— /, "\\nmore\\n\\n— "],
  ])("of JSON refuses %s", async (_what, from, to) => {
    const text = formatReceiptJson(await receiptOf(9));
    const altered = text.replace(from, to);
    expect(altered).not.toBe(text);
    expect(() => parseReceiptJson(text)).not.toThrow();
    expect(() => parseReceiptJson(altered)).toThrow(expect.objectContaining({ code: "CAL_PROOF_MALFORMED" }));
  });

  test("of claims refuses every other length, and flags that are neither 0 nor 1", () => {
    fc.assert(
      fc.property(anyClaims, fc.nat(), (claims, some) => {
        const bytes = claimsBytes(claims);
        const malformed = expect.objectContaining({ code: "CAL_PROOF_MALFORMED" });
        expect(() => readClaims(bytes.subarray(0, some % bytes.byteLength))).toThrow(malformed);
        expect(() => readClaims(Uint8Array.from([...bytes, 0]))).toThrow(malformed);
        const altered = bytes.with(some % bytes.byteLength, (some >> 8) & 0xff);
        try {
          expect(claimsBytes(readClaims(altered))).toEqual(altered);
        } catch (error) {
          expect(error).toEqual(malformed);
        }
      }),
    );
  });
});

/** Alters a text in one or two places, many times: what is accepted must be written as it was read. */
function trial(
  text: string,
  rewrite: (given: string) => string,
  runs: number,
  characters: string,
  canonical = (given: string): string => given,
): { readonly refused: number; readonly accepted: number } {
  let [refused, accepted] = [0, 0];
  const place = fc.record({
    at: fc.nat({ max: text.length }),
    drop: fc.nat({ max: 2 }),
    add: fc.string({ unit: fc.constantFrom(...characters), maxLength: 2 }),
  });
  fc.assert(
    fc.property(fc.array(place, { minLength: 1, maxLength: 2 }), (places) => {
      let altered = text;
      for (const { at, drop, add } of places) altered = altered.slice(0, at) + add + altered.slice(at + drop);
      try {
        expect(rewrite(altered)).toBe(canonical(altered));
        accepted += 1;
      } catch (error) {
        if (!(error instanceof CalybrisError)) throw error;
        expect(error.code).toBe("CAL_PROOF_MALFORMED");
        refused += 1;
      }
    }),
    { numRuns: runs },
  );
  return { refused, accepted };
}
