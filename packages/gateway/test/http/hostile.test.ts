import { connect } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { speak } from "../support/raw-socket.ts";
import { codeOf, post, type Running, startService } from "../support/running-service.ts";

const ASKED = { requested: "large", inputTokens: 1_000, outputTokens: 100 };
const BODY = JSON.stringify(ASKED);

let running: Running;
beforeAll(async () => {
  running = await startService({
    flags: {
      "limits-headers-ms": "300",
      "limits-request-ms": "600",
      "limits-idle-ms": "500",
      "limits-body-bytes-max": "16384",
      "limits-header-bytes-max": "2048",
    },
  });
});
afterAll(() => running.end());

/** After whatever was done to it, it decides, is ready, and its ledger of errors knows no bug. */
async function stillSound(): Promise<void> {
  expect((await post(running, "/v1/decisions", BODY)).status).toBe(200);
  expect(await running.client().ready()).toMatchObject({ status: "ready" });
  expect(running.logged()).not.toMatch(/"level":"(fatal|error)"/);
}

const head = (extra = "", length: number | string = BODY.length): string =>
  `POST /v1/decisions HTTP/1.1\r\nhost: 127.0.0.1\r\nauthorization: Bearer ${running.keys.decide}\r\ncontent-type: application/json\r\ncontent-length: ${length}\r\n${extra}\r\n`;

describe("what is no HTTP", () => {
  test.each([
    ["a greeting", "HELO\r\n\r\n", 400],
    ["bytes of TLS", Buffer.from([0x16, 0x03, 0x01, 0x02, 0x00, 0x01, 0x00]), 400],
    ["another version", "GET /health HTTP/9.9\r\nhost: x\r\n\r\n", 400],
    ["a method that is none", "BREW /pot HTTP/1.1\r\nhost: x\r\n\r\n", 400],
    ["no host", "GET /health HTTP/1.1\r\n\r\n", 400],
    ["a header with a newline inside", "GET /health HTTP/1.1\r\nhost: x\r\nx: a\nb\r\n\r\n", 400],
    [
      "two lengths",
      "POST /v1/decisions HTTP/1.1\r\nhost: x\r\ncontent-length: 5\r\ncontent-length: 6\r\n\r\nhello",
      400,
    ],
    [
      "a length and chunks",
      "POST /v1/decisions HTTP/1.1\r\nhost: x\r\ncontent-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
      400,
    ],
    ["a negative length", "POST /v1/decisions HTTP/1.1\r\nhost: x\r\ncontent-length: -5\r\n\r\n", 400],
    ["a header longer than is allowed", `GET /health HTTP/1.1\r\nhost: x\r\nx: ${"a".repeat(4_096)}\r\n\r\n`, 431],
    ["a path longer than is allowed", `GET /${"a".repeat(4_096)} HTTP/1.1\r\nhost: x\r\n\r\n`, 431],
  ])("%s is refused and the connection closed", async (_what, bytes, status) => {
    const answer = await speak(running.url, [bytes as string]);
    expect([answer.status, answer.closed]).toEqual([status, true]);
  });

  test("a connection that says nothing, or stops in the middle, costs nothing for long", async () => {
    const slow = await Promise.all([
      speak(running.url, []),
      speak(running.url, ["POST /v1/decisions HTTP/1.1\r\nhost: x\r\n"]),
      speak(running.url, [..."GET /health HTTP/1.1\r\nx-slow: loris-loris-loris-loris"], { pauseMs: 40 }),
      speak(running.url, [head(), ...BODY], { pauseMs: 60 }),
      speak(running.url, [head("expect: 100-continue\r\n")], { quietMs: 2_000 }),
    ]);
    for (const { milliseconds, closed } of slow) {
      expect(closed).toBe(true);
      // The limits are below a second; the rest is for a machine that does something else.
      expect(milliseconds).toBeLessThan(20_000);
    }
    expect(slow.slice(1, 4).map(({ status }) => status)).toEqual([408, 408, 408]);
    await stillSound();
  });

  test("two requests at once on one connection are two, and a body is never taken for a request", async () => {
    const smuggled = "GET /v1/journal/head HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n";
    const both = await speak(running.url, [`${head()}${BODY}${smuggled}`]);
    expect([...both.text.matchAll(/HTTP\/1\.1 ([0-9]+)/g)].map(([, status]) => status)).toEqual(["200", "401"]);
    const inside = await speak(running.url, [`${head("", smuggled.length)}${smuggled}`]);
    expect([...inside.text.matchAll(/HTTP\/1\.1 ([0-9]+)/g)].map(([, status]) => status)).toEqual(["400"]);
    // Refused by its head alone, while the body that looks like a request is still to come.
    const early = head("", smuggled.length).replace("application/json", "text/plain");
    const late = await speak(running.url, [early, smuggled.slice(0, 20), smuggled.slice(20), `${head()}${BODY}`], {
      pauseMs: 30,
    });
    expect([...late.text.matchAll(/HTTP\/1\.1 ([0-9]+)/g)].map(([, status]) => status)).toEqual(["415", "200"]);
    const chunked = head().replace(/content-length: [0-9]+/, "transfer-encoding: chunked");
    expect((await speak(running.url, [`${chunked}zz\r\n{}\r\n0\r\n\r\n`])).status).toBe(400);
    const unread = await speak(running.url, [
      `POST /nowhere HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-length: ${smuggled.length}\r\n\r\n${smuggled}`,
    ]);
    expect([...unread.text.matchAll(/HTTP\/1\.1 ([0-9]+)/g)].map(([, status]) => status)).toEqual(["404"]);
  });
});

