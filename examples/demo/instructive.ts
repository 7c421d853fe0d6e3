/**
 * The decisions that teach most, in a sentence each: what was saved, what was kept, what was close, what was refused
 * and by which gate.
 * @module
 */
import { styleText } from "node:util";
import type { Engine } from "@calybris/engine";
import { type Candidate, cost, explainCandidate, type GateName } from "@calybris/kernel";
import { dollars } from "../../packages/cli/src/terminal/money-text.ts";
import type { MarkdownDocument } from "./documents.ts";
import { type Answer, nameOf } from "./route.ts";

/** A decision, and what a newcomer should see in it. */
export interface Shown {
  readonly title: string;
  readonly answer: Answer;
  readonly text: string;
}

/** In the order in which they are worth reading; only those that there are. */
export function instructive(engine: Engine, answers: readonly Answer[]): readonly Shown[] {
  const of = (action: string): readonly Answer[] => answers.filter(({ decision }) => decision.action === action);
  const shown: Shown[] = [];
  const show = (title: string, answer: Answer | undefined, textOf: (answer: Answer) => string): void => {
    if (answer !== undefined) shown.push({ title, answer, text: textOf(answer) });
  };
  show(
    "Most saved",
    least(of("substitute"), (answer) => answer.decision.costMicrocents - askedMicrocents(engine, answer)),
    (answer) =>
      `${chosen(engine, answer)} instead of $${dollars(askedMicrocents(engine, answer))} for ${asked(engine, answer)}`,
  );
  show(
    "Requested and kept",
    least(of("execute"), ({ decision }) => -decision.costMicrocents),
    (answer) => `${chosen(engine, answer)}: no other candidate is worth more here`,
  );
  show(
    "Closest call",
    least(
      answers.filter(({ decision }) => decision.counterfactualId !== 0),
      ({ decision }) => decision.utilityMicrocents - decision.counterfactualUtilityMicrocents,
    ),
    (answer) => {
      const { counterfactualId, utilityMicrocents, counterfactualUtilityMicrocents } = answer.decision;
      const ahead = dollars(utilityMicrocents - counterfactualUtilityMicrocents);
      return `${chosen(engine, answer)}, ahead of ${nameOf(engine, counterfactualId)} by $${ahead} of utility`;
    },
  );
  for (const gate of ["budget", "region"] as const)
    show(`Refused by ${gate}`, firstRefusedBy(engine, of("substitute"), gate), (answer) => {
      const row = explainCandidate(engine.snapshot.policy, answer.request, askedCandidate(engine, answer) as Candidate);
      const evidence = row.refusedBy === undefined ? "" : `${row.measured}, needs ${row.limit}`;
      return `${asked(engine, answer)} (${evidence}); ${chosen(engine, answer)} instead`;
    });
  show("Nothing ran", of("reject")[0], ({ decision, request }) => {
    const { confidenceMinBps } = engine.snapshot.policy;
    return decision.reason === "confidence_hard_limit"
      ? `confidence ${request.confidenceBps} bps is below the policy's ${confidenceMinBps} bps (${decision.reason})`
      : `no candidate passes (${decision.reason})`;
  });
  return shown;
}

/** One line each. */
export function printShown(
  shown: readonly Shown[],
  documents: readonly MarkdownDocument[],
  answers: readonly Answer[],
): void {
  const width = Math.max(...shown.map(({ title }) => title.length));
  for (const { title, answer, text } of shown) {
    const document = documents[answers.indexOf(answer)];
    const tokens = (document?.tokenCount ?? 0).toLocaleString("en");
    console.log(
      `${styleText("bold", title.padEnd(width))}  entry ${answer.sequence}, ${document?.path}, ${tokens} tokens:`,
    );
    console.log(`${" ".repeat(width)}  ${text}`);
  }
}

function firstRefusedBy(engine: Engine, answers: readonly Answer[], gate: GateName): Answer | undefined {
  const { policy } = engine.snapshot;
  return answers.find((answer) => {
    const candidate = askedCandidate(engine, answer);
    return candidate !== undefined && explainCandidate(policy, answer.request, candidate).refusedBy === gate;
  });
}

function askedCandidate(engine: Engine, { request }: Answer): Candidate | undefined {
  return engine.snapshot.policy.candidates.find(({ id }) => id === request.requestedId);
}

function askedMicrocents(engine: Engine, answer: Answer): bigint {
  const candidate = askedCandidate(engine, answer);
  return candidate === undefined ? 0n : cost(answer.request, candidate);
}

function asked(engine: Engine, { request }: Answer): string {
  return nameOf(engine, request.requestedId);
}

function chosen(engine: Engine, { decision }: Answer): string {
  return `${nameOf(engine, decision.selectedId)} for $${dollars(decision.costMicrocents)}`;
}

function least(answers: readonly Answer[], of: (answer: Answer) => bigint): Answer | undefined {
  return answers.reduce<Answer | undefined>(
    (best, answer) => (best === undefined || of(answer) < of(best) ? answer : best),
    undefined,
  );
}
