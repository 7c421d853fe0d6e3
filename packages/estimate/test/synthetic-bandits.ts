/**
 * Synthetic bandits in the manner of Open Bandit Pipeline, written from its documentation: contexts of five normal numbers; rewards with
 * the probability σ(θ_a·x + η_a), θ and η normal; a log by softmax(β·q), which with β below 0 prefers worse arms; a target policy learned
 * from another such log; and a logistic model of the reward in three folds. Later versions of the pipeline add polynomial features of
 * context and arm, so that the model alone, which has none, errs by another amount here.
 * @module
 */
import { EstimatorFold, type Estimates } from "@calybris/estimate";
import { draw } from "./logging-worlds.ts";

export interface BanditSettings {
  readonly rounds: number;
  readonly arms: number;
  readonly beta: number;
}

const DIMENSIONS = 5;
const FOLDS = 3;
const [TARGET_STEPS, MODEL_STEPS] = [60, 150];

interface Round {
  readonly context: readonly number[];
  /** The probability that each arm earns 1. */
  readonly means: readonly number[];
  readonly logged: readonly number[];
  readonly chosen: number;
  readonly reward: number;
}

function sigmoid(value: number): number {
  return 1 / (1 + Math.exp(-value));
}

function softmax(values: readonly number[]): number[] {
  const largest = Math.max(...values);
  const parts = values.map((value) => Math.exp(value - largest));
  const sum = parts.reduce((one, other) => one + other, 0);
  return parts.map((part) => part / sum);
}

function normal(random: () => number): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}

const dot = (one: readonly number[], other: readonly number[]): number =>
  one.reduce((sum, value, at) => sum + value * (other[at] ?? 0), 0);

/** Two logs of one world. */
function logsOf({ rounds, arms, beta }: BanditSettings, random: () => number): readonly (readonly Round[])[] {
  const normals = (count: number): number[] => Array.from({ length: count }, () => normal(random));
  const slopes = Array.from({ length: arms }, () => normals(DIMENSIONS));
  const offsets = normals(arms);
  const round = (): Round => {
    const context = normals(DIMENSIONS);
    const means = slopes.map((slope, arm) => sigmoid(dot(slope, context) + (offsets[arm] ?? 0)));
    const logged = softmax(means.map((mean) => beta * mean));
    const chosen = draw(logged, random);
    return { context, means, logged, chosen, reward: random() < (means[chosen] ?? 0) ? 1 : 0 };
  };
  return [0, 1].map(() => Array.from({ length: rounds }, round));
}

/** A classifier of the arm, rows weighted by reward over propensity; the target is the softmax of what it gives each arm. */
function learnedTarget(log: readonly Round[], arms: number): (context: readonly number[]) => number[] {
  const rows = log.filter(({ reward }) => reward > 0);
  const weights = Array.from({ length: arms }, () => new Array<number>(DIMENSIONS + 1).fill(0));
  const scores = (context: readonly number[]): number[] =>
    softmax(weights.map((weight) => dot(weight, context) + (weight[DIMENSIONS] ?? 0)));
  const total = rows.reduce((sum, { logged, chosen }) => sum + 1 / (logged[chosen] ?? 1), 0);
  for (let step = 0; step < TARGET_STEPS; step += 1) {
    const gradients = weights.map((weight) => weight.map(() => 0));
    for (const { context, chosen, logged } of rows) {
      const share = 1 / (logged[chosen] ?? 1) / total;
      for (const [arm, score] of scores(context).entries()) {
        const error = share * ((arm === chosen ? 1 : 0) - score);
        const gradient = gradients[arm] ?? [];
        for (let at = 0; at <= DIMENSIONS; at += 1) gradient[at] = (gradient[at] ?? 0) + error * (context[at] ?? 1);
      }
    }
    for (const [arm, weight] of weights.entries())
      for (let at = 0; at <= DIMENSIONS; at += 1) weight[at] = (weight[at] ?? 0) + 10 * (gradients[arm]?.[at] ?? 0);
  }
  return (context) => softmax(scores(context));
}

/** The reward by context and arm without their interaction, from the rows of the other folds. */
function rewardModel(log: readonly Round[], fold: number, arms: number): (context: readonly number[]) => number[] {
  const rows = log.filter((_, at) => at % FOLDS !== fold);
  const [slope, offsets] = [new Array<number>(DIMENSIONS).fill(0), new Array<number>(arms).fill(0)];
  const counts = new Array<number>(arms).fill(1);
  for (const { chosen } of rows) counts[chosen] = (counts[chosen] ?? 0) + 1;
  for (let step = 0; step < MODEL_STEPS; step += 1) {
    const [ofSlope, ofOffsets] = [slope.map(() => 0), offsets.map(() => 0)];
    for (const { context, chosen, reward } of rows) {
      const error = reward - sigmoid(dot(slope, context) + (offsets[chosen] ?? 0));
      for (let at = 0; at < DIMENSIONS; at += 1) ofSlope[at] = (ofSlope[at] ?? 0) + error * (context[at] ?? 0);
      ofOffsets[chosen] = (ofOffsets[chosen] ?? 0) + error;
    }
    for (const [at, gradient] of ofSlope.entries()) slope[at] = (slope[at] ?? 0) + (2 * gradient) / rows.length;
    for (const [arm, gradient] of ofOffsets.entries())
      offsets[arm] = (offsets[arm] ?? 0) + (2 * gradient) / (counts[arm] ?? 1);
  }
  return (context) => {
    const common = dot(slope, context);
    return offsets.map((offset) => sigmoid(common + offset));
  };
}

/** What is estimated on one log, beside the true value of the target on its contexts. */
export function estimatedBandit(
  settings: BanditSettings,
  random: () => number,
): { readonly truth: number; readonly estimates: Estimates } {
  const [train = [], test = []] = logsOf(settings, random);
  const target = learnedTarget(train, settings.arms);
  const models = Array.from({ length: FOLDS }, (_, fold) => rewardModel(test, fold, settings.arms));
  const fold = new EstimatorFold({ isTuned: true });
  let truth = 0;
  for (const [at, { context, means, ...row }] of test.entries()) {
    const shares = target(context);
    truth += dot(shares, means) / test.length;
    fold.add({ ...row, target: shares, predicted: models[at % FOLDS]?.(context) ?? [] });
  }
  return { truth, estimates: fold.estimates() };
}
