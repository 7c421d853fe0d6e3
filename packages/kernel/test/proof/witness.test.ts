import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { caseCount } from "../../../../test/share.ts";
import {
  CalybrisError,
  consistencyProof,
  emptyRoot,
  formatCheckpoint,
  formatNote,
  formatWitnessRequest,
  freshWitnessState,
  judgeWitnessRequest,
  leafHash,
  type NodeSource,
  nodeHash,
  parseWitnessAnswer,
  parseWitnessRequest,
  rootOf,
  toBase64,
  type WitnessState,
} from "../../src/index.ts";
import { entryHashOf } from "./node-hash.ts";

// Goal: whatever logs send, a witness never cosigns a smaller tree, another root at a size, or a tree that does not continue
// the one before. Method: two logs that part after some entries, and a model that knows which of them a state is of.

const ORIGIN = "example.org/log";
const FORK = 5;
const LEAVES = 12;
const sequences = Array.from({ length: LEAVES }, (_, at) => at);

/** The trees of a log whose entries from {@link FORK} on are its own. */
function branch(name: number): NodeSource {
  const leaves = sequences.map((at) => leafHash(entryHashOf(at < FORK ? at : at + 1_000 * name)));
  const nodes: NodeSource = (level, index) =>
    level === 0
      ? (leaves[Number(index)] as Uint8Array)
      : nodeHash(nodes(level - 1, index * 2n), nodes(level - 1, index * 2n + 1n));
  return nodes;
}
const branches = [branch(1), branch(2)] as const;
const rootAt = (of: 0 | 1, size: number): Uint8Array => (size === 0 ? emptyRoot() : rootOf(BigInt(size), branches[of]));

function requestFor(oldSize: number, proof: readonly Uint8Array[], size: number, root: Uint8Array): string {
  const text = formatCheckpoint({ origin: ORIGIN, treeSize: BigInt(size), root });
  const signatures = [{ name: ORIGIN, keyId: 7, bytes: new Uint8Array(64) }];
  return formatWitnessRequest({ oldSize: BigInt(oldSize), proof, checkpoint: formatNote({ text, signatures }) });
}

describe("a witness", () => {
  test("grows with one log only, and says why it refuses", () => {
    const step = fc.record({
      of: fc.constantFrom(0 as const, 1 as const),
      proofOf: fc.constantFrom(0 as const, 1 as const),
      size: fc.integer({ min: 0, max: LEAVES }),
      /** Mostly the size that the witness has. */
      old: fc.option(fc.integer({ min: 0, max: LEAVES }), { nil: undefined, freq: 3 }),
      extra: fc.boolean(),
      isSigned: fc.integer({ min: 0, max: 9 }).map((of) => of > 0),
      isKnown: fc.integer({ min: 0, max: 9 }).map((of) => of > 0),
    });
    const seen = new Map<number, number>();
    fc.assert(
      fc.property(fc.array(step, { maxLength: 25 }), (steps) => {
        let state: WitnessState = freshWitnessState();
        let model: { size: number; of: 0 | 1 | "both" } = { size: 0, of: "both" };
        for (const { of, proofOf, size, old = model.size, extra, isSigned, isKnown } of steps) {
          const proof = old > size ? [] : consistencyProof(BigInt(old), BigInt(size), branches[proofOf]);
          const sent = extra ? [...proof, emptyRoot()] : proof;
          const request = parseWitnessRequest(requestFor(old, sent, size, rootAt(of, size)));
          const verdict = judgeWitnessRequest(request, isKnown ? state : undefined, isSigned);
          seen.set(verdict.status, (seen.get(verdict.status) ?? 0) + 1);

          const isSameLog = model.of === "both" || model.of === of;
          const isProven = !extra && (old === 0 || old === size || of === proofOf || size <= FORK) && isSameLog;
          const isOtherRoot = old === size && size > FORK && !isSameLog;
          if (!isKnown) expect(verdict.status).toBe(404);
          else if (!isSigned) expect(verdict.status).toBe(403);
          else if (old > size) expect(verdict.status).toBe(400);
          else if (old !== model.size || isOtherRoot)
            expect(verdict).toMatchObject({ status: 409, treeSize: BigInt(model.size) });
          else if (!isProven) expect(verdict.status).toBe(422);
          else {
            expect(verdict).toEqual({ status: 200, state: { treeSize: BigInt(size), root: rootAt(of, size) } });
          }
          if (verdict.status !== 200) continue;
          expect(verdict.state.treeSize >= state.treeSize).toBe(true);
          if (verdict.state.treeSize === state.treeSize) expect(verdict.state.root).toEqual(state.root);
          state = verdict.state;
          model = { size, of: size > FORK ? of : "both" };
        }
      }),
      { numRuns: 400 },
    );
    expect([...seen.keys()].sort()).toEqual([200, 400, 403, 404, 409, 422]);
    expect(seen.get(200)).toBeGreaterThan(50);
  });

  test("takes an unknown origin before a missing signature, and that before the sizes", () => {
    const request = parseWitnessRequest(requestFor(9, [], 3, rootAt(0, 3)));
    const statusOf = (state: WitnessState | undefined, isSigned: boolean): number =>
      judgeWitnessRequest(request, state, isSigned).status;
    expect(statusOf(undefined, false)).toBe(404);
    expect(statusOf(freshWitnessState(), false)).toBe(403);
    expect(statusOf(freshWitnessState(), true)).toBe(400);
  });
});

