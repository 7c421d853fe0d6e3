/**
 * Where a command speaks and what may interrupt it: a port, so that a test is a terminal as well.
 * @module
 */

export interface Terminal {
  /** A result, with a newline after it: standard output. */
  readonly print: (text: string) => void;
  /** What went wrong, and remarks: standard error. */
  readonly complain: (text: string) => void;
  /** What the command ends with, unless it throws; 0 at first. */
  exitCode: number;
  /** Calls `stop` at the first interrupt (Ctrl-C, or a polite kill), until what it returns is called. */
  readonly onInterrupt: (stop: () => void) => () => void;
  /** Calls `reload` at every SIGHUP from now on, which then no longer ends the process. */
  readonly onHangup: (reload: () => void) => void;
}

const INTERRUPTS = ["SIGINT", "SIGTERM"] as const;

/** The terminal this process was started from. A second interrupt ends the process at once, as it would any other. */
export function processTerminal(): Terminal {
  return {
    print: (text) => void process.stdout.write(`${text}\n`),
    complain: (text) => void process.stderr.write(`${text}\n`),
    exitCode: 0,
    onInterrupt: (stop) => {
      const release = (): void => {
        for (const signal of INTERRUPTS) process.off(signal, interrupted);
      };
      const interrupted = (): void => {
        release();
        stop();
      };
      for (const signal of INTERRUPTS) process.on(signal, interrupted);
      return release;
    },
    onHangup: (reload) => void process.on("SIGHUP", reload),
  };
}
