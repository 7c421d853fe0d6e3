/**
 * A byte buffer for consecutive answers: one, or those of a batch.
 * @module
 */
import type { Decided, Engine } from "@calybris/engine";
import { ACTIONS, AT, RecordedDecision, REASONS } from "@calybris/engine/internal";
import { DEFAULT_TENANT, DECISION_AT } from "@calybris/kernel";
import type { ApiContext } from "./api-context.ts";
import { decisionText } from "./decision-text.ts";
import { answerBytesMax, putAnswer } from "./record-answer.ts";

export class AnswerBuffer {
  #bytes: Buffer;
  #end = 0;

  constructor(bytes: number) {
    this.#bytes = Buffer.allocUnsafeSlow(bytes);
  }

  /** Starts over. */
  begin(): void {
    this.#end = 0;
  }

  put(text: string): void {
    this.#reserve(3 * text.length);
    this.#end += this.#bytes.write(text, this.#end, "utf8");
  }

  /** Writes a decision, and counts it. */
  decision({ engine, metrics, policyAnswers }: ApiContext, decided: Decided): void {
    const record = RecordedDecision.recordOf(decided);
    const { texts, bytes } = policyAnswers.of(decided.policyId);
    const remaining = headroomOf(engine, decided);
    const { repeated } = decided;
    if (record === undefined) {
      if (!repeated) metrics.decision(decided.decision.action, decided.decision.reason);
      this.put(decisionText(decided, texts, remaining));
      return;
    }
    const { u8 } = record.pages;
    const made = record.at + AT.decision;
    const [action, reason] = [
      ACTIONS[u8[made + DECISION_AT.action] as number],
      REASONS[u8[made + DECISION_AT.reason] as number],
    ];
    if (!repeated && action !== undefined && reason !== undefined) metrics.decision(action, reason);
    this.#reserve(answerBytesMax(record));
    const context = { texts: bytes, remainingMicrocents: remaining, repeated, useCase: () => decided.useCase };
    const end = putAnswer(record, context, this.#bytes, this.#end);
    if (end < 0) this.put(decisionText(decided, texts, remaining));
    else this.#end = end;
  }

  /** The contents as text; valid only if they are ASCII. */
  text(): string {
    return this.#bytes.toString("latin1", 0, this.#end);
  }

  /** The contents; a view that is valid until the next write. */
  bytes(): Uint8Array {
    return this.#bytes.subarray(0, this.#end);
  }

  #reserve(bytes: number): void {
    if (this.#end + bytes <= this.#bytes.byteLength) return;
    const more = Buffer.allocUnsafeSlow(2 * this.#bytes.byteLength + bytes);
    this.#bytes.copy(more, 0, 0, this.#end);
    this.#bytes = more;
  }
}

/** The headroom of a decision's tenant; `undefined` for a tenant without a limit. */
export function headroomOf({ reading }: Engine, { tenant }: Decided): bigint | undefined {
  return reading.headroom(tenant ?? DEFAULT_TENANT);
}
