import { beforeAll, describe, expect, test } from "vitest";
import { caseCount, someOf } from "../../../test/share.ts";
import { type Alteration, compileAltered } from "./altered-sources.ts";
import { CONTRACT } from "./contract.ts";
import { firstDifference, randomBatches } from "./equality.ts";
import { kernelsOf } from "./implementations.ts";
import { readVectors } from "./vectors.ts";

// Goal: each way of deciding is right on its own, not only where the kernel takes it.
// Method: compiled so that one way takes everything that it could, each is held to contract, vectors and random cases.
const CASES = caseCount(20_000);
const PACK_NOTHING = swap("masked", "if (margin < 0) {", "if (true) {");
const TRUST_NO_WORDS = swap(
  "bounds",
  "return <i64>value <= load<i64>(VALUE_MAX)",
  "return false && <i64>value <= load<i64>(VALUE_MAX)",
);
const VARIANTS: readonly { readonly variant: string; readonly alterations: readonly Alteration[] }[] = [
  {
    variant: "filters every candidate that can be filtered",
    alterations: [swap("masked", "FILTER_ABOVE: i64 = 8", "FILTER_ABOVE: i64 = 0")],
  },
  { variant: "filters nobody", alterations: [swap("masked", "FILTER_ABOVE: i64 = 8", "FILTER_ABOVE: i64 = 64")] },
  { variant: "packs nothing into keys", alterations: [PACK_NOTHING] },
  { variant: "calculates everything in 128 bits", alterations: [PACK_NOTHING, TRUST_NO_WORDS] },
  {
    variant: "walks any catalog beyond three",
    alterations: [swap("layout", "MASKED_COUNT_MAX: u32 = 64", "MASKED_COUNT_MAX: u32 = 3")],
  },
];

describe.each(VARIANTS)("a kernel that $variant", ({ alterations }) => {
  let module: WebAssembly.Module;
  beforeAll(async () => {
    module = await compileAltered(alterations);
  });

  test.each(Object.entries(CONTRACT))("%s", (_claim, holds) => {
    holds((policy, request) => kernelsOf(module)(policy).prescribe(request));
  });

  test("decides the published vectors as published", () => {
    const vectors = someOf(readVectors(), 7);
    const kernels = new Map(vectors.map(({ policy }) => [policy, kernelsOf(module)(policy)]));
    for (const { name, policy, request, expected } of vectors)
      expect(kernels.get(policy)?.prescribe(request), name).toMatchObject(expected);
  });

  test(`decides ${CASES} random cases as the definition does`, () => {
    let decided = 0;
    for (const batch of randomBatches({ cases: CASES, seed: 2 })) {
      expect(firstDifference(batch, module)).toBeUndefined();
      decided += batch.requests.length;
    }
    expect(decided).toBe(CASES);
  });
});

function swap(file: string, from: string, to: string): Alteration {
  return { file: `${file}.as.ts`, from, to };
}
