import { isDeepStrictEqual } from "node:util";
import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { caseCount } from "../../../../test/share.ts";
import { speak } from "../support/raw-socket.ts";
import { type RunningGateway, startGateway } from "./running-gateway.ts";

let fast: RunningGateway;
let plain: RunningGateway;
beforeAll(async () => {
  [fast, plain] = await Promise.all([
    startGateway({ keyed: false, fastPath: true }),
    startGateway({ keyed: false, fastPath: false }),
  ]);
});
afterAll(async () => {
  await Promise.all([fast.end(), plain.end()]);
});

const said = fc.constantFrom(
  "hi",
  "[[mock: output=300]]",
  "[[mock: status=400]]",
  "[[mock: status=429 retry-after-ms=60000]]",
  "[[mock: cut=before-usage output=40]]",
  "[[mock: reset=stream output=40]]",
  "[[mock: error-first=overloaded]]",
  "[[mock: encoding=gzip]]",
);
const path = fc.constantFrom(
  ["/v1/chat/completions", "gpt-4.1", "messages"],
  ["/v1/responses", "gpt-4.1", "input"],
  ["/v1/messages", "claude-sonnet-4-6", "messages"],
  ["/v1/messages", "gpt-4.1", "messages"],
  ["/v1/chat/completions", "claude-sonnet-4-6", "messages"],
  ["/v1/messages/count_tokens", "claude-sonnet-4-6", "messages"],
  ["/v1/embeddings", "text-embedding-3-small", "input"],
  ["/v1/chat/completions", "nobody", "messages"],
  ["/v1/files", "gpt-4.1", "input"],
);
const header = fc.constantFrom(
  "anthropic-version: 2023-06-01",
  "anthropic-beta: a,b",
  "openai-beta: x=1",
  "x-calybris-tags: team=search, env=prod",
  "x-calybris-tags: team",
  "X-Stainless-Lang: js",
  "user-agent: claude-cli/2.1.328 (external, cli)",
  "session_id: 7",
  "originator: codex_cli_rs",
  "accept: text/event-stream",
  "Connection: close",
  "connection: keep-alive",
  "x-empty:",
  "cookie: a=b",
  "user-agent: twice",
);

const request = fc
  .record({
    path,
    said,
    query: fc.constantFrom("", "", "", "?beta=true", "?a=%20", "?"),
    isStreamed: fc.boolean(),
    headers: fc.array(header, { maxLength: 3 }),
    encoding: fc.constantFrom("", "", "", "", "gzip", "identity", "lzma"),
    damage: fc.constantFrom("", "", "", "", "", "", "}", "\n"),
  })
  .map((parts) => {
    const [target = "", model = "", member = ""] = parts.path;
    const text = parts.said;
    const prompt = member === "messages" ? [{ role: "user", content: text }] : text;
    const stream = parts.isStreamed && target !== "/v1/embeddings" ? { stream: true } : {};
    const json = Buffer.from(JSON.stringify({ model, [member]: prompt, max_tokens: 64, ...stream }) + parts.damage);
    const body = parts.encoding === "gzip" ? gzipSync(json) : json;
    const encoding = parts.encoding === "" ? [] : [`content-encoding: ${parts.encoding}`];
    const own = ["host: 127.0.0.1", "content-type: application/json", `content-length: ${body.byteLength}`];
    const head = [`POST ${target}${parts.query} HTTP/1.1`, ...own, ...encoding, ...parts.headers].join("\r\n");
    return Buffer.concat([Buffer.from(`${head}\r\n\r\n`), body]);
  });
const conversation = fc.record({
  requests: fc.array(request, { minLength: 1, maxLength: 2 }),
  cuts: fc.array(fc.nat(600), { maxLength: 2 }),
  isHalfClosed: fc.integer({ min: 0, max: 6 }).map((die) => die === 0),
});

