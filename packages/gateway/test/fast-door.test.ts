import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { readPlainHead } from "../src/http/plain-head.ts";
import { type Running, startService } from "./running-service.ts";
import { speak } from "./raw-socket.ts";

// Where origins are named there is no fast door, so that is what the other is held to.
const QUICK = {
  "limits-headers-ms": "400",
  "limits-request-ms": "400",
  "limits-idle-ms": "60000",
  "limits-body-bytes-max": "4096",
};
let fast: Running;
let plain: Running;
beforeAll(async () => {
  fast = await startService({ flags: QUICK, keyed: false });
  plain = await startService({
    flags: { ...QUICK, "cors-origins": "https://a.example" },
    keyed: false,
  });
});
afterAll(async () => {
  await fast.end();
  await plain.end();
});

const line = fc.oneof(
  { weight: 30, arbitrary: fc.constant("POST /v1/decisions HTTP/1.1") },
  fc.constantFrom(
    "POST /v1/decisions HTTP/1.0",
    "POST /v1/decisions?x=1 HTTP/1.1",
    "post /v1/decisions HTTP/1.1",
    "GET /health HTTP/1.1",
    "POST  /v1/decisions HTTP/1.1",
    "POST /v1/decisions HTTP/1.1 ",
    "POST http://127.0.0.1/v1/decisions HTTP/1.1",
  ),
);
const host = fc.oneof(
  { weight: 12, arbitrary: fc.constant("host: 127.0.0.1") },
  fc.constantFrom(
    "Host: 127.0.0.1",
    "HOST:127.0.0.1",
    "host: evil.example",
    "host:",
    "",
    "host: 127.0.0.1 ",
    "host:  127.0.0.1",
  ),
);
const type = fc.oneof(
  { weight: 12, arbitrary: fc.constant("content-type: application/json") },
  fc.constantFrom(
    "Content-Type: application/json; charset=utf-8",
    "content-type: text/plain",
    "",
    "content-type : application/json",
  ),
);
const other = fc.constantFrom(
  "accept: */*",
  "user-agent: curl/8",
  "x-request-id: 7",
  "X-Forwarded-For: 1.2.3.4",
  "connection: keep-alive",
  "Connection: close",
  "transfer-encoding: chunked",
  "Transfer-Encoding: identity",
  "expect: 100-continue",
  "upgrade: websocket",
  "cookie: a=b",
  "idempotency-key: one",
  "idempotency-key: two",
  "Idempotency-Key:",
  "host: 127.0.0.1",
  "content-length: 3",
  "te: trailers",
  "origin: https://a.example",
  "bad header: 1",
  "no-colon",
  ": empty",
  "x-tab: a\tb",
  "x-high: caf\xe9",
  "x-fold: a\r\n b",
  "accept-encoding: gzip",
);
const body = fc.oneof(
  { weight: 12, arbitrary: fc.constant('{"requested":"large","inputTokens":100}') },
  fc.constantFrom(
    "",
    "{}",
    "[]",
    '{"inputTokens":1}\n',
    "GET /health HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n",
    '{"inputTokens":1,"a":"é"}',
    "x".repeat(5_000),
  ),
);
const length = fc.oneof({ weight: 14, arbitrary: fc.constant(0) }, fc.constantFrom(-1, 1, 40));
const form = fc.constantFrom("", "", "", "", "0", "+", " ");

const request = fc
  .record({ line, host, type, others: fc.array(other, { maxLength: 3 }), body, length, form, order: fc.boolean() })
  .map(({ order, form: zeros, ...parts }) => {
    const bytes = Buffer.byteLength(parts.body) + parts.length;
    const headers = [parts.host, parts.type, `content-length: ${zeros}${bytes}`, ...parts.others].filter(
      (text) => text !== "",
    );
    return `${[parts.line, ...(order ? headers : headers.toReversed())].join("\r\n")}\r\n\r\n${parts.body}`;
  });

interface Heard {
  readonly answers: readonly string[];
  readonly closed: boolean;
}

/** What was answered, without what no two decisions share. */
async function heard(url: string, pieces: readonly string[]): Promise<Heard> {
  const { text, closed } = await speak(
    url,
    pieces.map((piece) => Buffer.from(piece, "latin1")),
    { pauseMs: 4, quietMs: 700 },
  );
  const answers = text.split(/(?=HTTP\/1\.1 )/).map((answer) =>
    answer
      .replace(/\r\n(?:Date|Keep-Alive|content-length|access-control-[a-z-]+|vary): [^\r]*/gi, "")
      .replace(/"(?:decisionId|entryHash|request|decision|identity|incident)":"[^"]*"/g, "")
      .replace(/"sequence":[0-9]+|entry [0-9]+ /g, ""),
  );
  return { answers, closed };
}

const CUT_SHORT = /CAL_GATEWAY_(?:HTTP_MALFORMED|TIMEOUT)|^$/;

/**
 * Where something breaks off behind other requests, the connection ends at once, and how many of them were answered before
 * is a matter of moments. What was answered is the same.
 */
function comparable(one: Heard, other: Heard, requestCount: number): unknown {
  const isAbrupt = ({ answers, closed }: Heard): boolean => {
    const last = answers.at(-1) ?? "";
    return closed && (CUT_SHORT.test(last) || !/\r\nconnection: close\r\n/i.test(last));
  };
  if (requestCount < 2 || !(isAbrupt(one) || isAbrupt(other))) return one;
  const whole = ({ answers }: Heard): readonly string[] => answers.filter((answer) => !CUT_SHORT.test(answer));
  return { answers: whole(one).slice(0, whole(other).length), closed: one.closed };
}

test("whatever is sent, in whatever pieces, the fast door answers as Node's server does", async () => {
  const talk = fc.record({
    requests: fc.array(request, { minLength: 1, maxLength: 3 }),
    cuts: fc.array(fc.nat(900), { maxLength: 2 }),
  });
  const talks = fc.sample(talk, { numRuns: 400, seed: 11 }).map(({ requests, cuts }) => {
    const whole = requests.join("");
    const at = [...new Set([0, ...cuts.filter((cut) => cut < whole.length), whole.length])].sort((a, b) => a - b);
    return { pieces: at.slice(1).map((end, index) => whole.slice(at[index], end)), count: requests.length };
  });
  for (let from = 0; from < talks.length; from += 200) {
    const part = talks.slice(from, from + 200);
    const [mine, theirs] = await Promise.all([
      Promise.all(part.map(({ pieces }) => heard(fast.url, pieces))),
      Promise.all(part.map(({ pieces }) => heard(plain.url, pieces))),
    ]);
    for (const [index, { pieces, count }] of part.entries()) {
      const [a, b] = [mine[index], theirs[index]] as [Heard, Heard];
      expect(comparable(a, b, count), JSON.stringify(pieces)).toEqual(comparable(b, a, count));
    }
  }
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