describe("a body", () => {
  test.each([
    ["too long", "x".repeat(20_000), "CAL_GATEWAY_BODY_TOO_LARGE", 413],
    ["far too long", "x".repeat(2_000_000), "CAL_GATEWAY_BODY_TOO_LARGE", 413],
    ["empty", "", "CAL_GATEWAY_BODY_MALFORMED", 400],
    ["nested too deeply", "[".repeat(10_000), "CAL_GATEWAY_BODY_MALFORMED", 400],
    ["no object", "[]", "CAL_REQUEST_INVALID", 400],
    ["null", "null", "CAL_REQUEST_INVALID", 400],
    ["a number", "7", "CAL_REQUEST_INVALID", 400],
    ["a text", '"inputTokens"', "CAL_REQUEST_INVALID", 400],
    ["a key twice", '{"inputTokens":1,"inputTokens":2}', "CAL_GATEWAY_BODY_MALFORMED", 400],
    ["NaN", '{"inputTokens":NaN}', "CAL_GATEWAY_BODY_MALFORMED", 400],
    ["Infinity", '{"inputTokens":Infinity}', "CAL_GATEWAY_BODY_MALFORMED", 400],
    ["a number beyond all", '{"inputTokens":1e309}', "CAL_REQUEST_INVALID", 400],
    ["a number that rounds", '{"inputTokens":1.0000000000000000001}', "CAL_REQUEST_INVALID", 400],
    ["half a surrogate pair", '{"inputTokens":1,"requestId":"\\ud800"}', "CAL_GATEWAY_BODY_MALFORMED", 400],
    ["a key of the language", '{"inputTokens":1,"__proto__":{"riskBps":1}}', "CAL_GATEWAY_BODY_MALFORMED", 400],
    ["a key of every object", '{"inputTokens":1,"constructor":1,"toString":2}', "CAL_REQUEST_INVALID", 400],
    [
      "more keys than there are",
      JSON.stringify(Object.fromEntries(Array.from({ length: 1_000 }, (_, index) => [`k${index}`, 1]))),
      "CAL_REQUEST_INVALID",
      400,
    ],
    [
      "more names than there are",
      JSON.stringify({ ...ASKED, capabilities: Array.from({ length: 2_000 }, () => "tool") }),
      "CAL_REQUEST_INVALID",
      400,
    ],
  ])("that is %s is refused, and nothing is decided", async (_what, body, code, status) => {
    const before = running.service.engine.reading.head.sequence;
    const answer = await post(running, "/v1/decisions", body);
    expect([answer.status, codeOf(answer.body)]).toEqual([status, code]);
    expect(JSON.stringify(answer.body).length).toBeLessThan(70_000);
    expect(running.service.engine.reading.head.sequence - before).toBeLessThanOrEqual(1);
  });

  test("is taken to the last byte that is allowed", async () => {
    const padded = BODY.padEnd(16_384);
    expect((await post(running, "/v1/decisions", padded)).status).toBe(200);
    expect((await post(running, "/v1/decisions", `${padded} `)).status).toBe(413);
  });

  test.each([
    ["no type", {}],
    ["a form", { "content-type": "application/x-www-form-urlencoded" }],
    ["text", { "content-type": "text/plain" }],
    ["another charset", { "content-type": "application/json; charset=utf-16" }],
    ["compressed", { "content-type": "application/json", "content-encoding": "gzip" }],
  ])("of %s is refused", async (_what, headers) => {
    const response = await fetch(`${running.url}/v1/decisions`, {
      method: "POST",
      headers: { authorization: `Bearer ${running.keys.decide}`, ...headers },
      body: Buffer.from(BODY),
    });
    expect([response.status, codeOf(await response.json())]).toEqual([415, "CAL_GATEWAY_MEDIA_TYPE"]);
  });

  test("that is announced too long is refused before it is sent", async () => {
    const answer = await speak(running.url, [head("expect: 100-continue\r\n", 1_000_000)]);
    expect(answer.status).toBe(413);
    expect(answer.text).not.toContain("100 Continue");
    const continued = await speak(running.url, [head("expect: 100-continue\r\n"), BODY], { pauseMs: 30 });
    expect(continued.text).toMatch(/^HTTP\/1\.1 100 Continue[\s\S]*HTTP\/1\.1 200 OK/);
  });

  test("that breaks off decides nothing", async () => {
    const before = running.service.engine.reading.head.sequence;
    await Promise.all(
      Array.from({ length: 50 }, async () => {
        const controller = new AbortController();
        const body = new ReadableStream({
          start: (stream) => {
            stream.enqueue(Buffer.from(BODY.slice(0, 20)));
            setTimeout(() => controller.abort(), 20);
          },
        });
        const headers = { authorization: `Bearer ${running.keys.decide}`, "content-type": "application/json" };
        const asked = fetch(`${running.url}/v1/decisions`, {
          method: "POST",
          headers,
          body,
          duplex: "half",
          signal: controller.signal,
        } as RequestInit);
        await expect(asked).rejects.toThrow();
      }),
    );
    expect(running.service.engine.reading.head.sequence - before).toBeLessThanOrEqual(1);
    await stillSound();
  });
});

