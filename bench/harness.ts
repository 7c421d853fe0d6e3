/**
 * Helpers of all benchmarks: seeded random numbers, medians of alternating runs, checksums, tables. Alternation (A B A B)
 * spreads other load on the machine over all contestants; the median ignores outliers.
 * @module
 */

/** Draws integers from 0 to `limit` - 1 with mulberry32; deterministic for a seed. */
export function seededBelow(seed: number): (limit: number) => number {
  let state = seed >>> 0;
  return (limit) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * limit);
  };
}

export interface Contestant {
  readonly name: string;
  /** Items per run. */
  readonly count: number;
  readonly run: () => void;
}

export interface Sampling {
  /** Samples of each contestant, after one for warm-up. */
  readonly rounds: number;
  /** A sample repeats its run for at least this time. The clock's resolution is a few milliseconds. */
  readonly sampleSeconds: number;
}

/**
 * Median items per second of each contestant, by name, over alternating rounds. Seconds are processor time of this thread,
 * so time of other processes does not count.
 */
export function alternate(contestants: readonly Contestant[], sampling: Sampling): ReadonlyMap<string, number> {
  const rates = new Map<string, number[]>(contestants.map(({ name }) => [name, []]));
  for (let round = 0; round <= sampling.rounds; round++) {
    for (const { name, count, run } of contestants) {
      const rate = ratePerSecond(run, count, sampling.sampleSeconds);
      if (round > 0) rates.get(name)?.push(rate);
    }
  }
  return new Map([...rates].map(([name, samples]) => [name, median(samples)]));
}

/** Items per second of this thread's processor time, over the runs of one sample. */
export function ratePerSecond(run: () => void, count: number, sampleSeconds: number): number {
  const before = process.threadCpuUsage();
  let seconds = 0;
  let runs = 0;
  do {
    run();
    runs++;
    const { user, system } = process.threadCpuUsage(before);
    seconds = (user + system) / 1e6;
  } while (seconds < sampleSeconds);
  return (runs * count) / Math.max(seconds, 1e-6);
}

/**
 * Bytes that a run allocates on the heap, per item: the median of nine runs, because a collection in between makes one too
 * small. 0 for a run that allocates nothing.
 */
export function allocatedBytes(run: () => void, count: number): number {
  const samples = Array.from({ length: 9 }, () => {
    const before = process.memoryUsage().heapUsed;
    run();
    return process.memoryUsage().heapUsed - before;
  });
  return Math.max(Math.round(median(samples) / count), 0);
}

export function median(samples: readonly number[]): number {
  const sorted = [...samples].sort((a, b) => a - b);
  return sorted[sorted.length >>> 1] ?? Number.NaN;
}

/** FNV-1a over 32-bit words. */
export function checksum(words: Uint32Array): number {
  let hash = 0x811c9dc5;
  for (const word of words) hash = Math.imul(hash ^ word, 0x01000193);
  return hash >>> 0;
}

/** Writes progress to standard error, so that standard output has only the table. */
export function progress(text: string): void {
  console.error(`[${(performance.now() / 1_000).toFixed(0)} s] ${text}`);
}

export function markdownTable(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;
  return [line(header), line(header.map(() => "---")), ...rows.map(line)].join("\n");
}
