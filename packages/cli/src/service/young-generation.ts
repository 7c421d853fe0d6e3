/**
 * Bounds V8's young generation. Node lets it grow to 128 MiB, which a service under load reaches within seconds and keeps.
 * With 32 MiB, most objects of a request are dead before the next collection. `--max-semi-space-size` works only on Node's
 * command line; the growth factor can be set at any time.
 * @module
 */
import { PerformanceObserver } from "node:perf_hooks";
import { getHeapSpaceStatistics, setFlagsFromString } from "node:v8";

/** Both halves together. */
const YOUNG_BYTES_MAX = 32 * 2 ** 20;

/** Stops its growth: while code is loaded, which fills it only once, and once it has reached the bound. */
export function holdYoungGeneration(): void {
  setFlagsFromString("--semi-space-growth-factor=1");
}

/**
 * Allows it to double until it has a size. To be called repeatedly during work without pauses, in which collections are not
 * observed.
 */
export function boundYoungGenerationAt(bytes: number): void {
  setFlagsFromString(`--semi-space-growth-factor=${youngBytes() >= bytes ? 1 : 2}`);
}

/** Allows it to double up to the bound. It only grows at a collection, so collections are observed. */
export function boundYoungGeneration(): void {
  setFlagsFromString("--semi-space-growth-factor=2");
  const observer = new PerformanceObserver(() => {
    if (youngBytes() < YOUNG_BYTES_MAX) return;
    observer.disconnect();
    holdYoungGeneration();
  });
  observer.observe({ entryTypes: ["gc"] });
}

/** The current size: twice the space for new objects before the next collection. */
export function youngBytes(): number {
  return getHeapSpaceStatistics().find(({ space_name: name }) => name === "new_space")?.space_size ?? 0;
}
