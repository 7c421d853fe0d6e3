/**
 * What the demo leads with: money saved, at which quality, and how.
 * @module
 */
import { styleText } from "node:util";
import type { Engine } from "@calybris/engine";
import { type Candidate, cost } from "@calybris/kernel";
import { dollarsTo } from "../../packages/cli/src/terminal/money-text.ts";
import { type Answer, nameOf } from "./route.ts";

const DECIMALS = 2;

/** Prints estimated cost beside that of what was requested, over the requests that something ran for. */
export function printSaved(engine: Engine, answers: readonly Answer[]): void {
  const ran = answers.filter(({ decision }) => decision.action !== "reject");
  const requested = sum(ran.map((answer) => costOf(engine, answer, answer.request.requestedId)));
  const chosen = sum(ran.map(({ decision }) => decision.costMicrocents));
  const saved = requested - chosen;
  const [name = "nothing"] = ran.map(({ request }) => nameOf(engine, request.requestedId));
  const floors = ran.map(({ request }) => request.qualityMinBps);
  const sums = `Saved $${dollarsTo(saved, DECIMALS)} of $${dollarsTo(requested, DECIMALS)} (${percent(saved, requested)})`;
  console.log(`${styleText("bold", sums)} on ${ran.length} summaries that requested ${name}.`);
  console.log(
    `Quality   each runs on a model rated at or above its floor (${Math.min(...floors)} to ${Math.max(...floors)} bps, by kind); ` +
      `mean rating ${meanRating(engine, ran, ({ decision }) => decision.selectedId)}, requested ${meanRating(engine, ran, ({ request }) => request.requestedId)}`,
  );
  console.log("How       the policy weighs quality, risk, cost and latency of every model for every request");
  console.log("Measured  estimated cost at list prices; ratings are the catalog's benchmark; answers are not judged");
}

function candidate(engine: Engine, id: number): Candidate | undefined {
  return engine.snapshot.policy.candidates.find((each) => each.id === id);
}

function costOf(engine: Engine, { request }: Answer, id: number): bigint {
  const found = candidate(engine, id);
  return found === undefined ? 0n : cost(request, found);
}

function meanRating(engine: Engine, answers: readonly Answer[], idOf: (answer: Answer) => number): number {
  const ratings: readonly number[] = answers.map((answer) => candidate(engine, idOf(answer))?.qualityBps ?? 0);
  return Math.round(ratings.reduce((total, rating) => total + rating, 0) / Math.max(1, ratings.length));
}

function sum(amounts: readonly bigint[]): bigint {
  return amounts.reduce((total, amount) => total + amount, 0n);
}

function percent(part: bigint, whole: bigint): string {
  return whole === 0n ? "0 %" : `${(Number((part * 1_000n) / whole) / 10).toFixed(1)} %`;
}
