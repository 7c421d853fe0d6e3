import { CliError } from "../cli-errors.ts";
/**
 * Where a command speaks and what may interrupt it: a port, so that a test is a terminal as well.
 * @module
 */

export interface Terminal {
  /** A result, with a newline after it: standard output. */
  readonly print: (text: string) => void;
  /** Whether standard output still takes what is printed. A reader like `head` may close it. */
  readonly isOpen: () => boolean;
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

/** The terminal of this process, and what became of its standard output. */
export interface ProcessTerminal extends Terminal {
  /** Waits until everything printed was taken. @throws CalybrisError `CAL_OUTPUT_UNWRITABLE`, unless the reader left. */
  readonly finish: () => Promise<void>;
}

/** The terminal this process was started from. A second interrupt ends the process at once, as it would any other. */
export function processTerminal(): ProcessTerminal {
  let failure: NodeJS.ErrnoException | undefined;
  process.stdout.on("error", (error) => {
    failure ??= error;
  });
  // There is nobody left to report to.
  process.stderr.on("error", () => undefined);
  return {
    print: (text) => {
      if (failure === undefined) process.stdout.write(`${text}\n`);
    },
    isOpen: () => failure === undefined,
    complain: (text) => void process.stderr.write(`${text}\n`),
    finish: async () => {
      if (failure === undefined)
        await new Promise<void>((resolve) => process.stdout.write("", () => setImmediate(resolve)));
      if (failure === undefined || failure.code === "EPIPE") return;
      throw new CliError("CAL_OUTPUT_UNWRITABLE", { file: "standard output", problem: failure.message });
    },
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
