/**
 * The `calybris` command of a project that has it installed, and the service that it started.
 * @module
 */
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { promisify } from "node:util";
import type { Project } from "../packages/install.ts";

const START_MS_MAX = 60_000;

export class InstalledCommand {
  readonly #project: Project;
  readonly #words: readonly string[];
  #service: ChildProcess | undefined;

  /** @param runner - what is typed before `calybris`: `["npx"]`, or nothing where the command is on the path. */
  constructor(project: Project, runner: readonly string[]) {
    this.#project = project;
    this.#words = [...runner, "calybris"];
  }

  /** A file of the project. */
  path(file: string): string {
    return join(this.#project.folder, file);
  }

  /** Runs a command to its end. @returns standard output; standard error has to be empty. */
  async run(...words: readonly string[]): Promise<string> {
    const [file = "", ...rest] = this.#words;
    const options = { cwd: this.#project.folder, env: this.#project.env, maxBuffer: 1 << 26 };
    const { stdout, stderr } = await promisify(execFile)(file, [...rest, ...words], options);
    if (stderr !== "") throw new Error(`calybris ${words.join(" ")} complains: ${stderr}`);
    return stdout;
  }

  /** Starts the service on a free port. @returns its URL. */
  async serve(...words: readonly string[]): Promise<string> {
    const { node, folder, env } = this.#project;
    // Not through npx: a signal is for the service itself.
    const command = this.path("node_modules/.bin/calybris");
    const child = spawn(node, [command, "serve", "--port", "0", ...words], { cwd: folder, env, stdio: "pipe" });
    this.#service = child;
    let printed = "";
    for (const stream of [child.stdout, child.stderr])
      stream.on("data", (data: Buffer) => {
        printed += data.toString();
      });
    const until = performance.now() + START_MS_MAX;
    while (performance.now() < until && child.exitCode === null) {
      const url = /calybris listens on (\S+)/.exec(printed)?.[1];
      if (url !== undefined) return url;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    throw new Error(`it does not start: ${printed}`);
  }

  /** Stops the service politely. */
  async stop(): Promise<void> {
    const service = this.#service;
    if (service === undefined) return;
    const ended = once(service, "exit");
    service.kill("SIGTERM");
    const [code] = (await ended) as [number | null];
    if (code !== 0) throw new Error(`it ends with ${code}`);
    this.#service = undefined;
  }

  /** Ends the service where a step has failed. */
  end(): void {
    this.#service?.kill("SIGKILL");
  }
}
