import { CliError } from "../cli-errors.ts";
/**
 * The port for a command's output and interrupts, so that tests can replace the terminal.
 * @module
 */

export interface Terminal {
  /** Prints a result and a newline to standard output. */
  readonly print: (text: string) => void;
  /** Whether standard output is still open. A reader such as `head` may close it. */
  readonly isOpen: () => boolean;
  /** Prints errors and remarks to standard error. */
  readonly complain: (text: string) => void;
  /** The exit code, unless the command throws; initially 0. */
  exitCode: number;
  /** Calls `stop` at the first interrupt (SIGINT or SIGTERM); the returned function ends this. */
  readonly onInterrupt: (stop: () => void) => () => void;
  /** Calls `reload` at every SIGHUP, which then no longer ends the process. */
  readonly onHangup: (reload: () => void) => void;
}

const INTERRUPTS = ["SIGINT", "SIGTERM"] as const;

/** The terminal of this process, with the state of its standard output. */
export interface ProcessTerminal extends Terminal {
  /** Waits until all output is flushed. @throws CalybrisError `CAL_OUTPUT_UNWRITABLE`, unless the reader closed the pipe. */
  readonly finish: () => Promise<void>;
}

/** The terminal of this process. A second interrupt ends the process at once. */
export function processTerminal(): ProcessTerminal {
  let failure: NodeJS.ErrnoException | undefined;
  process.stdout.on("error", (error) => {
    failure ??= error;
  });
  // There is no other stream to report to.
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
