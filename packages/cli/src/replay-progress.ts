/**
 * A progress bar on standard error, when there is a terminal to draw it on.
 * @module
 */
import { Presets, SingleBar } from "cli-progress";

export interface Progress {
  readonly update: (line: number) => void;
  readonly stop: () => void;
}

export function startProgress(lineCount: number | undefined, isQuiet: boolean): Progress {
  if (isQuiet || !process.stderr.isTTY || lineCount === undefined) return { update: () => {}, stop: () => {} };
  const format = "{bar} {percentage}% | line {value} of {total} | {eta_formatted} left";
  const bar = new SingleBar({ format, stream: process.stderr, clearOnComplete: true }, Presets.shades_classic);
  bar.start(lineCount, 0);
  return { update: (line) => bar.update(Math.min(line, lineCount)), stop: () => bar.stop() };
}
