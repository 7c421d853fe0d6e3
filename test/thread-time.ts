/**
 * The processor time of the thread that measures, and limits on it. A limit is written for the machine that prints the
 * figures of `docs/performance.md`; a slower machine gets as much more, by a fixed piece of work that is timed beside it.
 * @module
 */

/** What {@link fixedWork} takes of that machine. */
const FIXED_WORK_MS = 21;
const TEXT: string = JSON.stringify(
  Array.from({ length: 2_000 }, (_, index) => ({ id: index, name: `name ${index}` })),
);

/** Of this thread alone: what other threads and processes do is not counted, but that they slow it down is. */
export async function threadMs(run: () => unknown): Promise<number> {
  const before = process.threadCpuUsage();
  await run();
  const { user, system } = process.threadCpuUsage(before);
  return (user + system) / 1_000;
}

/**
 * The least that something takes of this thread, in milliseconds of the machine that the limits are written for. It is
 * tried until it is within the limit, at most `attempts` times: a compilation or a collection may fall into one of them.
 */
export async function leastThreadMs(limitMs: number, attempts: number, run: () => unknown): Promise<number> {
  let leastMs = Number.POSITIVE_INFINITY;
  for (let attempt = 0; attempt < attempts && leastMs >= limitMs; attempt += 1) {
    const before = await fixedWorkMs();
    const takenMs = await threadMs(run);
    const slowness = Math.max(1, Math.max(before, await fixedWorkMs()) / FIXED_WORK_MS);
    leastMs = Math.min(leastMs, takenMs / slowness);
  }
  return leastMs;
}

/**
 * Reading and writing JSON is most of what a service does with a body. It is compiled before it is timed: the clock of a
 * thread may go by steps of 4 ms.
 */
async function fixedWorkMs(): Promise<number> {
  if (!isCompiled) fixedWork();
  isCompiled = true;
  return threadMs(fixedWork);
}

let isCompiled = false;

function fixedWork(): void {
  for (let round = 0; round < 50; round += 1) JSON.stringify(JSON.parse(TEXT));
}
