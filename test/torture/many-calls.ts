/** A gateway survives a million calls, or as many as there is time for, and reserves nothing in the end. @module */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { dataDirectory } from "@calybris/datasets";
import { azureTraces } from "../../datasets/azure-traces.ts";
import { manyCalls } from "../../packages/cli/test/fire/many-calls.ts";
import { ROOT } from "../sources.ts";
import type { Budget, Found } from "./search.ts";

export const name = "many calls";

const SIZE = { calls: 1_000_000, concurrency: 64 };
/** Of a run of all searches. The whole takes as long as it is given when it is asked for alone. */
const CALLS_SHARE = 0.85;

export async function run({ seed, milliseconds, progress }: Budget): Promise<Found> {
  const data = dataDirectory(ROOT);
  const hasTraces = data !== undefined && existsSync(join(data, "traces"));
  const traces = hasTraces ? await azureTraces(data) : undefined;
  const report = await manyCalls({ ...SIZE, seed, traces, milliseconds: milliseconds * CALLS_SHARE, progress });
  const { calls, answers, settledDollars, savedDollars, heapMiB } = report;
  const asked = settledDollars + savedDollars;
  const share = asked === 0 ? 0 : (savedDollars / asked) * 100;
  const summary = [
    `token counts ${hasTraces ? "of the Azure traces" : "drawn from ranges"}; answers ${JSON.stringify(answers)}`,
    `settled $${settledDollars.toFixed(4)}; asked for would have cost $${asked.toFixed(4)}, ${share.toFixed(1)} % more`,
    `heap ${heapMiB.map((mib) => mib.toFixed(0)).join(" MiB in the middle, ")} MiB at the end`,
  ];
  return { cases: calls, summary: summary.join("\n  ") };
}
