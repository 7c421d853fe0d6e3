/**
 * The parts of answers that depend only on the policy, built once per policy.
 * @module
 */
import type { Engine } from "@calybris/engine";
import { type AnswerTexts, answerTexts } from "./decision-text.ts";
import { type AnswerBytes, answerBytes } from "./record-answer.ts";

export interface PolicyAnswer {
  readonly texts: AnswerTexts;
  /** `undefined` for a policy with a name beyond ASCII. */
  readonly bytes: AnswerBytes | undefined;
}

export class PolicyAnswers {
  readonly #engine: Engine;
  /** By policy id. */
  readonly #answers: (PolicyAnswer | undefined)[] = [];

  constructor(engine: Engine) {
    this.#engine = engine;
  }

  /** @param policyId - the policy of a decision. */
  of(policyId: number): PolicyAnswer {
    let answer = this.#answers[policyId];
    if (answer === undefined) {
      const snapshot = this.#engine.reading.policy(policyId)?.snapshot ?? this.#engine.snapshot;
      answer = { texts: answerTexts(snapshot), bytes: answerBytes(snapshot) };
      this.#answers[policyId] = answer;
    }
    return answer;
  }
}
