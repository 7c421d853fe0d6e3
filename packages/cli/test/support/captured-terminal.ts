/**
 * A terminal in memory, so that a command can be run without a process of its own.
 * @module
 */
import { runCalybris } from "../../src/program.ts";
import type { Terminal } from "../../src/terminal/terminal.ts";

export interface Ended {
  readonly exit: number;
  readonly out: string;
  readonly complaints: string;
}

export interface CapturedTerminal extends Terminal {
  readonly printed: string[];
  readonly complained: string[];
  /** As Ctrl-C would. */
  readonly interrupt: () => void;
  /** As SIGHUP would. */
  readonly hangUp: () => void;
}

export function capturedTerminal(): CapturedTerminal {
  const printed: string[] = [];
  const complained: string[] = [];
  let stops: (() => void)[] = [];
  const reloads: (() => void)[] = [];
  return {
    printed,
    complained,
    print: (text) => void printed.push(text),
    isOpen: () => true,
    complain: (text) => void complained.push(text),
    exitCode: 0,
    onInterrupt: (stop) => {
      stops.push(stop);
      return () => {
        stops = stops.filter((other) => other !== stop);
      };
    },
    onHangup: (reload) => void reloads.push(reload),
    interrupt: () => {
      for (const stop of stops) stop();
    },
    hangUp: () => {
      for (const reload of reloads) reload();
    },
  };
}

/** Runs the command with these words. */
export async function calybris(...words: string[]): Promise<Ended> {
  return calybrisOn(capturedTerminal(), ...words);
}

export async function calybrisOn(terminal: CapturedTerminal, ...words: string[]): Promise<Ended> {
  const exit = await runCalybris(words, terminal);
  return { exit, out: terminal.printed.join("\n"), complaints: terminal.complained.join("\n") };
}
