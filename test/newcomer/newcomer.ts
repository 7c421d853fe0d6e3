/**
 * What a newcomer does on the first day, in an empty folder with the packages installed: begin, serve, decide, look, change
 * the policy while it serves, restart, back up, restore, verify. Every step is timed.
 * @module
 */
import { cp, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Project } from "../packages/install.ts";
import { InstalledCommand } from "./installed-command.ts";

export interface Step {
  readonly name: string;
  readonly milliseconds: number;
}

interface Answer {
  readonly decisionId: string;
  readonly sequence: number;
  readonly action: string;
}

interface Policies {
  readonly policies: readonly { readonly name: string; readonly isActive: boolean }[];
}

interface SavingsReport {
  readonly source: { readonly name: string };
  readonly chosen: { readonly savedMicrocents: string };
}

const USAGE = `model,spend,prompt_tokens,completion_tokens,startTime
gpt-4o-2024-08-06,0.0125,1000,1000,2026-03-01T10:00:00Z
claude-sonnet-4-5-20250929,0.018,1000,1000,2026-03-02T10:00:00Z
`;

const JOURNAL = "calybris-journal";
const POLICY = "calybris.policy.jsonc";

export interface NewcomerOptions {
  /** What is typed before `calybris`: `["npx"]`. By default the command is on the path. */
  readonly runner?: readonly string[];
  /** Only up to a decision and its proof. */
  readonly isShort?: boolean;
}

type Run = <Result>(name: string, run: () => Promise<Result>) => Promise<Result>;

/**
 * Does all of it, or the first hour.
 *
 * @returns each step with its time, in order.
 * @throws an error that names the step, with what was printed.
 */
export async function newcomer(project: Project, options: NewcomerOptions = {}): Promise<readonly Step[]> {
  const command = new InstalledCommand(project, options.runner ?? []);
  const steps: Step[] = [];
  const step: Run = async (name, run) => {
    const startedMs = performance.now();
    try {
      return await run();
    } catch (cause) {
      throw new Error(`${name}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
    } finally {
      steps.push({ name, milliseconds: performance.now() - startedMs });
    }
  };
  try {
    const decisionId = await firstHour(command, step);
    if (options.isShort !== true) await firstDay(command, step, decisionId);
    await verify(command, step, JOURNAL);
    return steps;
  } finally {
    command.end();
  }
}

/** From an export of usage to a decision that is served and explained. @returns the id of the decision. */
async function firstHour(command: InstalledCommand, step: Run): Promise<string> {
  await step("savings on an export", async () => {
    await writeFile(command.path("usage.csv"), USAGE);
    const report = JSON.parse(await command.run("savings", "usage.csv", "--json")) as SavingsReport;
    expectEqual(report.source.name, "litellm-spend-logs");
    if (!(BigInt(report.chosen.savedMicrocents) > 0n)) throw new Error("it saves nothing");
  });
  await step("no argument: where to begin", async () => {
    expectEqual((await command.run()).includes("calybris init"), true);
  });
  await step("init", () => command.run("init"));
  const url = await step("serve", () => command.serve("--policy", POLICY));
  const first = await step("decide over HTTP", () => decide(url));
  await step("show", async () => {
    // The journal is the one that the service has: nothing names it.
    const shown = JSON.parse(await command.run("show", String(first.sequence), "--json")) as Answer;
    expectEqual(shown.decisionId, first.decisionId);
    const served = JSON.parse(await command.run("show", first.decisionId, "--url", url, "--json")) as Answer;
    expectEqual(served.sequence, first.sequence);
  });
  await step("activate another policy", () => activate(url));
  await step("stop", () => command.stop());
  return first.decisionId;
}

/** A policy activated over HTTP survives a restart; a copy of a running journal is a backup. */
async function firstDay(command: InstalledCommand, step: Run, decisionId: string): Promise<void> {
  await step("policy check", () => command.run("policy", "check", POLICY));
  const url = await step("serve again", () => command.serve("--policy", POLICY));
  await step("the decision is still there", () => found(url, decisionId));
  await step("the policy activated over HTTP is still active", async () => {
    const { policies } = (await call(`${url}/v1/policies`)) as Policies;
    expectEqual(policies.find(({ isActive }) => isActive)?.name, "second");
  });
  await step("decide under it", () => decide(url));
  await step("back up while it serves", () => backUp(command.path(JOURNAL), command.path("backup")));
  await verify(command, step, "backup");
  await step("stop again", () => command.stop());
  const restored = await step("serve the backup", () => command.serve("--journal", "backup"));
  await step("the backup has the decision", () => found(restored, decisionId));
  await step("decide after the restore", () => decide(restored));
  await step("stop the backup", () => command.stop());
  await verify(command, step, "backup");
}

async function verify(command: InstalledCommand, step: Run, directory: string): Promise<void> {
  await step(`verify ${directory}`, async () => {
    const { status } = JSON.parse(await command.run("verify", directory, "--json")) as { readonly status: string };
    if (!/^(?:whole|intact)$/.test(status)) throw new Error(`it is ${status}`);
  });
}

/** A table of the steps. */
export function stepTable(steps: readonly Step[]): string {
  return steps
    .map(({ name, milliseconds }) => `${(milliseconds / 1_000).toFixed(2).padStart(7)} s  ${name}`)
    .join("\n");
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

/** As docs/operations/backup.md does: the segments once more, because the first copy of one may be older than `head.json`. */
async function backUp(journal: string, to: string): Promise<void> {
  await cp(journal, to, { recursive: true, dereference: true });
  for (const name of (await readdir(journal)).filter((file) => file.startsWith("segment-")))
    await cp(join(journal, name), join(to, name), { dereference: true });
}

function expectEqual(found_: unknown, expected: unknown): void {
  if (found_ !== expected) throw new Error(`${String(found_)} is not ${String(expected)}`);
}