describe("numbers at their ends", () => {
  test.each([
    { inputTokens: 4_294_967_295, outputTokens: 4_294_967_295 },
    { inputTokens: 0, outputTokens: 0 },
    { ...ASKED, valueMicrocents: "9223372036854775807" },
    { ...ASKED, valueMicrocents: "-9223372036854775808" },
    { ...ASKED, budgetMicrocents: "18446744073709551615" },
    { ...ASKED, budgetMicrocents: 0 },
    { ...ASKED, latencyMaxMs: 4_294_967_295 },
    {
      inputTokens: 4_294_967_295,
      outputTokens: 4_294_967_295,
      valueMicrocents: "9223372036854775807",
      confidenceBps: 10_000,
    },
  ])("%j are decided exactly", async (request) => {
    const { status, body } = await post(running, "/v1/decisions", JSON.stringify(request));
    expect(status).toBe(200);
    const { costMicrocents, utilityMicrocents } = body as { costMicrocents: string; utilityMicrocents: string };
    expect(costMicrocents).toMatch(/^[0-9]+$/);
    expect(utilityMicrocents).toMatch(/^-?[0-9]+$/);
    expect(JSON.stringify(body)).not.toMatch(/NaN|Infinity|undefined/);
  });

  test("exactly means to the microcent, where a double would round", async () => {
    const { body } = await post(
      running,
      "/v1/decisions",
      `{"inputTokens":4294967295,"outputTokens":4294967295,"valueMicrocents":9223372036854775807,"requested":"large"}`,
    );
    // 4,294,967,295 tokens at $10 and $30 a million: $10 is 10^9 microcents.
    const ceil = (tokens: bigint, price: bigint): bigint => (tokens * price + 999_999n) / 1_000_000n;
    const tokens = 4_294_967_295n;
    expect((body as { costMicrocents: string }).costMicrocents).toBe(
      String(ceil(tokens, 1_000_000_000n) + ceil(tokens, 3_000_000_000n)),
    );
  });
});

