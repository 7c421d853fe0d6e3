/** `calybris regret --url`: what a running service answers, held to what the same command reads from its journal. */
import { type RegretReport, loadPolicy } from "@calybris/engine";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Running, startService } from "../../../gateway/test/support/running-service.ts";
import { calybris } from "../support/captured-terminal.ts";
import { POLICY, Sandbox } from "../support/sample-files.ts";

const files = new Sandbox();
const LEARNING = { features: ["load"], explorationBps: 2_000, warmUpRequests: 20 };
const learns = files.write("learns.json", JSON.stringify({ ...POLICY, learning: LEARNING }));
const [ROUNDS, TOGETHER] = [120, 20];
let running: Running;

beforeAll(async () => {
  running = await startService({
    keyed: false,
    directory: files.at("journal"),
    startingPolicy: () => loadPolicy(learns),
    ports: {},
  });
  await decideSome(0);
}, 60_000);
afterAll(() => running.end());

async function decideSome(from: number): Promise<void> {
  const { engine } = running.service;
  for (let first = from; first < from + ROUNDS; first += TOGETHER) {
    await Promise.all(
      Array.from({ length: TOGETHER }, async (_, at) => {
        const { decisionId } = await engine.decide({ inputTokens: 1_000, features: { load: at % 9 } });
        await engine.learning.observe({ decisionId, succeeded: (first + at) % 3 !== 0 });
      }),
    );
    engine.learning.refresh();
  }
}

async function regret(...words: readonly string[]): Promise<RegretReport> {
  const { exit, out, complaints } = await calybris("regret", "--json", ...words);
  expect([exit, complaints]).toEqual([0, ""]);
  return JSON.parse(out) as RegretReport;
}

test("the report that the service keeps is the one that its journal gives, before and after more outcomes", async () => {
  for (const round of [1, 2]) {
    const served = await regret("--url", running.url);
    expect(served).toEqual(await regret("--journal", running.directory));
    expect(served.all.rows).toBe(round * ROUNDS);
    if (round === 1) await decideSome(ROUNDS);
  }
}, 60_000);

test("groups and a target policy are read from the service's entries", async () => {
  const words = ["--by", "regime", "--target", learns];
  const served = await regret("--url", running.url, ...words);
  expect(served).toEqual(await regret("--journal", running.directory, ...words));
  expect(served.groups.length).toBeGreaterThan(0);
  expect(served.target).not.toBeNull();
}, 60_000);

test("prints the same sentences", async () => {
  const { out } = await calybris("regret", "--url", running.url);
  expect(out).toBe((await calybris("regret", "--journal", running.directory)).out);
  expect(out).toContain("Decisions earned");
});
