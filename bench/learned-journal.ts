/**
 * Makes a journal of decisions by a policy that learns, each with its outcome. A separate process makes it without waiting
 * for the disk. It is cached under node_modules/.cache, because a million decisions take minutes, and so that all runs read
 * the same.
 *
 *     node bench/learned-journal.ts DIRECTORY POLICY DECISIONS
 * @module
 */

import { spawn } from "node:child_process";
import { once } from "node:events";
import { Engine, loadPolicy } from "@calybris/engine";
import { InlineDriver, Writer } from "@calybris/engine/internal";
import { seededBelow } from "./harness.ts";
import { unsynced } from "./large-journal.ts";

/** Small, so that each outcome finds its decision in the data read for the previous one. */
const TURN = 64;
const WAITING_MAX = 4_096;
const SUCCESSES_OF_100 = 80;

/** Makes it in a separate process, so that its memory is not part of the measurement. */
export async function makeLearnedJournal(directory: string, policyFile: string, decisions: number): Promise<void> {
  const words = [import.meta.filename, directory, policyFile, String(decisions)];
  const [code] = (await once(spawn(process.execPath, words, { stdio: "inherit" }), "exit")) as [number | null];
  if (code !== 0) throw new Error(`the journal was not made: exit ${code}`);
}

async function fill(directory: string, policyFile: string, decisions: number): Promise<void> {
  const engine = await Engine.open({
    directory,
    policy: await loadPolicy(policyFile),
    disk: unsynced,
    driver: (start) => new InlineDriver(new Writer(unsynced, start)),
    waitingMax: WAITING_MAX,
  });
  const below = seededBelow(7);
  const useCases = ["default", "readme", "changelog"];
  for (let done = 0; done < decisions; done += TURN) {
    const requests = Array.from({ length: Math.min(TURN, decisions - done) }, () => ({
      inputTokens: 50 + below(6_000),
      outputTokens: 20 + below(1_500),
      useCase: useCases[below(useCases.length)] as string,
      features: { length: below(100) },
    }));
    const decided = await engine.decideMany(requests);
    await Promise.all(
      decided.map((one) =>
        "decided" in one && one.decided.decision.action !== "reject"
          ? engine.learning.observe({ decisionId: one.decided.decisionId, succeeded: below(100) < SUCCESSES_OF_100 })
          : undefined,
      ),
    );
  }
  await engine.close();
}

if (import.meta.main) {
  const [directory = "", policy = "", decisions = ""] = process.argv.slice(2);
  await fill(directory, policy, Number(decisions));
}