test("paths and methods that are none are refused with what there is", async () => {
  const answer = async (method: string, path: string): Promise<unknown> => {
    const response = await fetch(`${running.url}${path}`, { method });
    return [response.status, codeOf(await response.json().catch(() => undefined)), response.headers.get("allow")];
  };
  expect(await answer("GET", "/")).toEqual([404, "CAL_GATEWAY_ROUTE_UNKNOWN", null]);
  expect(await answer("GET", "/v1/decisions")).toEqual([405, "CAL_GATEWAY_METHOD", "POST"]);
  expect(await answer("DELETE", "/v1/tenants/acme/budget")).toEqual([405, "CAL_GATEWAY_METHOD", "GET, POST"]);
  expect(await answer("OPTIONS", "/v1/decisions")).toEqual([405, "CAL_GATEWAY_METHOD", "POST"]);
  expect(await answer("GET", "/v1/decisions/%ff")).toEqual([404, "CAL_GATEWAY_ROUTE_UNKNOWN", null]);
  expect(await answer("GET", "//health")).toEqual([404, "CAL_GATEWAY_ROUTE_UNKNOWN", null]);
  expect(await answer("GET", "/health/../v1/journal/head")).toEqual([401, "CAL_GATEWAY_KEY_REQUIRED", null]);
  expect((await fetch(`${running.url}/health`, { method: "HEAD" })).status).toBe(200);
});

test("more connections than are allowed are turned away, and those that are there go on", async () => {
  const few = await startService({ flags: { "limits-connections-max": "2" } });
  try {
    const ask = (): Promise<{ status: number; closed: boolean }> =>
      speak(few.url, ["GET /health HTTP/1.1\r\nhost: x\r\n\r\n"], { quietMs: 200 });
    const answers = await Promise.all(Array.from({ length: 6 }, ask));
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(2);
    await expect.poll(async () => (await ask()).status).toBe(200);
  } finally {
    await few.end();
  }
});

test("a client that takes no answers is read no further than the system buffers answers", async () => {
  const own = await startService();
  const socket = connect(Number(new URL(own.url).port), "127.0.0.1");
  try {
    socket.pause();
    const head = `POST /v1/decisions HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${own.keys.decide}\r\ncontent-type: application/json\r\ncontent-length: ${BODY.length}\r\n\r\n`;
    const asked = 40_000;
    const before = process.memoryUsage().arrayBuffers + process.memoryUsage().heapUsed;
    for (let index = 0; index < asked && !socket.destroyed; index += 1)
      if (!socket.write(head + BODY)) await new Promise((resolve) => setImmediate(resolve));
    await new Promise((resolve) => setTimeout(resolve, 300));
    const after = process.memoryUsage().arrayBuffers + process.memoryUsage().heapUsed;
    expect(own.service.engine.reading.head.sequence).toBeLessThan(asked / 2);
    expect(after - before).toBeLessThan(200 * 2 ** 20);
  } finally {
    socket.destroy();
    await own.end();
  }
});

test("a clock that runs backwards stops nothing, and the journal's time never does", async () => {
  let nowUs = 2_000_000_000_000_000;
  const own = await startService({ ports: { nowUs: () => (nowUs -= 1_000_000) } });
  try {
    const client = own.client({ key: own.keys.decide });
    for (let index = 0; index < 20; index += 1) await client.decide(ASKED);
    const lines = await Array.fromAsync(own.client({ key: own.keys.audit }).journalEntries());
    const times = lines.map((line) => Number(/"at":([0-9]+)/.exec(line)?.[1]));
    expect(times).toEqual(times.toSorted((a, b) => a - b));
  } finally {
    await own.end();
  }
});
