/** The pages of clients: their programs run as they are written, and what agents send is answered as the pages say. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { longTest } from "../share.ts";
import { ROOT, read } from "../sources.ts";
import { parsePage } from "./page.ts";

const WRITTEN = "http://127.0.0.1:8787";
let folder: string;
let url: string;
let stop: () => Promise<void>;

beforeAll(async () => {
  // Below the checkout, so that the clients' packages are found.
  mkdirSync(join(ROOT, "node_modules", ".cache"), { recursive: true });
  folder = mkdtempSync(join(ROOT, "node_modules", ".cache", "clients-"));
  const child = spawn(
    process.execPath,
    [join(ROOT, "packages/cli/bin/calybris.cjs"), "serve", "--mock", "--port", "0", "--log-level", "silent"],
    { cwd: folder, stdio: ["ignore", "ignore", "pipe"] },
  );
  let printed = "";
  for await (const piece of child.stderr as AsyncIterable<Buffer>) {
    printed += piece.toString();
    if (/^cost .*\n/m.test(printed)) break;
  }
  url = /listens on (\S+)/.exec(printed)?.[1] ?? "";
  stop = async () => {
    const exit = once(child, "exit");
    child.kill("SIGINT");
    await exit;
  };
});

afterAll(async () => {
  await stop?.();
  rmSync(folder, { recursive: true, force: true });
});

async function runPage(page: string): Promise<string> {
  const [file] = parsePage(read(page)).files;
  if (file === undefined) throw new Error(`${page} has no program`);
  writeFileSync(join(folder, file.name), file.text.replaceAll(WRITTEN, url));
  const child = spawn(process.execPath, [file.name], { cwd: folder, stdio: ["ignore", "pipe", "pipe"] });
  let [printed, complained] = ["", ""];
  child.stdout.on("data", (piece: Buffer) => {
    printed += piece.toString();
  });
  child.stderr.on("data", (piece: Buffer) => {
    complained += piece.toString();
  });
  const [code] = (await once(child, "exit")) as [number];
  if (code !== 0) throw new Error(complained);
  return printed;
}

function post(path: string, headers: { readonly [name: string]: string }, body: object): Promise<Response> {
  const sent = { "content-type": "application/json", ...headers };
  return fetch(`${url}${path}`, { method: "POST", headers: sent, body: JSON.stringify(body) });
}

/** The block of a language on a page. */
function block(page: string, language: string): string {
  const text = new RegExp(`\`\`\`${language}\n([\\s\\S]*?)\n\`\`\``).exec(read(page))?.[1];
  if (text === undefined) throw new Error(`${page} has no ${language}`);
  return text;
}

describe("the program of the page of", () => {
  test("the OpenAI SDK calls models, streams, and prints what a call cost", async () => {
    const printed = await runPage("docs/clients/openai-sdk.md");
    expect(printed).toMatch(/^cost 0\.\d{8}$/m);
    expect(printed).toMatch(/^streamed$/m);
    expect(printed).toMatch(/^response true$/m);
  });

  longTest("the Anthropic SDK calls models, streams one of the other dialect, and counts tokens", async () => {
    const printed = await runPage("docs/clients/anthropic-sdk.md");
    expect(printed).toMatch(/^streamed end_turn$/m);
    expect(printed).toMatch(/^counted true$/m);
  });
});

describe("with the settings of its page,", () => {
  longTest("Claude Code finds the gateway, and its beta requests are answered", async () => {
    const [base, token] = block("docs/clients/claude-code.md", "text").split("\n");
    expect([base, token]).toEqual([`ANTHROPIC_BASE_URL=${WRITTEN}`, "ANTHROPIC_AUTH_TOKEN=any"]);
    expect((await fetch(`${url}/api/hello`, { method: "HEAD" })).status).toBe(200);
    const headers = { authorization: "Bearer any", "anthropic-version": "2023-06-01", "anthropic-beta": "a,b" };
    const models = await fetch(`${url}/v1/models?limit=1000`, { headers });
    expect(await models.json()).toMatchObject({ has_more: false });
    const system = [{ type: "text", text: "x-anthropic-billing-header: cc_version=2; cch=36ee5;" }];
    const messages = [{ role: "user", content: "say hello" }];
    const body = { model: "claude-haiku-4-5", max_tokens: 64_000, stream: true, system, messages };
    const answer = await post("/v1/messages?beta=true", headers, body);
    expect(answer.status).toBe(200);
    expect(await answer.text()).toContain("event: message_stop");
  });

  longTest("Codex gets a whole response", async () => {
    const settings = block("docs/clients/codex.md", "toml");
    expect(settings).toContain(`base_url = "${WRITTEN}/v1"`);
    const model = /^model = "(.*)"$/m.exec(settings)?.[1];
    const headers = { authorization: "Bearer any", originator: "codex_exec", "session-id": "s1" };
    const input = [{ type: "message", role: "user", content: [{ type: "input_text", text: "say hello" }] }];
    const body = { model, input, stream: true, store: false, include: ["reasoning.encrypted_content"] };
    const answer = await post("/v1/responses", headers, body);
    expect(answer.status).toBe(200);
    expect(await answer.text()).toContain("event: response.completed");
  });

  test("opencode gets a stream that ends", async () => {
    const { provider } = JSON.parse(block("docs/clients/opencode.md", "json")) as {
      readonly provider: { readonly cal: { readonly options: { readonly baseURL: string }; readonly models: object } };
    };
    expect(provider.cal.options.baseURL).toBe(`${WRITTEN}/v1`);
    const [model] = Object.keys(provider.cal.models);
    const messages = [{ role: "user", content: "say hello" }];
    const body = { model, max_tokens: 32_000, stream: true, stream_options: { include_usage: true }, messages };
    const answer = await post("/v1/chat/completions", { authorization: "Bearer any", "x-session-id": "s1" }, body);
    expect(await answer.text()).toMatch(/"usage":\{.*\n\ndata: \[DONE\]\n\n$/s);
  });

  longTest("the AI SDK's request is answered", async () => {
    const program = block("docs/clients/ai-sdk.md", "js");
    expect(program).toContain(`baseURL: "${WRITTEN}/v1"`);
    const model = /cal\("(.*?)"\)/.exec(program)?.[1];
    const body = { model, messages: [{ role: "user", content: "Say hello." }] };
    const answer = await post("/v1/chat/completions", { authorization: "Bearer any" }, body);
    expect(await answer.json()).toMatchObject({ choices: [{ finish_reason: "stop" }] });
  });
});
