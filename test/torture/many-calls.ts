/**
 * A gateway survives a million calls, or as many as there is time for, and reserves nothing in the end. All of them, however long
 * they take:
 *
 *     npm run soak -- many-calls --rounds 1 --round-minutes 600
 * @module
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { dataDirectory } from "@calybris/datasets";
import { azureTraces } from "../../datasets/azure-traces.ts";
import { manyCalls } from "../../packages/cli/test/fire/many-calls.ts";
import { ROOT } from "../sources.ts";
import type { Budget, Found } from "./search.ts";

export const name = "many calls";

const SIZE = { calls: 1_000_000, concurrency: 64 };
/** The rest is for the end: what is under way, the ledger, the bill. */
const CALLS_SHARE = 0.85;
const END_MS_MAX = 300_000;

export async function run({ seed, milliseconds, progress }: Budget): Promise<Found> {
  const data = dataDirectory(ROOT);
  const hasTraces = data !== undefined && existsSync(join(data, "traces"));
  const traces = hasTraces ? await azureTraces(data) : undefined;
  const report = await manyCalls({
    ...SIZE,
    seed,
    traces,
    milliseconds: Math.max(milliseconds * CALLS_SHARE, milliseconds - END_MS_MAX),
    progress,
  });
  const { calls, answers, settledDollars, savedDollars, callsPerSecond, connectionsLost, heapMiB } = report;
  const asked = settledDollars + savedDollars;
  const share = asked === 0 ? 0 : (savedDollars / asked) * 100;
  const summary = [
    `token counts ${hasTraces ? "of the Azure traces" : "drawn from ranges"}; answers ${JSON.stringify(answers)}`,
    `${Math.round(callsPerSecond)} calls a second; 0 crashes, 0 reservations left, charged what was billed; ${connectionsLost} sent again`,
    `settled $${settledDollars.toFixed(4)}; the requested models would have cost $${asked.toFixed(4)}, ${share.toFixed(1)} % more`,
    `heap ${heapMiB.map((mib) => mib.toFixed(0)).join(" MiB in the middle, ")} MiB at the end`,
  ];
  return { cases: calls, summary: summary.join("\n  ") };
}
