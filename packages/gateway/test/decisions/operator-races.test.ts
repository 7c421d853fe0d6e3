/**
 * Two operators change the policy at once, each over a connection of their own: whatever the order in which their requests meet in the
 * service, both answers and the policy that is then active, staged and a canary are those of one order, one after the other.
 *
 * Every pair of changes runs one after the other, in both orders; then at once, the second later by a number of turns of the event loop; and
 * where the first has a gate, with the second made while the first reads the entries that its gate is judged by.
 * Gates are open: what is tested is who wins, not what a gate needs.
 */
import { setTimeout } from "node:timers/promises";
import type { Gates } from "@calybris/engine";
import { describe, expect, test } from "vitest";
import { caseCount } from "../../../../test/share.ts";
import { ServiceError, type CalybrisClient } from "../../../client/src/index.ts";
import { POLICY, type Running, startService, testPolicy } from "../support/running-service.ts";

const OPEN: Gates = { decisionsMin: 0, actionDeltaMaxBps: 10_000, margin: 0.99, alpha: 0.999 };
const [OTHER, NEWER, FROM_FILE] = [2, 3, 4].map((epoch) => ({ ...POLICY, name: `policy ${epoch}`, epoch }));
/** So many turns later, at most, does the second request begin; the first has been answered by then. */
const DELAYS_MAX = caseCount(24, 6);

const CHANGES = {
  stage: (client: CalybrisClient) => client.stagePolicy({ policy: NEWER as typeof POLICY }),
  promote: (client: CalybrisClient) => client.promotePolicy({ policyId: 2 }),
  "roll back": (client: CalybrisClient) => client.rollBackPolicy({ policyId: 1 }),
  canary: (client: CalybrisClient) => client.canaryPolicy({ policyId: 2, shareBps: 500 }),
  reload: (client: CalybrisClient) => client.reload(),
} satisfies Record<string, (client: CalybrisClient) => Promise<object>>;
type Change = keyof typeof CHANGES;
const PAIRS = Object.keys(CHANGES).flatMap((one, at, all) =>
  all.slice(at).map((other) => [one, other] as [Change, Change]),
);

/** Policy 1 is active, 2 is staged and was compared with it over some outcomes. */
async function prepared(): Promise<Running> {
  let file = testPolicy();
  const running = await startService({ startingPolicy: () => Promise.resolve(file) });
  const { engine } = running.service;
  const [promote, canary] = [engine.rollout.promote.bind(engine.rollout), engine.rollout.canary.bind(engine.rollout)];
  engine.rollout.promote = (id, callerOf, _gates, signature) => promote(id, callerOf, OPEN, signature);
  engine.rollout.canary = (id, share, callerOf, _gates, signature) => canary(id, share, callerOf, OPEN, signature);
  await engine.rollout.stage(testPolicy(OTHER));
  for (let at = 0; at < 4; at++) {
    const { decisionId } = await engine.decide({ inputTokens: 1_000 });
    await engine.learning.observe({ decisionId, succeeded: true });
  }
  file = testPolicy(FROM_FILE);
  return running;
}

/** An answer without what depends on the moment. */
async function answerOf(change: Promise<object>): Promise<unknown> {
  try {
    const { sequence: _sequence, policy, ...answer } = (await change) as { sequence?: number; policy?: object | null };
    return policy === undefined ? answer : { isActivated: policy !== null };
  } catch (error) {
    if (!(error instanceof ServiceError)) throw error;
    return { status: error.status, code: error.code };
  }
}

interface Outcome {
  readonly answers: readonly unknown[];
  readonly active: string;
  readonly staged: string | undefined;
  readonly canaryBps: number | undefined;
}

type Meeting = "one first" | "other first" | "within the gate" | number;

async function run([one, other]: readonly [Change, Change], meeting: Meeting): Promise<Outcome> {
  const running = await prepared();
  try {
    const clients = [1, 2].map(() => running.client({ key: running.keys.operate })) as [CalybrisClient, CalybrisClient];
    const first = (): Promise<unknown> => answerOf(CHANGES[one](clients[0]));
    const second = (): Promise<unknown> => answerOf(CHANGES[other](clients[1]));
    const answers = await bothAnswers(running, first, second, meeting);
    const { active, staged, canaryBps } = await running.service.engine.rollout.status();
    const decided = await running.service.engine.decide({ inputTokens: 1_000 });
    expect(decided.policyId).toBe(running.service.engine.rollout.policyFor(undefined).id);
    return { answers, active: active.snapshot.name, staged: staged?.snapshot.name, canaryBps };
  } finally {
    await running.end();
  }
}

type Ask = () => Promise<unknown>;

async function bothAnswers(running: Running, first: Ask, second: Ask, meeting: Meeting): Promise<readonly unknown[]> {
  if (meeting === "one first") return [await first(), await second()];
  if (meeting === "other first") {
    const before = await second();
    return [await first(), before];
  }
  if (meeting !== "within the gate") {
    const begun = first();
    for (let turn = 0; turn < meeting; turn++) await nextTurn();
    return Promise.all([begun, second()]);
  }
  const { reading } = running.service.engine;
  const lines = reading.lines.bind(reading);
  const [reached, released] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  reading.lines = async function* held(from, to) {
    reached.resolve();
    await released.promise;
    yield* lines(from, to);
  };
  const begun = first();
  await reached.promise;
  const then = second();
  // A second one that has a gate of its own waits for the first one's.
  await Promise.race([then, setTimeout(PATIENCE_MS)]);
  released.resolve();
  return Promise.all([begun, then]);
}

const PATIENCE_MS = 250;
const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
/** Changes that have a gate. */
const GATED: readonly Change[] = ["promote", "canary"];

describe("two operators at once", () => {
  test.each(PAIRS)("%s and %s: both answers and the policies are those of one order", async (one, other) => {
    const inOrder = [await run([one, other], "one first"), await run([one, other], "other first")];
    for (const { answers } of inOrder)
      for (const answer of answers)
        if (typeof answer === "object" && answer !== null && "code" in answer)
          expect(answer).toEqual({ status: 409, code: "CAL_ROLLOUT_NOT_STAGED" });
    for (let delay = 0; delay < DELAYS_MAX; delay += 1) expect(inOrder).toContainEqual(await run([one, other], delay));
    if (GATED.includes(one)) expect(inOrder).toContainEqual(await run([one, other], "within the gate"));
    if (!GATED.includes(other)) return;
    const turned = inOrder.map((outcome) => ({ ...outcome, answers: outcome.answers.toReversed() }));
    expect(turned).toContainEqual(await run([other, one], "within the gate"));
  });
});
