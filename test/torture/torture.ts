/**
 * `npm run torture`: every long search once, within a time that a build can wait for. Same seed, same cases.
 *
 *     npm run torture -- --minutes 10 --seed 7
 * @module
 */
import { parseArgs } from "node:util";
import { runApart, searchFiles } from "./runner.ts";

const MINUTES_MAX = 40;
const MILLISECONDS_PER_MINUTE = 60_000;

const { values } = parseArgs({
  options: { minutes: { type: "string", default: "20" }, seed: { type: "string", default: "1" } },
});
const minutes = Math.min(Number(values.minutes), MINUTES_MAX);
const seed = Number(values.seed);
if (!(minutes > 0) || !Number.isSafeInteger(seed)) throw new Error("--minutes is above 0 and --seed is a whole number");

const endMs = performance.now() + minutes * MILLISECONDS_PER_MINUTE;
const files = searchFiles();
let passed = 0;
for (const [index, file] of files.entries()) {
  const leftMs = Math.max(endMs - performance.now(), 1_000);
  const milliseconds = Math.ceil(leftMs / (files.length - index));
  console.log(`${file}: at most ${Math.ceil(milliseconds / 1_000)} s, seed ${seed}`);
  if (await runApart(file, { seed, milliseconds })) passed += 1;
}
console.log(`${passed} passed, ${files.length - passed} failed`);
process.exitCode = passed === files.length && passed > 0 ? 0 : 1;
