/**
 * `calybris serve` in a process of its own, which can be killed and started again on the same journal.
 * @module
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

const CALYBRIS = join(import.meta.dirname, "..", "..", "bin", "calybris.cjs");
/** V8 may end a process whose threads strip types: docs/adr/0016-threads-without-compiled-wrappers.md. */
const NO_WRAPPERS = "--wasm-wrapper-tiering-budget=2147483647";
const READY = /^calybris listens on (http:\S+) /m;

export class GatewayProcess {
  readonly #configFile: string;
  #child: ChildProcess | undefined;
  #printed = "";

  constructor(configFile: string) {
    this.#configFile = configFile;
  }

  /** All that it has printed, over all starts. */
  get printed(): string {
    return this.#printed;
  }

  /** @returns where it listens. */
  async start(): Promise<string> {
    const child = spawn(process.execPath, [NO_WRAPPERS, CALYBRIS, "serve", "--config", this.#configFile], {
      stdio: ["ignore", "ignore", "pipe"],
    });
    this.#child = child;
    const { promise, resolve, reject } = Promise.withResolvers<string>();
    let own = "";
    child.stderr?.on("data", (piece: Buffer) => {
      this.#printed += piece.toString();
      own += piece.toString();
      const url = READY.exec(own)?.[1];
      if (url !== undefined) resolve(url);
    });
    child.once("close", (code, signal) =>
      reject(new Error(`the gateway ended before it was ready, ${signal ?? code}:\n${own}`)),
    );
    return promise;
  }

  /** Without a chance to end anything. */
  kill(): Promise<void> {
    return this.#end("SIGKILL", [null, "SIGKILL"]);
  }

  /**
   * Starts it, and kills it so long after that, while it reads its journal or a moment later.
   *
   * @returns whether it was killed before it was ready.
   */
  async startAndKill(afterMs: number): Promise<boolean> {
    let isReady = false;
    const started = this.start().then(
      () => {
        isReady = true;
      },
      () => undefined,
    );
    await sleep(afterMs);
    const wasReady = isReady;
    await this.kill();
    await started;
    return !wasReady;
  }

  /** As an operator stops it. */
  stop(): Promise<void> {
    return this.#end("SIGTERM", [0, null]);
  }

  /** At the end of a test, whatever its state. */
  async abandon(): Promise<void> {
    if (this.#child === undefined || this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const exit = once(this.#child, "exit");
    this.#child.kill("SIGKILL");
    await exit;
  }

  async #end(signal: NodeJS.Signals, expected: readonly [number | null, string | null]): Promise<void> {
    const child = this.#child;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null)
      throw new Error(`the gateway ended by itself:\n${this.#printed}`);
    const exit = once(child, "exit");
    child.kill(signal);
    const ended = (await exit) as [number | null, string | null];
    if (ended.join() !== expected.join())
      throw new Error(`the gateway ended as ${ended.join()} and not as ${expected.join()}:\n${this.#printed}`);
  }
}
