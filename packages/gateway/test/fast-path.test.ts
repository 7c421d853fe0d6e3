import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { readPlainHead } from "../src/http/plain-head.ts";
import { type Running, startService } from "./running-service.ts";
import { differences, QUICK_FLAGS, talks, WITHOUT_DOOR } from "./random-conversations.ts";
import { speak } from "./raw-socket.ts";

let fast: Running;
let plain: Running;
beforeAll(async () => {
  fast = await startService({ flags: QUICK_FLAGS, keyed: false });
  plain = await startService({
    flags: { ...QUICK_FLAGS, ...WITHOUT_DOOR },
    keyed: false,
  });
});
afterAll(async () => {
  await fast.end();
  await plain.end();
});

test("whatever is sent, in whatever pieces, the fast door answers as Node's server does", async () => {
  for (const talk of await differences(fast.url, plain.url, talks(11, 400))) expect(talk.fast).toEqual(talk.plain);
  expect(fast.logged() + plain.logged()).not.toContain('"fatal"');
});

test("a connection goes through the door again and again, and to Node's server for good at the first unusual request", async () => {
  const ask =
    'POST /v1/decisions HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\ncontent-length: 18\r\n\r\n{"inputTokens": 1}';
  const health = "GET /health HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n";
  const { text } = await speak(fast.url, [ask, ask, health, ask, health + ask], { pauseMs: 60, quietMs: 400 });
  expect([...text.matchAll(/HTTP\/1\.1 ([0-9]{3})/g)].map(([, status]) => status)).toEqual(
    Array.from({ length: 6 }, () => "200"),
  );
  const burst = await speak(fast.url, [ask.repeat(50)], { quietMs: 400 });
  expect([...burst.text.matchAll(/HTTP\/1\.1 200/g)]).toHaveLength(50);
  const sequences = [...burst.text.matchAll(/"sequence":([0-9]+)/g)].map(([, sequence]) => Number(sequence));
  expect(sequences).toEqual(sequences.toSorted((a, b) => a - b));
});

describe("a plain head", () => {
  test("is read as it was written, and nothing that is not plain is", () => {
    const value = fc.stringMatching(/^[!-~]([ -~]{0,20}[!-~])?$/);
    fc.assert(
      fc.property(value, value, fc.nat(1_000), (agent, key, bytes) => {
        const head = `POST /v1/decisions HTTP/1.1\r\nHost: x\r\nUser-Agent: ${agent}\r\nIdempotency-Key: ${key}\r\ncontent-length:${bytes}\r\n`;
        expect(readPlainHead(head)).toEqual({
          headers: { host: "x", "idempotency-key": key, "content-length": String(bytes) },
          length: bytes,
        });
        for (const mark of ["\n", "\r", "\0", "\x7f", "\xe9"])
          expect(readPlainHead(head.replace("Host: x", `Host: x${mark}`)), JSON.stringify(mark)).toBeUndefined();
      }),
    );
  });
});
