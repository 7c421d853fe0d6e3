/**
 * A progress bar on standard error, if that is a terminal.
 * @module
 */
import { Presets, SingleBar } from "cli-progress";

export interface Progress {
  readonly update: (done: number) => void;
  readonly stop: () => void;
}

const NO_BAR: Progress = { update: () => {}, stop: () => {} };

/** @param format - text with the placeholders `{bar}`, `{value}`, `{total}`, `{percentage}` and `{eta_formatted}`. */
export function startProgress(total: number | undefined, format: string): Progress {
  if (total === undefined || !process.stderr.isTTY) return NO_BAR;
  const bar = new SingleBar({ format, stream: process.stderr, clearOnComplete: true }, Presets.shades_classic);
  bar.start(total, 0);
  return { update: (done) => bar.update(Math.min(done, total)), stop: () => bar.stop() };
}
