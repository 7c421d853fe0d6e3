/** Regret while an engine serves, held to the fold over the same journal as it lies on the disk. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import type { Engine } from "../../src/engine.ts";
import { EngineRegret } from "../../src/regret/engine-regret.ts";
import { KeptRegret } from "../../src/regret/kept-regret.ts";
import { decideAll, offline, openLearning } from "./regret-world.ts";

const folder = mkdtempSync(join(tmpdir(), "calybris-regret-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const open = (directory: string): Promise<Engine> => openLearning(join(folder, directory));

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
    new EngineRegret(
      {
        head: { sequence: head, hash: "", keyed: false },
        async *lines(from) {
          yield Buffer.from(lines.slice(from - 1).join(""));
        },
      },
      new KeptRegret(),
    );

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

  test("a kept measure that is none is forgotten, and the lines are read from the first", async () => {
    const kept = new KeptRegret();
    kept.keep({ sequence: 5, bytes: Uint8Array.of(1, 2, 3) });
    const froms: number[] = [];
    const regret = new EngineRegret(
      {
        head: { sequence: 7, hash: "", keyed: false },
        async *lines(from) {
          froms.push(from);
          yield Buffer.alloc(0);
        },
      },
      kept,
    );
    try {
      expect(await regret.report({ waitMs: 60_000 })).toMatchObject({ sequence: 0, headSequence: 7 });
      expect([froms, kept.measure]).toEqual([[1], undefined]);
    } finally {
      await regret.close();
    }
  }, 60_000);

  test("a reading that ends early is an answer that says how far it goes", async () => {
    const regret = regretOf([], 7);
    try {
      expect(await regret.report({ waitMs: 60_000 })).toMatchObject({ sequence: 0, headSequence: 7 });
    } finally {
      await regret.close();
    }
  }, 60_000);
});
