/**
 * `npm run soak`: the long searches over and over, each time with the next seed, until one fails or the time is up.
 * Without `--minutes` it ends only by failing or by being stopped.
 *
 *     npm run soak -- crash --minutes 600 --seed 1000
 * @module
 */
import { readCommandLine } from "./command-line.ts";
import { runApart } from "./runner.ts";

const HELP = `npm run soak -- [SEARCH...] [--minutes N] [--rounds N] [--round-minutes N] [--seed N]

Runs long searches again and again, each round with the next seed, until one fails or the time is up.

  SEARCH           which to run, by the beginning of its name; all of them when none is named
  --minutes        how long; without it, until one fails or you stop it
  --rounds         how many rounds at most
  --round-minutes  how long a search may take in a round; 5 when not given
  --seed           the first seed; without it, one that follows from the time`;

const ROUND_MINUTES = 5;
const MILLISECONDS_PER_MINUTE = 60_000;

const asked = readCommandLine(HELP, true);
const roundMs = (asked.roundMinutes ?? ROUND_MINUTES) * MILLISECONDS_PER_MINUTE;
const endMs = asked.minutes === undefined ? Infinity : performance.now() + asked.minutes * MILLISECONDS_PER_MINUTE;
let seed = asked.seed ?? Date.now() % 2 ** 32;
console.log(`first seed ${seed}; searches: ${asked.files.join(", ")}`);

let passed = 0;
let cases = 0;
let failed = 0;
for (let round = 0; failed === 0 && performance.now() < endMs && round < (asked.rounds ?? Infinity); round += 1) {
  for (const file of asked.files) {
    const milliseconds = Math.ceil(Math.min(roundMs, Math.max(endMs - performance.now(), 1_000)));
    const ended = await runApart(file, { seed, milliseconds });
    cases += ended.cases;
    if (ended.isPassed) passed += 1;
    else failed += 1;
  }
  seed += 1;
}
console.log(`${passed} passed, ${failed} failed, ${cases} cases, last seed ${seed - 1}`);
process.exitCode = failed === 0 && passed > 0 ? 0 : 1;
