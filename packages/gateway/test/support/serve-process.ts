/**
 * `calybris serve` as a process of its own, as a user starts it.
 * @module
 */
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const COMMAND = fileURLToPath(new URL("../../../cli/src/main.ts", import.meta.url));
const START_MS_MAX = 60_000;

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export interface Serving {
  readonly url: string;
  readonly process: ChildProcess;
  /** Standard output so far: the log. */
  readonly log: () => string;
  /** Standard error so far: the report, and what should not be there. */
  readonly complaints: () => string;
  readonly ended: Promise<Ended>;
}

/** Resolves when it listens. With `fileBlocksMax` no file may grow beyond so many blocks of 512 bytes, as on a full disk. */
export async function serve(
  words: readonly string[],
  options: { readonly fileBlocksMax?: number } = {},
): Promise<Serving> {
  const limit = options.fileBlocksMax;
  const command = [process.execPath, COMMAND, "serve", "--port", "0", ...words];
  const child =
    limit === undefined
      ? spawn(command[0] ?? "", command.slice(1), { stdio: "pipe" })
      : spawn("sh", ["-c", `ulimit -f ${limit}; exec "$@"`, "sh", ...command], { stdio: "pipe" });
  let log = "";
  let complaints = "";
  child.stdout?.on("data", (data: Buffer) => {
    log += data.toString();
  });
  child.stderr?.on("data", (data: Buffer) => {
    complaints += data.toString();
  });
  const ended = once(child, "exit").then(([code, signal]) => ({ code, signal }) as Ended);
  const until = Date.now() + START_MS_MAX;
  for (;;) {
    const url = /calybris listens on (\S+)/.exec(complaints)?.[1];
    if (url !== undefined) return { url, process: child, log: () => log, complaints: () => complaints, ended };
    if (child.exitCode !== null || Date.now() > until) throw new Error(`it did not start: ${complaints}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** Runs another command to its end. */
export async function calybris(
  ...words: string[]
): Promise<{ readonly code: number; readonly out: string; readonly complaints: string }> {
  try {
    const { stdout, stderr } = await promisify(execFile)(process.execPath, [COMMAND, ...words], { maxBuffer: 1 << 26 });
    return { code: 0, out: stdout, complaints: stderr };
  } catch (error) {
    const { code, stdout, stderr } = error as { code: number; stdout: string; stderr: string };
    return { code, out: stdout, complaints: stderr };
  }
}
