/**
 * Makes a journal of decisions that learn, each with its outcome, for benchmarks that read one. It is made by a process of its own,
 * without waiting for the disk, and kept under node_modules/.cache: making a million takes minutes, and every run reads the same.
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

/** Few, so that each outcome finds its decision in what was read for the one before. */
const TURN = 64;
const WAITING_MAX = 4_096;
const SUCCESSES_OF_100 = 80;

/** Makes it in a process of its own, so that the memory it takes is not part of what is measured. */
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
