import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Anthropic from "@anthropic-ai/sdk";
import OpenAI from "openai";
import { afterAll, beforeAll, expect, test } from "vitest";

const CALYBRIS = join(import.meta.dirname, "..", "..", "bin", "calybris.cjs");

interface Served extends AsyncDisposable {
  readonly printed: string;
}

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "calybris-mock-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Waits until the last line of the report is there. */
async function serveMock(): Promise<Served> {
  const child = spawn(process.execPath, [CALYBRIS, "serve", "--mock", "--port", "0", "--log-level", "silent"], {
    cwd: folder,
    stdio: ["ignore", "ignore", "pipe"],
  });
  let printed = "";
  for await (const piece of child.stderr as AsyncIterable<Buffer>) {
    printed += piece.toString();
    if (/^cost .*\n/m.test(printed)) break;
  }
  return {
    printed,
    [Symbol.asyncDispose]: async () => {
      const exit = once(child, "exit");
      child.kill("SIGINT");
      await exit;
    },
  };
}

function found(printed: string, pattern: RegExp): string {
  const [, text] = pattern.exec(printed) ?? [];
  if (text === undefined) throw new Error(`${pattern} is not in:\n${printed}`);
  return text;
}

async function remaining(url: string): Promise<bigint> {
  const response = await fetch(`${url}/v1/ledger`);
  const { tenants } = (await response.json()) as {
    readonly tenants: readonly { readonly tenant: string; readonly remainingMicrocents: string }[];
  };
  return BigInt(tenants.find(({ tenant }) => tenant === "default")?.remainingMicrocents ?? "-1");
}

test("what serve --mock prints works as it is printed, and the tenant is funded once", async () => {
  let left: bigint;
  {
    await using served = await serveMock();
    const { printed } = served;
    const [url, body] = [found(printed, /^curl +curl -s (http\S+)/m), found(printed, /-d '(\{"model".*\})'$/m)];
    const answer = await fetch(url, { method: "POST", headers: { "content-type": "application/json" }, body });
    expect(await answer.json()).toMatchObject({ object: "chat.completion" });
    const id = answer.headers.get("x-calybris-decision") ?? "";
    const shown = found(printed, /^cost +curl -s (http\S+)\/ID/m);
    expect(await (await fetch(`${shown}/${id}`)).json()).toMatchObject({ decisionId: id });

    const openai = new OpenAI({ baseURL: found(printed, /OPENAI_BASE_URL=(\S+)/), apiKey: "any" });
    const chat = found(printed, /OPENAI_BASE_URL=.*model (\S+)$/m);
    expect((await openai.responses.create({ model: chat, input: "Say hello." })).output_text).not.toBe("");
    const anthropic = new Anthropic({ baseURL: found(printed, /ANTHROPIC_BASE_URL=(\S+)/), apiKey: "any" });
    const model = found(printed, /ANTHROPIC_BASE_URL=.*model (\S+)$/m);
    const messages = [{ role: "user" as const, content: "Say hello." }];
    expect((await anthropic.messages.create({ model, max_tokens: 64, messages })).usage.output_tokens).toBeGreaterThan(
      0,
    );
    left = await remaining(new URL(url).origin);
    expect(left).toBeGreaterThan(0n);
    expect(left).toBeLessThan(10_000_000_000n);
  }
  expect(readdirSync(folder)).toEqual(["calybris-mock-journal"]);
  await using again = await serveMock();
  expect(await remaining(new URL(found(again.printed, /^curl +curl -s (http\S+)/m)).origin)).toBe(left);
});
