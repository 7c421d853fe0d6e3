/**
 * `npm run soak`: the long searches over and over, each time with the next seed, until one fails or the time is up.
 * Without `--minutes` it ends only by failing or by being stopped.
 *
 *     npm run soak -- --minutes 600 --seed 1000
 * @module
 */
import { parseArgs } from "node:util";
import { runApart, searchFiles } from "./runner.ts";

const ROUND_MILLISECONDS = 5 * 60_000;

const { values } = parseArgs({ options: { minutes: { type: "string" }, seed: { type: "string" } } });
const endMs = values.minutes === undefined ? Infinity : performance.now() + Number(values.minutes) * 60_000;
let seed = values.seed === undefined ? Date.now() % 2 ** 32 : Number(values.seed);
if (Number.isNaN(endMs) || !Number.isSafeInteger(seed)) throw new Error("--minutes and --seed are numbers");
console.log(`first seed ${seed}`);

let passed = 0;
let failed = 0;
while (failed === 0 && performance.now() < endMs) {
  for (const file of searchFiles()) {
    const milliseconds = Math.ceil(Math.min(ROUND_MILLISECONDS, Math.max(endMs - performance.now(), 1_000)));
    if (await runApart(file, { seed, milliseconds })) passed += 1;
    else failed += 1;
  }
  seed += 1;
}
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 && passed > 0 ? 0 : 1;
