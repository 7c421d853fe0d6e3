/**
 * What a newcomer does on the first day, in an empty folder with the packages installed: begin, serve, decide, look, change
 * the policy while it serves, restart, back up, restore, verify. Every step is timed.
 * @module
 */
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { cp, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import type { Project } from "../packages/install.ts";

export interface Step {
  readonly name: string;
  readonly milliseconds: number;
}

interface Answer {
  readonly decisionId: string;
  readonly sequence: number;
  readonly action: string;
}

interface SavingsReport {
  readonly source: { readonly name: string };
  readonly chosen: { readonly savedMicrocents: string };
}

const USAGE = `model,spend,prompt_tokens,completion_tokens,startTime
gpt-4o-2024-08-06,0.0125,1000,1000,2026-03-01T10:00:00Z
claude-sonnet-4-5-20250929,0.018,1000,1000,2026-03-02T10:00:00Z
`;

const START_MS_MAX = 60_000;

/**
 * Does all of it.
 *
 * @param runner - what is typed before `calybris`: `["npx"]`, or nothing where the command is on the path.
 * @returns each step with its time, in order.
 * @throws an error that names the step, with what was printed.
 */
export async function newcomer(project: Project, runner: readonly string[] = []): Promise<readonly Step[]> {
  const command = new InstalledCommand(project, runner);
  const steps: Step[] = [];
  const step = async <Result>(name: string, run: () => Promise<Result>): Promise<Result> => {
    const startedMs = performance.now();
    try {
      return await run();
    } catch (cause) {
      throw new Error(`${name}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
    } finally {
      steps.push({ name, milliseconds: performance.now() - startedMs });
    }
  };
  const journal = "calybris-journal";
  let service: Serving | undefined;
  try {
    await step("savings on an export", async () => {
      await writeFile(join(project.folder, "usage.csv"), USAGE);
      const report = JSON.parse(await command.run("savings", "usage.csv", "--json")) as SavingsReport;
      expectEqual(report.source.name, "litellm-spend-logs");
      if (!(BigInt(report.chosen.savedMicrocents) > 0n)) throw new Error("it saves nothing");
    });
    await step("init", () => command.run("init"));
    await step("policy check", () => command.run("policy", "check", "calybris.policy.jsonc"));
    service = await step("serve", () => command.serve());
    const { url } = service;
    const first = await step("decide over HTTP", () => decide(url));
    await step("show", async () => {
      const shown = JSON.parse(await command.run("show", journal, String(first.sequence), "--json")) as Answer;
      expectEqual(shown.decisionId, first.decisionId);
    });
    await step("activate another policy", () => activate(url));
    await step("stop", () => stopped(service));
    service = await step("serve again", () => command.serve());
    const again = service.url;
    await step("the decision is still there", () => found(again, first.decisionId));
    await step("decide under the new policy", () => decide(again));
    await step("back up while it serves", () => backUp(project.folder, journal, "backup"));
    await step("stop again", () => stopped(service));
    service = await step("serve the backup", () => command.serve("--journal", "backup"));
    const restored = service.url;
    await step("the backup has the decision", () => found(restored, first.decisionId));
    await step("stop the backup", () => stopped(service));
    for (const directory of [journal, "backup"])
      await step(`verify ${directory}`, async () => {
        const { status } = JSON.parse(await command.run("verify", directory, "--json")) as { readonly status: string };
        if (!/^(?:whole|intact)$/.test(status)) throw new Error(`it is ${status}`);
      });
    return steps;
  } finally {
    service?.process.kill("SIGKILL");
  }
}

/** A table of the steps. */
export function stepTable(steps: readonly Step[]): string {
  return steps
    .map(({ name, milliseconds }) => `${(milliseconds / 1_000).toFixed(2).padStart(7)} s  ${name}`)
    .join("\n");
}

interface Serving {
  readonly url: string;
  readonly process: ChildProcess;
}

class InstalledCommand {
  readonly #project: Project;
  readonly #words: readonly string[];

  constructor(project: Project, runner: readonly string[]) {
    this.#project = project;
    this.#words = [...runner, "calybris"];
  }

  /** Runs it to its end. @returns standard output; standard error has to be empty. */
  async run(...words: readonly string[]): Promise<string> {
    const [file = "", ...rest] = this.#words;
    const options = { cwd: this.#project.folder, env: this.#project.env, maxBuffer: 1 << 26 };
    const { stdout, stderr } = await promisify(execFile)(file, [...rest, ...words], options);
    if (stderr !== "") throw new Error(`calybris ${words.join(" ")} complains: ${stderr}`);
    return stdout;
  }

  /** Starts the service on a free port. */
  async serve(...words: readonly string[]): Promise<Serving> {
    const { node, folder, env } = this.#project;
    // Not through npx: a signal is for the service itself.
    const command = join(folder, "node_modules", ".bin", "calybris");
    const child = spawn(node, [command, "serve", "--port", "0", ...words], { cwd: folder, env, stdio: "pipe" });
    let printed = "";
    for (const stream of [child.stdout, child.stderr])
      stream.on("data", (data: Buffer) => {
        printed += data.toString();
      });
    const until = performance.now() + START_MS_MAX;
    while (performance.now() < until && child.exitCode === null) {
      const url = /calybris listens on (\S+)/.exec(printed)?.[1];
      if (url !== undefined) return { url, process: child };
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    child.kill("SIGKILL");
    throw new Error(`it does not start: ${printed}`);
  }
}

async function decide(url: string): Promise<Answer> {
  return (await call(`${url}/v1/decisions`, { requested: "gpt-5.1", inputTokens: 1200 })) as Answer;
}

async function found(url: string, decisionId: string): Promise<void> {
  await call(`${url}/v1/decisions/${decisionId}`);
}

/** The policy of `init` under another name, with the catalog that it names. */
async function activate(url: string): Promise<void> {
  const policy = {
    name: "second",
    epoch: 2,
    catalog: "llm",
    riskHardLimitBps: 9000,
    confidenceMinBps: 5500,
    riskPenaltyMultiplierBps: 3500,
    latencyPenaltyMicrocentsPerMs: 2,
    useCases: {
      default: { valueDollars: "0.05", riskBps: 500, confidenceBps: 9000, qualityMinBps: 7000, outputTokens: 500 },
    },
  };
  await call(`${url}/v1/policies`, { policy, by: "ada" });
}

async function call(url: string, body?: unknown): Promise<unknown> {
  const answer = await fetch(
    url,
    body === undefined
      ? {}
      : { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) },
  );
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${answer.status} ${text}`);
  return JSON.parse(text);
}

/** A copy of the files of a running journal; sockets are no part of it. */
async function backUp(folder: string, journal: string, to: string): Promise<void> {
  await cp(join(folder, journal), join(folder, to), {
    recursive: true,
    filter: (file) => !file.endsWith(".sock"),
  });
}

async function stopped(service: Serving | undefined): Promise<void> {
  if (service === undefined) return;
  const ended = once(service.process, "exit");
  service.process.kill("SIGTERM");
  const [code] = (await ended) as [number | null];
  if (code !== 0) throw new Error(`it ends with ${code}`);
}

function expectEqual(found_: unknown, expected: unknown): void {
  if (found_ !== expected) throw new Error(`${String(found_)} is not ${String(expected)}`);
}
