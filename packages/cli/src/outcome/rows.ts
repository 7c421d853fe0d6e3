/**
 * Reads outcomes from a file, one per line, each for a decision by its ID or its request ID. Everything is validated except
 * whether the decision exists, which the engine checks.
 * @module
 */
import type { ClientOutcome } from "@calybris/engine";
import {
  linesOf,
  membersOf,
  Mistakes,
  type MoneyField,
  moneyKeys,
  readJsonLine,
  readMoney,
  showValue,
} from "@calybris/engine/internal";
import { type ExactJson, I64_MAX, type Mistake } from "@calybris/kernel";
import { EngineError } from "@calybris/engine";

/** An outcome with its line in the file. */
export interface OutcomeRow {
  readonly line: number;
  /** Its `decisionId` is empty until it is looked up by the request ID. */
  readonly outcome: ClientOutcome;
  readonly requestId?: string;
}

const COST: MoneyField = { stem: "cost", suffix: "", minMicrocents: 0n, maxMicrocents: I64_MAX };
/** Keys of an outcome without the cost, which has a key for each of three units. */
const PLAIN_KEYS = ["decisionId", "observedAt", "disposition", "succeeded", "signals", "latencyMs"] as const;
const KEYS: readonly string[] = [...PLAIN_KEYS, "requestId", ...moneyKeys(COST)];

/** @throws CalybrisError `CAL_INPUT_MALFORMED` or `CAL_OUTCOME_INVALID` for the first unusable row, with its line. */
export async function* outcomeRows(file: string): AsyncGenerator<OutcomeRow> {
  for await (const { line, text } of linesOf(file))
    if (text.trim() !== "") yield { line, ...outcomeOf(readJsonLine(text, file, line), line) };
}

/** The cost in microcents; `undefined` if none is given. */
export function costOf(members: { readonly [key: string]: unknown }): bigint | undefined | Mistake {
  const reading = readMoney(members, COST);
  if (reading === undefined) return undefined;
  return "microcents" in reading ? reading.microcents : reading.mistake;
}

function outcomeOf(value: ExactJson, line: number): Omit<OutcomeRow, "line"> {
  const mistakes = new Mistakes(() => line);
  const members = membersOf(value);
  if (members !== value) mistakes.add([], `is ${showValue(value)}`, "Write an object.");
  for (const key in members) {
    if (mistakes.isFull) break;
    if (!KEYS.includes(key)) mistakes.add([key], "is an unknown field", mistakes.remedyFor(key, KEYS));
  }
  const { decisionId, requestId, succeeded, signals, disposition = "applied" } = members;
  if ((typeof decisionId === "string") === (typeof requestId === "string"))
    mistakes.add(["decisionId"], "or requestId has to be there, as text, one of them", "Name the decision once.");
  if (succeeded === undefined && signals === undefined && disposition === "applied")
    mistakes.add(
      ["succeeded"],
      "is missing, and there are no signals",
      "Send `succeeded`, or signals: [] if nothing unusual was observed.",
    );
  const cost = costOf(members);
  if (typeof cost === "object") mistakes.add([cost.path], cost.problem, cost.remedy);
  if (!mistakes.isEmpty) throw new EngineError("CAL_OUTCOME_INVALID", { mistakes: mistakes.list });
  const plain = Object.fromEntries(PLAIN_KEYS.map((key) => [key, members[key]]));
  const costMicrocents = typeof cost === "bigint" ? cost : undefined;
  const outcome = { ...plain, decisionId: decisionId ?? "", costMicrocents } as unknown as ClientOutcome;
  return { outcome, ...(typeof requestId === "string" ? { requestId } : {}) };
}
