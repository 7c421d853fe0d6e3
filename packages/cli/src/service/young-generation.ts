/**
 * Bounds the memory in which V8 makes new objects. Node lets it grow to 128 MiB, which a service under load reaches within
 * seconds and keeps; with 32 MiB most of what a request made is gone before it is collected. `--max-semi-space-size` says
 * the same only on the command line of Node; how fast the memory grows may be said at any time.
 * @module
 */
import { PerformanceObserver } from "node:perf_hooks";
import { getHeapSpaceStatistics, setFlagsFromString } from "node:v8";

/** Both halves together. */
const YOUNG_BYTES_MAX = 32 * 2 ** 20;

/** From now on it does not grow: loading code fills it once, and never again. */
export function holdYoungGeneration(): void {
  setFlagsFromString("--semi-space-growth-factor=1");
}

/**
 * From now on it doubles where that helps, or no longer, by whether it has a size. For work without a pause, in which no
 * collection is observed: called again and again.
 */
export function boundYoungGenerationAt(bytes: number): void {
  setFlagsFromString(`--semi-space-growth-factor=${youngBytes() >= bytes ? 1 : 2}`);
}

/** From now on it doubles where that helps, up to the bound: it can grow only when it is collected. */
export function boundYoungGeneration(): void {
  setFlagsFromString("--semi-space-growth-factor=2");
  const observer = new PerformanceObserver(() => {
    if (youngBytes() < YOUNG_BYTES_MAX) return;
    observer.disconnect();
    holdYoungGeneration();
  });
  observer.observe({ entryTypes: ["gc"] });
}

/** As much as objects may be made in before the next collection, twice. */
export function youngBytes(): number {
  return getHeapSpaceStatistics().find(({ space_name: name }) => name === "new_space")?.space_size ?? 0;
}
