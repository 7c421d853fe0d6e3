/**
 * `calybris serve --mock` in a process of its own, with a server before it that counts the model calls that reach it: what an
 * agent sends is seen as it is sent, also where it is refused before it is decided.
 * @module
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, request, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { CalybrisClient } from "@calybris/client";
import { createKey } from "@calybris/gateway";
import { ROOT } from "../sources.ts";

export interface CountedCall {
  readonly path: string;
  readonly status: number;
}

const CALL_PATHS: ReadonlySet<string> = new Set(["/v1/messages", "/v1/responses", "/v1/chat/completions"]);
/** Of a use case that no policy accepts. */
const RISKY_BPS = 9_900;
const POLICY = {
  name: "agents",
  epoch: 1,
  catalog: "llm",
  riskHardLimitBps: 9_600,
  confidenceMinBps: 5_500,
  riskPenaltyMultiplierBps: 1_000,
  latencyPenaltyMicrocentsPerMs: 1,
  useCases: {
    default: { valueDollars: "1", riskBps: 100, confidenceBps: 9_500, qualityMinBps: 5_000, outputTokens: 500 },
    risky: { valueDollars: "1", riskBps: RISKY_BPS, confidenceBps: 9_500, qualityMinBps: 5_000, outputTokens: 500 },
  },
};

export type Standing = "funded" | "unfunded" | "forbidden";

export class CountedGateway implements AsyncDisposable {
  readonly calls: CountedCall[] = [];
  /** Of a tenant with money, of one without, and of a use case that the policy rejects. */
  readonly keys: { readonly [Name in Standing]: string };
  readonly folder: string;
  readonly #child: ChildProcess;
  readonly #server: Server;

  static async start(): Promise<CountedGateway> {
    const folder = mkdtempSync(join(tmpdir(), "calybris-agents-"));
    const [operator, funded, unfunded] = [createKey(), createKey(), createKey()];
    const file = (name: string, value: object): string => {
      writeFileSync(join(folder, name), JSON.stringify(value));
      return join(folder, name);
    };
    const key = (tenant: string, sha256: string): object => ({
      name: tenant,
      scopes: ["decide"],
      sha256,
      tenants: [tenant],
    });
    const config = file("config.json", {
      listen: { port: 0 },
      journal: { directory: join(folder, "journal") },
      policy: { file: file("policy.json", POLICY) },
      log: { level: "error" },
      calls: { decisions: "enforce" },
      keys: [
        { name: "operator", scopes: ["operate", "decide"], sha256: operator.sha256 },
        key("funded", funded.sha256),
        key("unfunded", unfunded.sha256),
      ],
    });
    const cli = join(ROOT, "packages", "cli", "bin", "calybris.cjs");
    const child = spawn(process.execPath, [cli, "serve", "--mock", "--config", config], {
      stdio: ["ignore", "ignore", "pipe"],
    });
    let printed = "";
    for await (const piece of child.stderr as AsyncIterable<Buffer>) {
      printed += piece.toString();
      if (/^cost .*\n/m.test(printed)) break;
    }
    const url = /listens on (http:\S+)/.exec(printed)?.[1];
    if (url === undefined) throw new Error(`the gateway did not start:\n${printed}`);
    try {
      const forbidden = await prepare(new CalybrisClient({ url, key: operator.key }));
      const keys = { funded: funded.key, unfunded: unfunded.key, forbidden };
      const gateway = new CountedGateway(folder, child, keys, url);
      await once(gateway.#server.listen(0, "127.0.0.1"), "listening");
      return gateway;
    } catch (error) {
      child.kill("SIGKILL");
      throw error;
    }
  }

  private constructor(folder: string, child: ChildProcess, keys: CountedGateway["keys"], target: string) {
    this.folder = folder;
    this.keys = keys;
    this.#child = child;
    this.#server = createServer((from, to) => {
      const { method, headers } = from;
      const path = new URL(from.url ?? "/", target).pathname;
      const onward = request(`${target}${from.url}`, { method, headers }, (answer) => {
        const { statusCode: status = 0 } = answer;
        if (method === "POST" && CALL_PATHS.has(path)) this.calls.push({ path, status });
        to.writeHead(status, answer.headers);
        pipeline(answer, to).catch(() => to.destroy());
      });
      onward.on("error", () => to.destroy());
      to.on("close", () => onward.destroy());
      pipeline(from, onward).catch(() => onward.destroy());
    });
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    const exit = once(this.#child, "exit");
    this.#child.kill("SIGTERM");
    await exit;
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** Gives the tenants what they have, and makes a key of a use case that the policy rejects. */
async function prepare(client: CalybrisClient): Promise<string> {
  await client.setBudget("funded", {
    limit: { exposureCapDollars: "1000" },
    grant: { id: "all", amountMicrocents: "100000000000" },
  });
  await client.setBudget("unfunded", { limit: { exposureCapMicrocents: "1" } });
  const risky = { name: "forbidden", tenants: ["funded"], useCase: "risky" };
  return (await client.createKey({ ...risky, scopes: ["decide"] })).key;
}
