import { EngineError } from "../../src/engine-errors.ts";
import fc from "fast-check";
import { expect, test } from "vitest";
import { FirstResults } from "../../src/flows/first-results.ts";
import { parseBudgets } from "../../src/intake/budgets-file.ts";
import { LedgerInMemory } from "../ledger/model/in-memory.ts";

// Goal: a repetition is answered with the first result, and never before the entry of the first is durable.
// Method: commands by id against a map of first results, under a disk that makes entries durable, or fails, when it likes.

const FAILED = new EngineError("CAL_JOURNAL_FAILED", { unknown: 1, problem: "a test" });

interface Entry {
  readonly durable: Promise<void>;
  readonly write: () => void;
  readonly fail: (error: unknown) => void;
}

test("whatever is repeated in whatever order, each id is ordered once, and nothing is answered before it is durable", async () => {
  const step = fc.oneof(
    { weight: 4, arbitrary: fc.record({ does: fc.constant("command" as const), id: fc.nat(5) }) },
    { weight: 2, arbitrary: fc.constant({ does: "write" as const }) },
    { weight: 1, arbitrary: fc.constant({ does: "settled" as const }) },
  );
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 40 }), fc.boolean(), async (steps, fails) => {
      const entries: Entry[] = [];
      const results = new FirstResults({
        get sequence() {
          return entries.length;
        },
        whenDurable: async (sequence) => entries[sequence - 1]?.durable,
      });
      const first = new Map<number, { readonly sequence: number; readonly id: number }>();
      const answers: { readonly sequence: number; readonly answer: Promise<unknown> }[] = [];
      let durable = 0;
      const early: number[] = [];
      const watch = (sequence: number, answer: Promise<unknown>): void => {
        answer.then(
          () => {
            if (sequence > durable) early.push(sequence);
          },
          () => undefined,
        );
        answers.push({ sequence, answer });
      };
      for (const each of steps) {
        if (each.does === "command") {
          const { id } = each;
          const answer = results.once({
            first: () => first.get(id),
            order: () => {
              const { promise: durable, resolve: write, reject: fail } = Promise.withResolvers<void>();
              durable.catch(() => undefined);
              entries.push({ durable, write, fail });
              const result = { sequence: entries.length, id };
              first.set(id, result);
              return result;
            },
          });
          watch(first.get(id)?.sequence ?? 0, answer);
        } else if (each.does === "settled") watch(entries.length, results.settled());
        else if (durable < entries.length) {
          durable += 1;
          entries[durable - 1]?.write();
        }
        await Promise.resolve();
      }
      expect(entries).toHaveLength(first.size);
      const left = durable;
      for (const entry of entries.slice(durable)) {
        if (fails) entry.fail(FAILED);
        else {
          durable += 1;
          entry.write();
        }
      }
      const ends = await Promise.allSettled(answers.map(({ answer }) => answer));
      for (const [index, end] of ends.entries()) {
        const sequence = answers[index]?.sequence ?? 0;
        expect(end.status).toBe(fails && sequence > left ? "rejected" : "fulfilled");
      }
      expect(early).toEqual([]);
      // A failure is for good: only a new process finds out what is durable.
      for (const { sequence, id } of first.values()) {
        const again = results.once({ first: () => first.get(id), order: () => expect.unreachable("ordered twice") });
        if (fails && sequence > left) await expect(again).rejects.toBe(FAILED);
        else expect(await again).toEqual({ sequence, id });
      }
    }),
    { numRuns: 300 },
  );
});

test("limits that are as they should be are answered once the entries that made them so are durable", async () => {
  const world = new LedgerInMemory(Date.UTC(2026, 0, 15, 12) * 1_000);
  const { promise, resolve } = Promise.withResolvers<void>();
  world.whenDurable = () => promise;
  const budgets = parseBudgets({ tenants: { acme: {} } });
  const done: string[] = [];
  const first = world.commands.apply(budgets).then(() => done.push("first"));
  const again = world.commands.apply(budgets).then(() => done.push("again"));
  await new Promise(setImmediate);
  expect(done).toEqual([]);
  resolve();
  await Promise.all([first, again]);
  expect(done.sort()).toEqual(["again", "first"]);
});
