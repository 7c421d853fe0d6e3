/**
 * The processes that the gateway benchmark compares, each started as in production.
 * @module
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { join } from "node:path";
import { CalybrisClient } from "@calybris/client";
import { createKey } from "@calybris/gateway";
import { callBody } from "./gateway-answers.ts";
import { POLICY } from "./service-policy.ts";

const ROOT = join(import.meta.dirname, "..");
/** Linux reports processor time in hundredths of a second. */
const TICK_US = 10_000;
const POLL_MS = 5;
const READY_MAX_MS = 120_000;
/** Names of real models, all served by the benchmark's provider. */
const MODELS = [
  { name: "gpt-4.1", input: "2", output: "8", quality: 9_000 },
  { name: "gpt-4.1-mini", input: "0.4", output: "1.6", quality: 8_200 },
  { name: "gpt-4.1-nano", input: "0.1", output: "0.4", quality: 7_000 },
];
const CATALOG = {
  ...{ name: "models", title: "Models of the benchmark", epoch: 1, providers: ["OpenAI"] },
  ...{ capabilities: ["chat"], regions: ["us"], tiers: ["economy"] },
  candidates: MODELS.map(({ name, input, output, quality }, index) => ({
    ...{ id: index + 1, name, provider: "OpenAI", tier: "economy", qualityBps: quality, latencyP95Ms: 1_000 },
    ...{ riskCeilingBps: 9_500, capabilities: ["chat"], regions: ["us"] },
    ...{ inputPriceDollarsPerMillion: input, outputPriceDollarsPerMillion: output },
  })),
};
/** V8 may crash in a process whose threads strip types: docs/adr/0016-threads-without-compiled-wrappers.md. */
const NO_WRAPPERS = "--wasm-wrapper-tiering-budget=2147483647";

export interface Side {
  readonly name: string;
  readonly port: number;
  readonly headers: { readonly [name: string]: string };
  readonly child: ChildProcess;
  /** From the start of the process to its first answer with status 200. */
  readonly readyMs: number;
}

/** Starts a process of this benchmark, which reports its port. */
export async function startOwn(file: string, args: readonly string[]): Promise<{ port: number; child: ChildProcess }> {
  const child = spawn(process.execPath, [join(import.meta.dirname, file), ...args], {
    stdio: ["ignore", "inherit", "inherit", "ipc"],
  });
  const [{ port }] = (await once(child, "message")) as [{ readonly port: number }];
  return { port, child };
}

export async function bareSide(provider: string): Promise<Side> {
  const startedMs = performance.now();
  const { port, child } = await startOwn("gateway-bare.ts", [provider]);
  const side = { name: "bare", port, headers: {}, child };
  return { ...side, readyMs: await readyAfter(side, startedMs) };
}

export async function portkeySide(file: string, provider: string): Promise<Side> {
  const port = await freePort();
  const headers = {
    "x-portkey-provider": "openai",
    "x-portkey-custom-host": `${provider}/v1`,
    authorization: "Bearer x",
  };
  const startedMs = performance.now();
  const child = spawn(process.execPath, [file, `--port=${port}`, "--headless"], {
    stdio: "ignore",
    env: { ...process.env, NODE_ENV: "production", TRUSTED_CUSTOM_HOSTS: "127.0.0.1" },
  });
  const side = { name: "Portkey", port, headers, child };
  return { ...side, readyMs: await readyAfter(side, startedMs) };
}

/** The command of the checkout, which runs its sources. */
export const CHECKOUT_COMMAND: string = join(ROOT, "packages", "cli", "bin", "calybris.cjs");

/**
 * Starts Calybris with all features: a journal on disk, a metered tenant, learning, and enforced decisions.
 *
 * @param command - path of the launcher.
 */
export async function calybrisSide(
  folder: string,
  provider: string,
  command: string = CHECKOUT_COMMAND,
  nodeFlags: readonly string[] = [],
): Promise<Side> {
  const port = await freePort();
  const [operator, caller] = [createKey(), createKey()];
  const file = (name: string, value: object): string => {
    writeFileSync(join(folder, name), JSON.stringify(value));
    return join(folder, name);
  };
  const config = file("config.json", {
    listen: { port },
    journal: { directory: join(folder, "journal") },
    policy: { file: file("policy.json", { ...POLICY, catalog: CATALOG }) },
    budgets: { file: file("budgets.json", { tenants: { acme: { exposureCapDollars: "1000000" } } }) },
    log: { level: "error" },
    calls: { decisions: "enforce" },
    keys: [
      { name: "operator", scopes: ["operate"], sha256: operator.sha256 },
      { name: "load", scopes: ["decide"], sha256: caller.sha256, tenants: ["acme"] },
    ],
    providers: [{ name: "openai", api: "openai", baseUrl: `${provider}/v1` }],
    deployments: MODELS.map(({ name }) => ({ name, candidate: name, provider: "openai" })),
  });
  const headers = { authorization: `Bearer ${caller.key}` };
  const startedMs = performance.now();
  const wrappers = command === CHECKOUT_COMMAND ? [NO_WRAPPERS] : [];
  const child = spawn(process.execPath, [...wrappers, ...nodeFlags, command, "serve", "--config", config], {
    stdio: ["ignore", "ignore", "ignore"],
  });
  const side = { name: "Calybris", port, headers, child };
  const readyMs = await readyAfter({ ...side, path: "/v1/models" }, startedMs);
  const client = new CalybrisClient({ url: `http://127.0.0.1:${port}`, key: operator.key });
  await client.setBudget("acme", { grant: { id: "all", amountMicrocents: String(2n ** 60n) } });
  return { ...side, readyMs };
}

export async function endSide({ child }: { readonly child: ChildProcess }): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exit = once(child, "exit");
  child.kill("SIGTERM");
  await exit;
}

/** Peak memory of a process with all its threads; `undefined` if the system does not report it. */
export function peakMiB({ child }: Side): number | undefined {
  try {
    const [, kilobytes] = /^VmHWM:\s*(\d+) kB/m.exec(readFileSync(`/proc/${child.pid}/status`, "utf8")) ?? [];
    return kilobytes === undefined ? undefined : Number(kilobytes) / 1_024;
  } catch {
    return undefined;
  }
}

/** Processor time in microseconds of a process with all its threads; `NaN` if the system does not report it. */
export function processorUs({ child }: Side): number {
  try {
    const text = readFileSync(`/proc/${child.pid}/stat`, "utf8");
    // After the name, which may contain blanks, user and system time are the 12th and 13th fields.
    const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
    return (Number(fields[11]) + Number(fields[12])) * TICK_US;
  } catch {
    return Number.NaN;
  }
}

async function readyAfter(
  { port, headers, name, path }: Pick<Side, "port" | "headers" | "name"> & { readonly path?: string },
  startedMs: number,
): Promise<number> {
  const url = `http://127.0.0.1:${port}${path ?? "/v1/chat/completions"}`;
  const sent = { "content-type": "application/json", ...headers };
  const options = path === undefined ? { method: "POST", body: callBody("first", false) } : {};
  while (performance.now() < startedMs + READY_MAX_MS) {
    const answer = await fetch(url, { headers: sent, ...options }).catch(() => undefined);
    await answer?.arrayBuffer();
    if (answer?.status === 200) return performance.now() - startedMs;
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
  throw new Error(`${name} did not answer 200 within ${READY_MAX_MS} ms`);
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}
