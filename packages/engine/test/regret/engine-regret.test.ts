/** Regret while an engine serves, held to the fold over the same journal as it lies on the disk. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { bps, parseEntryHead, parseEntryLine, type PolicySnapshot } from "@calybris/kernel";
import { afterAll, describe, expect, test } from "vitest";
import { Engine } from "../../src/engine.ts";
import { LEARNING_DEFAULTS } from "../../src/flows/learning-defaults.ts";
import { EngineRegret } from "../../src/regret/engine-regret.ts";
import { Measure } from "../../src/regret/measure.ts";
import { type RegretReport, regretReport } from "../../src/regret/regret-report.ts";
import { sampleSnapshot } from "../support/sample-snapshot.ts";

const folder = mkdtempSync(join(tmpdir(), "calybris-regret-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const SETTINGS = { alpha: 0.05, margin: 0.01 };

function snapshot(): PolicySnapshot {
  const sample = sampleSnapshot();
  const useCase = { ...sample.useCases["default"], qualityMinBps: bps(7_000) } as (typeof sample.useCases)[string];
  return {
    ...sample,
    useCases: { default: useCase },
    learning: { ...LEARNING_DEFAULTS, features: ["load"], warmUpRequests: 20, explorationBps: 2_000 },
  };
}

function open(directory: string): Promise<Engine> {
  return Engine.open({
    directory: join(folder, directory),
    policy: snapshot(),
    segmentBytesMax: 60_000,
    randomBytes: (count) => new Uint8Array(count).fill(5),
  });
}

async function decideAll(engine: Engine, count: number, from = 0): Promise<void> {
  for (let number = from; number < from + count; number += 20) {
    await Promise.all(
      Array.from({ length: 20 }, async (_, at) => {
        const request = { inputTokens: 1_000_000, outputTokens: 500_000, valueMicrocents: 5_000 };
        const { decisionId, decision } = await engine.decide({ ...request, features: { load: (number + at) % 9 } });
        // Some have no outcome, and some come too late.
        if (at === 3) return;
        const succeeded = (number + at) % 100 < (decision.selectedId % 2 === 0 ? 85 : 55);
        const late = at === 4 ? { observedAt: Date.now() * 1_000 + 1e14 } : {};
        await engine.learning.observe({ decisionId, succeeded, ...late });
      }),
    );
    engine.learning.refresh();
  }
}

async function offline(engine: Engine): Promise<RegretReport> {
  const measure = new Measure(SETTINGS);
  for await (const piece of engine.reading.lines(1, engine.reading.head.sequence))
    for (const line of piece.toString("utf8").trimEnd().split("\n")) {
      const entry = parseEntryLine(line);
      const head = entry && parseEntryHead(entry.data);
      if (entry !== undefined && head !== undefined) measure.add({ ...entry, head });
    }
  return regretReport(measure.measured(), SETTINGS);
}

describe("the report of a serving engine", () => {
  test("is that of the journal on the disk, to the last digit, whenever it is asked for and after a restart", async () => {
    let engine = await open("same");
    try {
      expect((await engine.regret.report()).report.all.rows).toBe(0);
      for (const round of [0, 1, 2]) {
        await decideAll(engine, 100, round * 100);
        const { sequence, headSequence, report } = await engine.regret.report({ waitMs: 60_000 });
        expect(sequence).toBe(headSequence);
        expect(report).toEqual(await offline(engine));
        expect(report.all.rows).toBe((round + 1) * 90);
        expect(report.missing).toBe((round + 1) * 10);
      }
      await engine.close();
      engine = await open("same");
      expect(engine.recovery.fromSequence).toBeGreaterThan(50);
      const { report } = await engine.regret.report({ waitMs: 60_000 });
      expect(report).toEqual(await offline(engine));
      expect(report.all.policies.some(({ value }) => value !== null)).toBe(true);
    } finally {
      await engine.close();
    }
  }, 60_000);

  test("without waiting says how far it is, and later questions go on from there", async () => {
    const engine = await open("waits");
    try {
      await decideAll(engine, 60);
      const { sequence, headSequence } = await engine.regret.report({ waitMs: 0 });
      expect(sequence).toBeLessThanOrEqual(headSequence);
      const both = await Promise.all([
        engine.regret.report({ waitMs: 60_000 }),
        engine.regret.report({ waitMs: 60_000 }),
      ]);
      for (const one of both) expect(one.report).toEqual(await offline(engine));
    } finally {
      await engine.close();
    }
  }, 60_000);

  test("is refused once the engine is closed, also where it was asked for before", async () => {
    const engine = await open("closed");
    const asked = engine.regret.report().catch((error: unknown) => error);
    await engine.close();
    await expect(engine.regret.report()).rejects.toMatchObject({ code: "CAL_ENGINE_CLOSED" });
    const answer = await asked;
    if (answer instanceof Error) expect(answer).toMatchObject({ code: "CAL_ENGINE_CLOSED" });
    else expect(answer).toHaveProperty("sequence");
  });
});

describe("lines that are not what was ordered", () => {
  const regretOf = (lines: readonly string[], head: number): EngineRegret =>
    new EngineRegret({
      head: { sequence: head, hash: "", keyed: false },
      async *lines(from) {
        yield Buffer.from(lines.slice(from - 1).join(""));
      },
    });

  test.each([
    ["no entry", ["{}\n"]],
    [
      "an entry out of its order",
      ['{"sequence":2,"previous_hash":"x","entry_hash":"y","data":{"sequence":2,"durable":0,"at":1,"kind":"seal"}}\n'],
    ],
  ])(
    "%s is an error that names the entry, and is one again when asked again",
    async (_name, lines) => {
      const regret = regretOf(lines, 1);
      try {
        for (const _ of [1, 2])
          await expect(regret.report({ waitMs: 60_000 })).rejects.toMatchObject({
            code: "CAL_JOURNAL_ENTRY_MALFORMED",
            details: { sequence: 1 },
          });
      } finally {
        await regret.close();
      }
    },
    60_000,
  );

  test("a reading that ends early is an answer that says how far it goes", async () => {
    const regret = regretOf([], 7);
    try {
      expect(await regret.report({ waitMs: 60_000 })).toMatchObject({ sequence: 0, headSequence: 7 });
    } finally {
      await regret.close();
    }
  }, 60_000);
});
