/**
 * The cases file of a policy: requests and the expected decisions. Read strictly: an expectation under an unknown key would
 * always pass.
 * @module
 */
import { type JsonPath, U64_MAX } from "@calybris/kernel";
import { EngineError } from "../engine-errors.ts";
import { z } from "zod";
import { checkShape } from "./check-shape.ts";
import type { ClientRequest } from "./client-request.ts";
import { membersOf } from "./members.ts";
import { Mistakes } from "./mistakes.ts";
import { amountOf, checkMoney, type MoneyField, readMoney } from "./money.ts";
import type { LineOf } from "./read-json.ts";
import { amount, field, oneOf, text } from "./shape.ts";

/** The expected decision; an omitted field matches any value. */
export interface ExpectedDecision {
  readonly action?: "execute" | "substitute" | "reject";
  /** Name of the selected candidate. */
  readonly selected?: string;
  readonly reason?: string;
  /** Estimated cost. */
  readonly costMicrocents?: bigint;
  readonly costMaxMicrocents?: bigint;
  /** Code of the error that refuses the request. */
  readonly error?: string;
}

export interface PolicyCase {
  readonly name: string;
  readonly request: ClientRequest;
  readonly expect: ExpectedDecision;
}

const CASES_PER_FILE_MAX = 10_000;
const RANGE = { suffix: "", minMicrocents: 0n, maxMicrocents: U64_MAX } as const;
const COST: MoneyField<"cost", ""> = { stem: "cost", ...RANGE };
const COST_MAX: MoneyField<"costMax", ""> = { stem: "costMax", ...RANGE };

const EXPECT_SHAPE: Record<string, z.ZodType> = {
  action: oneOf(["execute", "substitute", "reject"], "action of the decision").optional(),
  selected: text(128, "the name of the candidate that runs").optional(),
  reason: text(64, "why, as a decision gives it").optional(),
  ...amount(COST),
  ...amount(COST_MAX),
  error: text(64, "the code of the error that refuses the request").optional(),
};

const CASES_SHAPE: Record<string, z.ZodType> = {
  $schema: text(2000, "a schema for editors").optional(),
  cases: z
    .array(
      z.strictObject({
        name: text(200, "what the case shows"),
        request: field((value) => membersOf(value) === value, "a request, as an object", { type: "object" }),
        expect: z.strictObject(EXPECT_SHAPE),
      }),
    )
    .min(1)
    .max(CASES_PER_FILE_MAX),
};

export const casesFileSchema: z.ZodType = z.strictObject(CASES_SHAPE);

/**
 * @throws CalybrisError `CAL_CASES_INVALID` with every mistake at once.
 *
 * @example
 * ```ts
 * import { parsePolicyCases } from "@calybris/engine/internal";
 * const [cheap] = parsePolicyCases({
 *   cases: [{ name: "short questions", request: { inputTokens: 10 }, expect: { action: "substitute" } }],
 * });
 * cheap?.expect.action; // "substitute"
 * ```
 */
export function parsePolicyCases(value: unknown, lineOf?: LineOf, file?: string): readonly PolicyCase[] {
  const mistakes = new Mistakes(lineOf);
  checkShape(casesFileSchema, value, mistakes);
  const cases = mistakes.isEmpty ? (membersOf(value)["cases"] as unknown as readonly PolicyCase[]) : [];
  for (const [position, { expect }] of cases.entries()) {
    if (mistakes.isFull) break;
    checkExpected(membersOf(expect), mistakes, ["cases", position, "expect"]);
  }
  if (!mistakes.isEmpty)
    throw new EngineError("CAL_CASES_INVALID", {
      mistakes: mistakes.list,
      ...(file === undefined ? {} : { file }),
    });
  return cases.map((each) => ({ ...each, expect: readExpected(membersOf(each.expect)) }));
}

type Members = { readonly [key: string]: unknown };

function checkExpected(expect: Members, mistakes: Mistakes, at: JsonPath): void {
  checkMoney(expect, COST, mistakes, at);
  checkMoney(expect, COST_MAX, mistakes, at);
  if (Object.keys(expect).length === 0)
    mistakes.add(at, "expects nothing", `Give at least one of ${Object.keys(EXPECT_SHAPE).join(", ")}.`);
  if (expect["error"] !== undefined && Object.keys(expect).length > 1)
    mistakes.add([...at, "error"], "contradicts the others", "A request that is refused has no decision.");
}

function readExpected(expect: Members): ExpectedDecision {
  const texts = ["action", "selected", "reason", "error"].filter((key) => expect[key] !== undefined);
  const [cost, costMax] = [readMoney(expect, COST), readMoney(expect, COST_MAX)];
  return {
    ...Object.fromEntries(texts.map((key) => [key, expect[key]])),
    ...(cost === undefined ? {} : { costMicrocents: amountOf(expect, COST) }),
    ...(costMax === undefined ? {} : { costMaxMicrocents: amountOf(expect, COST_MAX) }),
  };
}
