import { randomBytes } from "node:crypto";
import fc from "fast-check";
import { expect, test } from "vitest";
import { AT, DIGEST_BYTES, pagesOf } from "../../src/journal/decision-record.ts";
import { PROOF_BATCH_MAX, ProofBatch } from "../../src/journal/proof-batch.ts";
import { ProofTable } from "../../src/journal/proofs.ts";
import { proveDecision } from "../../src/journal/record-proof.ts";

// Goal: decisions that are proven together have the digests that each has alone, in the places of their entries, and nothing else
// in the table changes. `record-text.test.ts` holds the digests of one to the kernel's.
// Method: records of random bytes, batch after batch, in a table that wraps.

const RECORD_BYTES = AT.features;

test("decisions that are proven together have the digests that each has alone", () => {
  const table = ProofTable.ofSize(PROOF_BATCH_MAX + 7);
  const batch = new ProofBatch(table);
  const counts = fc.array(fc.integer({ min: 1, max: PROOF_BATCH_MAX }), { minLength: 1, maxLength: 3 });
  fc.assert(
    fc.property(counts, fc.nat(10_000), fc.boolean(), (sizes, before, isApart) => {
      let sequence = before;
      for (const count of sizes) {
        const pages = pagesOf(new Uint8Array(randomBytes(count * RECORD_BYTES)).buffer);
        const expected = Buffer.from(table.bytes);
        for (let index = 0; index < count; index++) {
          // Between two decisions there may be entries of other kinds.
          sequence += isApart && index === 1 ? 3 : 1;
          proveDecision(pages, index * RECORD_BYTES, expected, table.digestsAt(sequence));
          expect(batch.isFull).toBe(false);
          batch.add(pages, index * RECORD_BYTES, sequence);
        }
        expect(batch.isFull).toBe(count === PROOF_BATCH_MAX);
        batch.prove(pages);
        expect(table.bytes.equals(expected)).toBe(true);
        expect(expected.byteLength % (4 * DIGEST_BYTES)).toBe(0);
      }
    }),
    { numRuns: 25 },
  );
});

test("an empty batch changes nothing", () => {
  const table = ProofTable.ofSize(4);
  const before = Buffer.from(table.bytes);
  new ProofBatch(table).prove(pagesOf(new ArrayBuffer(8)));
  expect(table.bytes.equals(before)).toBe(true);
});
