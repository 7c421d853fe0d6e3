/**
 * The processes that run tests with bugs planted, each of them one bug after another.
 * @module
 */
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";

const RUNNER = join(import.meta.dirname, "runner.ts");
/** V8 may end a process whose threads strip types: docs/adr/0016-threads-without-compiled-wrappers.md. */
const EXEC_ARGV = ["--wasm-wrapper-tiering-budget=2147483647"];

interface Runner {
  readonly child: ChildProcess;
  /** Rejected when the process ends. */
  readonly ended: Promise<never>;
}

export class Runners {
  readonly #max: number;
  readonly #started: Runner[] = [];
  readonly #idle: Runner[] = [];
  readonly #waiting: ((runner: Runner) => void)[] = [];

  /** At most `max` processes, started when they are needed. */
  constructor(max: number) {
    this.#max = max;
  }

  /** `red` when the test of the planted bug fails. @throws Error when the process ends without an answer. */
  async verdictOn(name: string): Promise<string> {
    const runner = await this.#take();
    runner.child.send(name);
    const [verdict] = await Promise.race([once(runner.child, "message"), runner.ended]);
    this.#give(runner);
    return String(verdict);
  }

  /** Ends all processes. */
  close(): void {
    for (const { child } of this.#started) if (child.connected) child.disconnect();
  }

  async #take(): Promise<Runner> {
    const idle = this.#idle.pop();
    if (idle !== undefined) return idle;
    if (this.#started.length === this.#max) return new Promise((resolve) => this.#waiting.push(resolve));
    const started = start();
    this.#started.push(started);
    return started;
  }

  #give(runner: Runner): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#idle.push(runner);
    else next(runner);
  }
}

function start(): Runner {
  const child = fork(RUNNER, {
    execArgv: EXEC_ARGV,
    env: { ...process.env, CALYBRIS_CASES: "all" },
    stdio: ["ignore", "ignore", "inherit", "ipc"],
  });
  const ended = once(child, "exit").then(([code]): never => {
    throw new Error(`the process ended with ${code}`);
  });
  // Nobody waits for an end that was asked for.
  ended.catch(() => undefined);
  return { child, ended };
}
