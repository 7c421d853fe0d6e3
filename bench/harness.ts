/**
 * What every benchmark shares: seeded chance, medians of alternating runs, checksums, tables. Alternation (A B A B)
 * spreads whatever else the machine does over all contestants; the median forgets its worst moments.
 * @module
 */

/** Draws whole numbers below a limit; the same seed draws the same numbers. mulberry32. */
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
  /** How many items one run handles. */
  readonly count: number;
  readonly run: () => void;
}

/** Median items per second of each contestant, by name, over alternating rounds after one that warms up. */
export function alternate(contestants: readonly Contestant[], rounds: number): ReadonlyMap<string, number> {
  const rates = new Map<string, number[]>(contestants.map(({ name }) => [name, []]));
  for (let round = 0; round <= rounds; round++) {
    for (const { name, count, run } of contestants) {
      const start = performance.now();
      run();
      const seconds = (performance.now() - start) / 1_000;
      if (round > 0) rates.get(name)?.push(count / seconds);
    }
  }
  return new Map([...rates].map(([name, samples]) => [name, median(samples)]));
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

export function markdownTable(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;
  return [line(header), line(header.map(() => "---")), ...rows.map(line)].join("\n");
}
