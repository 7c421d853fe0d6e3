import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { caseCount } from "../../../../test/share.ts";
import { readPlainHead } from "../../src/http/plain-head.ts";
import { conversations, differences, startBoth } from "../search/random-conversations.ts";
import { speak } from "../support/raw-socket.ts";
import type { Running } from "../support/running-service.ts";

let fast: Running;
let plain: Running;
beforeAll(async () => {
  ({ fast, plain } = await startBoth());
});
afterAll(async () => {
  await fast.end();
  await plain.end();
});

test("whatever is sent, in whatever pieces, the fast path answers as Fastify does", async () => {
  const found = await differences(fast.url, plain.url, conversations(11, caseCount(600)));
  for (const { conversation, fast: mine, plain: theirs } of found)
    expect(mine, JSON.stringify(conversation)).toEqual(theirs);
  expect(fast.logged() + plain.logged()).not.toContain('"fatal"');
});

describe("a plain head", () => {
  test("is read as it was written, and a head that is not plain is not read", () => {
    const value = fc.stringMatching(/^[!-~]([ -~]{0,20}[!-~])?$/);
    const path = fc.stringMatching(/^\/[A-Za-z0-9/_.:~-]{0,30}$/);
    const query = fc.constantFrom("", "?", "?beta=true", "?a=b&c=d,e");
    fc.assert(
      fc.property(path, query, value, value, fc.nat(1_000), (target, asked, agent, key, bytes) => {
        const url = target + asked;
        const head = `POST ${url} HTTP/1.1\r\nHost: x\r\nUser-Agent: ${agent}\r\nX-Api-Key:\r\nIdempotency-Key: ${key}\r\ncontent-length:${bytes}\r\n`;
        expect(readPlainHead(head)).toEqual({
          url,
          path: target,
          headers: {
            ...{ host: "x", "user-agent": agent, "x-api-key": "" },
            ...{ "idempotency-key": key, "content-length": String(bytes) },
          },
          length: bytes,
        });
        for (const mark of ["\n", "\r", "\0", "\x7f", "\xe9"])
          expect(readPlainHead(head.replace("Host: x", `Host: x${mark}`)), JSON.stringify(mark)).toBeUndefined();
        for (const name of ["Host", "Idempotency-Key", "content-length", "user-agent", "x-api-key"])
          expect(readPlainHead(`${head}${name}: 1\r\n`), name).toBeUndefined();
      }),
    );
  });
});

test("a connection takes either path with each request, in any order", async () => {
  const body = '{"inputTokens": 1}';
  const ask = (path: string, extra = ""): string =>
    `POST ${path} HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\n${extra}content-length: ${body.length}\r\n\r\n${body}`;
  const health = "GET /health HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n";
  const decide = ask("/v1/decisions");
  const { text } = await speak(
    fast.url,
    [decide, health + decide, ask("/v1/outcomes"), ask("/v1/decisions", "te: x\r\n"), decide],
    {
      pauseMs: 60,
      quietMs: 400,
    },
  );
  expect([...text.matchAll(/HTTP\/1\.1 ([0-9]{3})/g)].map(([, status]) => status)).toEqual([
    "200",
    "200",
    "200",
    "400",
    "200",
    "200",
  ]);
  const burst = await speak(fast.url, [decide.repeat(50)], { quietMs: 400 });
  expect([...burst.text.matchAll(/HTTP\/1\.1 200/g)]).toHaveLength(50);
  const sequences = [...burst.text.matchAll(/"sequence":([0-9]+)/g)].map(([, sequence]) => Number(sequence));
  expect(sequences).toEqual(sequences.toSorted((a, b) => a - b));
});