describe("a request", () => {
  const valid = requestFor(3, [entryHashOf(1), entryHashOf(2)], 5, rootAt(0, 5));

  test("of the specification's example is read", () => {
    const body = `old 20852014
PlRNCrwHpqhGrupue0L7gxbjbMiKA9temvuZZDDpkaw=
jrJZDmY8Y7SyJE0MWLpLozkIVMSMZcD5kvuKxPC3swk=
5+pKlUdi2LeF/BcMHBn+Ku6yhPGNCswZZD1X/6QgPd8=
/6WVhPs2CwSsb5rYBH5cjHV/wSmA79abXAwhXw3Kj/0=

example.com/behind-the-sofa
20852163
CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=

— example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=
— example.com/behind-the-sofa opLqBQsREYCgu6xQkYQwJr9fo45a62DN9EdmHXnZdXNqlcVGlCum2Wks+49/V6267UEjw6QUXTS5Rovnzv++qbSzm9Q=
`;
    const request = parseWitnessRequest(body);
    expect([request.oldSize, request.proof.length, request.note.signatures.length]).toEqual([20852014n, 4, 2]);
    expect(request.claimed).toMatchObject({ origin: "example.com/behind-the-sofa", treeSize: 20852163n });
    expect(formatWitnessRequest(request)).toBe(body);
  });

  test.each([
    ["no old size", valid.replace("old 3\n", "")],
    ["a leading zero", valid.replace("old 3", "old 03")],
    ["no space", valid.replace("old 3", "old3")],
    ["a space more", valid.replace("old 3", "old  3")],
    ["a size beyond 64 bits", valid.replace("old 3", "old 18446744073709551616")],
    ["a hash of 31 bytes", valid.replace(toBase64(entryHashOf(1)), toBase64(entryHashOf(1).subarray(1)))],
    ["a hash without padding", valid.replace("=\n", "\n")],
    ["64 proof lines", valid.replace("old 3\n", `old 3\n${`${toBase64(entryHashOf(3))}\n`.repeat(62)}`)],
    ["two blank lines", valid.replace("\n\n", "\n\n\n")],
    ["no blank line", valid.replace("\n\n", "\n")],
    ["a carriage return", valid.replace("old 3\n", "old 3\r\n")],
    ["no signature", valid.slice(0, valid.indexOf("— "))],
    ["an extension line", valid.replace("\n\n— ", "\nextension\n\n— ")],
  ])("with %s is refused", (_how, body) => {
    expect(body).not.toBe(valid);
    expect(() => parseWitnessRequest(body)).toThrow(CalybrisError);
    expect(() => parseWitnessRequest(valid)).not.toThrow();
  });

  test("that is accepted with any byte altered is written as it was read", () => {
    const bytes = new TextEncoder().encode(valid);
    let accepted = 0;
    fc.assert(
      fc.property(fc.nat({ max: bytes.byteLength - 1 }), fc.integer({ min: 0, max: 255 }), (at, value) => {
        const altered = bytes.with(at, value);
        try {
          expect(new TextEncoder().encode(formatWitnessRequest(parseWitnessRequest(altered)))).toEqual(altered);
          accepted += 1;
        } catch (error) {
          expect((error as CalybrisError).code).toBe("CAL_PROOF_MALFORMED");
        }
      }),
      { numRuns: caseCount(2_000) },
    );
    expect(accepted).toBeGreaterThan(10);
  });
});

describe("an answer", () => {
  test("is cosignatures, a size to catch up from, or a refusal", () => {
    const lines = "— witness.example/w1 AAAAAAA=\n— witness.example/w2 AAAAAAA=\n";
    expect(parseWitnessAnswer(200, "text/plain", lines)).toMatchObject({ kind: "cosigned", signatures: [{}, {}] });
    expect(parseWitnessAnswer(409, "text/x.tlog.size", "42\n")).toEqual({ kind: "conflict", treeSize: 42n });
    expect(parseWitnessAnswer(409, "text/plain", "another root")).toEqual({ kind: "refused", status: 409 });
    expect(parseWitnessAnswer(422, "text/plain", "")).toEqual({ kind: "refused", status: 422 });
  });

  test.each([
    [200, ""],
    [200, "\n"],
    [200, "— witness.example/w1 AAAAAAA="],
    [409, "42"],
    [409, "042\n"],
    [409, "42\n\n"],
    [409, "-1\n"],
  ])("%i with %j is refused", (status, body) => {
    expect(() => parseWitnessAnswer(status, "text/x.tlog.size", body)).toThrow(CalybrisError);
  });
});
