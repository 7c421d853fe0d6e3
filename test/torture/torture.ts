/**
 * `npm run torture`: every long search once, within a time that a build can wait for. Same seed, same cases, unless a
 * machine is so slow that the time ends a search early.
 *
 *     npm run torture -- --minutes 10 --seed 7
 * @module
 */
import { readCommandLine } from "./command-line.ts";
import { runApart } from "./runner.ts";

const HELP = `npm run torture -- [SEARCH...] [--minutes N] [--seed N]

Runs every long search once.

  SEARCH      which to run, by the beginning of its name; all of them when none is named
  --minutes   how long at most, all of them together; 40 when not given, never more
  --seed      1 when not given`;

const MINUTES = 40;
const MINUTES_MAX = 40;
const MILLISECONDS_PER_MINUTE = 60_000;

const asked = readCommandLine(HELP);
const minutes = Math.min(asked.minutes ?? MINUTES, MINUTES_MAX);
const seed = asked.seed ?? 1;

/** What the others are given at most. */
const MILLISECONDS_MOST = 75_000;
/** They want most: so they go last, and have what the others leave. */
const LAST = ["whole-tests.ts", "crash.ts"];
const files = asked.files.toSorted((a, b) => LAST.indexOf(a) - LAST.indexOf(b));

const endMs = performance.now() + minutes * MILLISECONDS_PER_MINUTE;
const failures: string[] = [];
for (const [index, file] of files.entries()) {
  const leftMs = Math.max(endMs - performance.now(), 1_000);
  const share = Math.ceil(leftMs / (files.length - index));
  const isLeaving = !LAST.includes(file) && files.some((other) => LAST.includes(other));
  const milliseconds = isLeaving ? Math.min(share, MILLISECONDS_MOST) : share;
  console.log(`${file}: at most ${Math.ceil(milliseconds / 1_000)} s, seed ${seed}`);
  const { isPassed, failure } = await runApart(file, { seed, milliseconds });
  if (!isPassed) failures.push(`${file}: ${failure}`);
}
console.log(`${files.length - failures.length} passed, ${failures.length} failed`);
// A build's log may be cut to its end: a failure is repeated there.
for (const failure of failures) console.log(failure);
process.exitCode = failures.length === 0 && files.length > 0 ? 0 : 1;
