/**
 * The Wasm kernel compiled with marks: each decision records the ways it took through the arithmetic, in the place of its
 * sequence. Everything else about it is as it would have been.
 * @module
 */
import { type Decision, type Policy, type Request, WasmKernel } from "../src/index.ts";
import { type Alteration, compileAltered } from "./altered-sources.ts";

/** Before which line of which file a way begins, and on what condition it is taken. */
const MARKS: readonly { readonly file: string; readonly before: string; readonly ways: Record<string, string> }[] = [
  {
    file: "masked.as.ts",
    before: "const reason = reasonOfMasks(pastQuality, pastLatency, pastCapability, pastProvider, pastRegion, 0, 0);",
    ways: { "no survivors": "true" },
  },
  {
    file: "masked.as.ts",
    before: "if (margin < 0) {",
    ways: {
      packed: "margin >= 0",
      "beyond value": "value > load<i64>(VALUE_MAX)",
      "beyond risk product": "value <= load<i64>(VALUE_MAX) && riskProduct > load<u64>(RISK_PRODUCT_MAX)",
      "beyond input tokens": "inputTokens > load<u64>(RATE_INPUT_TOKENS_MAX)",
      "beyond output tokens": "outputTokens > load<u64>(RATE_OUTPUT_TOKENS_MAX)",
      "beyond key": "bitsOf(worthMost) + costBits > PACKED_BITS",
    },
  },
  { file: "masked.as.ts", before: "toScore = contenders(", ways: { filtered: "true" } },
  { file: "masked.as.ts", before: "const overBudgetCount = countOverBudget(", ways: { "packed, nobody": "true" } },
  {
    file: "filter.as.ts",
    before: "possible = possibly & survivors;",
    ways: {
      "filter refuses": "(possibly & survivors) != survivors",
      "filter unsure": "(possibly & ~surely & survivors) != 0",
      "filter passes over": "(~near & surely) != 0",
    },
  },
  {
    file: "unpacked.as.ts",
    before: "let best: i32 = -1",
    ways: { "unpacked words": "fits", "unpacked wide": "!fits" },
  },
  { file: "unpacked.as.ts", before: "if (best < 0) return overBudgetCount;", ways: { "unpacked, nobody": "best < 0" } },
  { file: "walk.as.ts", before: "let best: usize = 0", ways: { "walked words": "fits", "walked wide": "!fits" } },
  {
    file: "wide.as.ts",
    before: "return (inputHigh | outputHigh | u64(sum < input)) != 0 ? U64_MAX : sum;",
    ways: { "cost saturates": "(inputHigh | outputHigh | u64(sum < input)) != 0" },
  },
  {
    file: "wide.as.ts",
    before: "return differenceHigh < 0 ? i64.MIN_VALUE : i64.MAX_VALUE;",
    ways: { "utility clamps low": "differenceHigh < 0", "utility clamps high": "differenceHigh >= 0" },
  },
];

/** Every way there is. */
export const WAYS: readonly string[] = MARKS.flatMap(({ ways }) => Object.keys(ways));

/** Where the marks are kept until the decision is written. */
const COLLECT: readonly Alteration[] = [
  {
    file: "record.as.ts",
    from: "store<u64>(decision, load<u64>(request, SEQUENCE));",
    to: "store<u64>(decision, taken);\n  taken = 0;",
  },
  {
    file: "record.as.ts",
    from: "/** Writing a decision. */",
    to: "let taken: u64 = 0;\nexport function take(way: u64, isTaken: bool): void {\n  taken |= u64(isTaken) << way;\n}",
  },
];

function alterations(): Alteration[] {
  const files = [...new Set(MARKS.map(({ file }) => file))];
  const imported = 'from "./layout.as";';
  const imports = files.map((file) => ({
    file,
    from: imported,
    to: `${imported}\nimport { take } from "./record.as";`,
  }));
  const marks = MARKS.map(({ file, before, ways }) => {
    const takes = Object.entries(ways).map(([way, taken]) => `take(${WAYS.indexOf(way)}, ${taken});`);
    return { file, from: before, to: `${takes.join("\n")}\n${before}` };
  });
  return [...COLLECT, ...imports, ...marks];
}

/** What a decision recorded. */
export interface Traced {
  readonly decision: Decision;
  readonly ways: ReadonlySet<string>;
}

export type TracedKernel = (request: Request, by?: "masks" | "walk") => Traced;

/** Compiles once; then traces the kernel of any policy. */
export async function traceKernel(): Promise<(policy: Policy) => TracedKernel> {
  const module = await compileAltered(alterations());
  return (policy) => {
    const kernel = new WasmKernel(policy, 1, module);
    return (request, by = "masks") => {
      kernel.writeRequest(0, request);
      if (by === "walk") kernel.walkBatch(1);
      else kernel.decideAt(0);
      const { sequence: taken, ...rest } = kernel.readDecision(0);
      const ways = new Set(WAYS.filter((_way, index) => ((taken >> BigInt(index)) & 1n) === 1n));
      return { decision: { ...rest, sequence: request.sequence }, ways };
    };
  };
}
