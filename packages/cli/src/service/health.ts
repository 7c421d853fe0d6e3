/**
 * `calybris health`: checks whether the configured service can currently decide durably. It reads the service's
 * configuration, so health checks of containers and supervisors use its host, port and HTTPS settings.
 * @module
 */
import { request as requestHttp } from "node:http";
import { request as requestHttps } from "node:https";
import { setTimeout as wait } from "node:timers/promises";
import { readConfig } from "@calybris/gateway";
import { Command, InvalidArgumentError, Option } from "commander";
import type { Terminal } from "../terminal/terminal.ts";
import { printable } from "../terminal/terminal-text.ts";
import { configFileOf, configOption } from "./config-file.ts";
import { configOptions, flagsOf } from "./serve.ts";
import { parseUrl } from "./target.ts";

const ANSWER_MS_MAX = 3_000;
const ANSWER_BYTES_MAX = 4_096;
const AGAIN_MS = 200;
const HTTP_PORT = 80;
const HTTPS_PORT = 443;

export function healthCommand(terminal: Terminal): Command {
  const command = new Command("health")
    .description("check whether the service is ready; exit code 0 if it is")
    .option("--wait <seconds>", "retry for this long", seconds, 0)
    .addOption(configOption())
    .addOption(new Option("--url <url>", "URL of the service (default: from the configuration)").argParser(parseUrl));
  for (const option of configOptions()) command.addOption(option);
  return command
    .addHelpText("after", "\nPass the configuration and options of `calybris serve`.")
    .action(async (options: HealthOptions, self: Command) => {
      const answer = await readiness(await targetOf(options, self), options.wait);
      if (answer.isReady) return terminal.print(printable(answer.text));
      terminal.complain(printable(answer.text));
      terminal.exitCode = 1;
    });
}

interface HealthOptions {
  readonly config?: string;
  readonly url?: string;
  readonly wait: number;
}

/** The address of the service. */
interface Target {
  readonly isHttps: boolean;
  readonly host: string;
  readonly port: number | string;
  readonly path: string;
}

async function targetOf({ url, config }: HealthOptions, self: Command): Promise<Target> {
  if (url !== undefined) {
    const { protocol, hostname, port, pathname } = new URL(url);
    const isHttps = protocol === "https:";
    const host = hostname.replace(/^\[|\]$/g, "");
    const path = `${pathname.replace(/\/$/, "")}/ready`;
    return { isHttps, host, port: port === "" ? (isHttps ? HTTPS_PORT : HTTP_PORT) : port, path };
  }
  const { listen, tls } = await readConfig({
    file: configFileOf(config),
    flags: flagsOf(self),
    environment: process.env,
  });
  const isHttps = tls.certificateFile !== undefined;
  return { isHttps, host: reachable(listen.host), port: listen.port, path: "/ready" };
}

interface Readiness {
  readonly isReady: boolean;
  readonly text: string;
}

async function readiness(target: Target, waitSeconds: number): Promise<Readiness> {
  const untilMs = performance.now() + waitSeconds * 1_000;
  for (;;) {
    const answer = await ask(target);
    if (answer.isReady || performance.now() > untilMs) return answer;
    await wait(AGAIN_MS);
  }
}

function ask({ isHttps, ...target }: Target): Promise<Readiness> {
  const { promise, resolve } = Promise.withResolvers<Readiness>();
  const place = { ...target, timeout: ANSWER_MS_MAX };
  // The certificate is for the clients' host name, but this request uses an address; nothing secret is sent or trusted.
  const request = isHttps ? requestHttps({ ...place, rejectUnauthorized: false }) : requestHttp(place);
  request.on("response", (answer) => {
    let text = "";
    answer.setEncoding("utf8");
    answer.on("data", (part: string) => {
      text = (text + part).slice(0, ANSWER_BYTES_MAX);
    });
    answer.on("end", () => resolve({ isReady: answer.statusCode === 200, text: text.trimEnd() }));
    answer.on("error", (error) => resolve({ isReady: false, text: error.message }));
  });
  request.on("timeout", () => request.destroy(new Error(`no answer within ${ANSWER_MS_MAX} ms`)));
  request.on("error", (error: NodeJS.ErrnoException) =>
    resolve({ isReady: false, text: `${place.host}:${place.port}: ${error.message}` }),
  );
  request.end();
  return promise;
}

/** Replaces an address for all interfaces by the loopback address. */
function reachable(host: string): string {
  if (host === "0.0.0.0") return "127.0.0.1";
  return host === "::" ? "::1" : host;
}

function seconds(text: string): number {
  if (!/^\d{1,4}$/.test(text)) throw new InvalidArgumentError("Write whole seconds, at most 9999.");
  return Number(text);
}