test("a model call is answered alike by the fast path and by Fastify, whatever it is and in whatever pieces", async () => {
  const all = fc.sample(conversation, { numRuns: caseCount(160), seed: 5 });
  const counts = { streams: 0, wholes: 0, refused: 0 };
  for (let from = 0; from < all.length; from += AT_ONCE)
    await Promise.all(
      all.slice(from, from + AT_ONCE).map(async (one) => {
        const both = (quietMs: number): Promise<readonly (readonly Answer[])[]> =>
          Promise.all([answers(fast.url, one, quietMs), answers(plain.url, one, quietMs)]);
        let [mine = [], theirs = []] = await both(QUIET_MS);
        // On a busy machine an answer may take longer than anybody listened.
        if (!isDeepStrictEqual(mine, theirs)) [mine = [], theirs = []] = await both(LONG_QUIET_MS);
        expect(mine, JSON.stringify(one.requests.map((bytes) => bytes.toString("latin1")))).toEqual(theirs);
        for (const { head, body } of mine) {
          if (!head[0]?.endsWith("200 OK")) counts.refused += 1;
          else if (body.startsWith("data:") || body.startsWith("event:")) counts.streams += 1;
          else counts.wholes += 1;
        }
      }),
    );
  // Each kind was met.
  for (const count of Object.values(counts)) expect(count).toBeGreaterThan(all.length / 20);
  expect(fast.logged() + plain.logged()).not.toContain('"fatal"');
});

const AT_ONCE = 8;
const QUIET_MS = 2_500;
const LONG_QUIET_MS = 15_000;

interface Answer {
  readonly head: readonly string[];
  readonly body: string;
  readonly isEnded: boolean;
}

async function answers(
  url: string,
  { requests, cuts, isHalfClosed }: Conversation,
  quietMs: number,
): Promise<readonly Answer[]> {
  const whole = Buffer.concat([...requests]);
  const at = [...new Set([0, ...cuts.filter((cut) => cut < whole.length), whole.length])].sort((a, b) => a - b);
  const pieces = at.slice(1).map((end, index) => whole.subarray(at[index], end));
  const { text } = await speak(url, pieces, { pauseMs: 4, quietMs, isHalfClosed });
  return text.split(/(?=HTTP\/1\.1 )/).map(answerOf);
}

type Conversation = {
  readonly requests: readonly Buffer[];
  readonly cuts: readonly number[];
  readonly isHalfClosed: boolean;
};

/** An answer without how its chunks were cut, and without what no two answers share. */
function answerOf(text: string): Answer {
  const headEnd = text.indexOf("\r\n\r\n");
  const [status = "", ...headers] = text.slice(0, headEnd).split("\r\n");
  const isChunked = headers.some((one) => /^transfer-encoding: chunked$/i.test(one));
  const { body, isEnded } = isChunked
    ? joined(text.slice(headEnd + 4))
    : { body: text.slice(headEnd + 4), isEnded: true };
  const kept = headers
    .filter((one) => !/^(?:date|x-request-id|request-id|x-calybris-decision|openai-processing-ms):/i.test(one))
    .map((one) => one.replace(/^[^:]+/, (name) => name.toLowerCase()))
    .map((one) => (one.startsWith("content-length") ? "content-length" : one));
  return { head: [status, ...kept.sort()], body: bare(body), isEnded };
}

function bare(text: string): string {
  return text
    .replace(/"(?:id|item_id|response_id|request_id|system_fingerprint|obfuscation)": ?"[^"]*"/g, "")
    .replace(/"(?:created|created_at|completed_at)": ?[0-9]+/g, "")
    .replace(/req_[0-9a-f]+|decision [0-9a-f-]+|[0-9]+-[0-9a-f]{8,}/g, "");
}

function joined(chunked: string): { readonly body: string; readonly isEnded: boolean } {
  let body = "";
  for (let at = 0; ; ) {
    const lineEnd = chunked.indexOf("\r\n", at);
    const bytes = Number.parseInt(chunked.slice(at, lineEnd), 16);
    if (lineEnd === -1 || Number.isNaN(bytes)) return { body, isEnded: false };
    if (bytes === 0) return { body, isEnded: chunked.slice(lineEnd) === "\r\n\r\n" };
    body += chunked.slice(lineEnd + 2, lineEnd + 2 + bytes);
    at = lineEnd + 2 + bytes + 2;
  }
}
