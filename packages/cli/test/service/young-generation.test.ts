import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { expect, test } from "vitest";

/** In a process of its own, because the flags are the process's. Objects live for some turns, as those of requests do. */
const PROGRAM = `
  import { boundYoungGeneration, holdYoungGeneration, youngBytes } from ${JSON.stringify(
    new URL("../../src/service/young-generation.ts", import.meta.url).href,
  )};
  const live = [];
  async function work(turns) {
    for (let turn = 0; turn < turns; turn += 1) {
      live[turn % 16] = Array.from({ length: 8_000 }, (_, index) => ({ turn, index, list: [index] }));
      await new Promise(setImmediate);
    }
    return youngBytes() / 2 ** 20;
  }
  const free = process.argv[1] === "free";
  if (!free) holdYoungGeneration();
  const held = await work(100);
  if (!free) boundYoungGeneration();
  console.log(JSON.stringify([held, await work(800)]));
`;

async function youngMiB(kind: "free" | "bound"): Promise<readonly [held: number, bound: number]> {
  const words = ["--input-type=module", "--eval", PROGRAM, kind];
  const { stdout } = await promisify(execFile)(process.execPath, words);
  return JSON.parse(stdout) as [number, number];
}

test("the young generation does not grow while it is held, and then to its bound, which it would pass", async () => {
  const [[, free], [held, bound]] = await Promise.all([youngMiB("free"), youngMiB("bound")]);
  expect(held).toBeLessThanOrEqual(4);
  expect(bound).toBe(32);
  expect(free).toBeGreaterThan(32);
});
