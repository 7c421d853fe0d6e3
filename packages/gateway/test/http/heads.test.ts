import { METHODS } from "node:http";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { speak } from "../support/raw-socket.ts";
import { type Running, startService } from "../support/running-service.ts";

let keyed: Running;
let local: Running;
let withoutFastPath: Running;
beforeAll(async () => {
  [keyed, local, withoutFastPath] = await Promise.all([
    startService(),
    startService({ keyed: false }),
    startService({ keyed: false, fastPath: false }),
  ]);
});
afterAll(async () => {
  await Promise.all([keyed, local, withoutFastPath].map((running) => running.end()));
});

const BODY = '{"inputTokens":1}';

function post(headers: readonly string[], body: string = BODY): string {
  const own = ["host: 127.0.0.1", "content-type: application/json", `content-length: ${body.length}`];
  return `${["POST /v1/decisions HTTP/1.1", ...own, ...headers].join("\r\n")}\r\n\r\n${body}`;
}

async function answerTo(running: Running, text: string): Promise<readonly [number, string, boolean]> {
  const { status, text: answer, closed } = await speak(running.url, [text], { quietMs: 500 });
  return [status, /"code":"([A-Z_]+)"/.exec(answer)?.[1] ?? "none", closed];
}

describe("a head that two programs may read differently is refused from the error table, and the connection closed", () => {
  test.each([
    ["host", ["Host: localhost"]],
    ["host, alike", ["host: 127.0.0.1"]],
    ["authorization", ["authorization: Bearer a", "Authorization: Bearer b"]],
    ["content-type", ["content-type: application/json"]],
    ["idempotency-key", ["idempotency-key: a", "idempotency-key: b"]],
    ["content-encoding", ["content-encoding: identity", "content-encoding: identity"]],
    ["origin", ["origin: http://a", "origin: http://b"]],
    ["content-length, alike", [`content-length: ${BODY.length}`]],
  ])("a duplicate of %s", async (_what, headers) => {
    for (const running of [local, withoutFastPath, keyed])
      expect(await answerTo(running, post(headers))).toEqual([400, "CAL_GATEWAY_HTTP_MALFORMED", true]);
  });

  test.each(["2.0", "1.2", "0.9", "3.0", "9.9"])("version %s", async (version) => {
    for (const line of [`GET /health HTTP/${version}`, `POST /v1/decisions HTTP/${version}`])
      expect(await answerTo(local, `${line}\r\nhost: 127.0.0.1\r\n\r\n`)).toEqual([
        400,
        "CAL_GATEWAY_HTTP_MALFORMED",
        true,
      ]);
  });

  test("no host", async () => {
    expect(await answerTo(local, "GET /health HTTP/1.1\r\n\r\n")).toEqual([400, "CAL_GATEWAY_HTTP_MALFORMED", true]);
    expect(await answerTo(local, "GET /nowhere HTTP/1.1\r\n\r\n")).toEqual([400, "CAL_GATEWAY_HTTP_MALFORMED", true]);
    expect((await answerTo(local, "GET /health HTTP/1.0\r\n\r\n"))[0]).toBe(200);
  });

  test("more headers than any client sends", async () => {
    const headers = (count: number): string[] => Array.from({ length: count }, (_, index) => `x-${index}: 1`);
    expect((await answerTo(local, post(headers(61))))[0]).toBe(200);
    expect(await answerTo(local, post(headers(62)))).toEqual([431, "CAL_GATEWAY_HEADERS_TOO_LARGE", true]);
  });
});

test("an expectation that cannot be met is refused from the error table", async () => {
  for (const path of ["/v1/decisions", "/nowhere"]) {
    const text = post(["expect: a-miracle"]).replace("/v1/decisions", path);
    expect(await answerTo(local, text)).toEqual([417, "CAL_GATEWAY_EXPECTATION", true]);
  }
});

test("a body is asked for only when it will be read", async () => {
  const refused = await speak(keyed.url, [post(["expect: 100-continue"], "")], { quietMs: 500 });
  expect([refused.status, refused.closed]).toEqual([401, true]);
  expect(refused.text).not.toContain("100 Continue");
});

test.each([
  ["a key is required", (): Running => keyed, "GET /v1/journal/head HTTP/1.1\r\nhost: x\r\n\r\n", 401],
  ["the host is refused", (): Running => local, "GET /v1/journal/head HTTP/1.1\r\nhost: evil.example\r\n\r\n", 403],
  ["there is no such path", (): Running => local, "GET /nowhere HTTP/1.1\r\nhost: x\r\n\r\n", 404],
  ["the method is another", (): Running => local, "DELETE /v1/ledger HTTP/1.1\r\nhost: x\r\n\r\n", 405],
])("a request without a body that is refused because %s keeps its connection", async (_why, running, text, status) => {
  const answer = await speak(running().url, [text, text, text], { pauseMs: 20, quietMs: 300 });
  expect([...answer.text.matchAll(/HTTP\/1\.1 ([0-9]{3})/g)].map(([, each]) => Number(each))).toEqual([
    status,
    status,
    status,
  ]);
  expect(answer.closed).toBe(false);
});

test("every method there is gets an answer of the table", async () => {
  const methods = METHODS.filter((method) => method !== "CONNECT");
  const answersTo = (path: string): Promise<readonly (readonly [number, string, boolean])[]> =>
    Promise.all(methods.map((method) => answerTo(local, `${method} ${path} HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n`)));
  const [known, unknown] = await Promise.all([answersTo("/v1/ledger"), answersTo("/no")]);
  for (const [index, method] of methods.entries()) {
    const isHead = method === "HEAD";
    const isRead = isHead || method === "GET";
    expect(known[index]?.slice(0, 2), method).toEqual(isRead ? [200, "none"] : [405, "CAL_GATEWAY_METHOD"]);
    expect(unknown[index]?.slice(0, 2), method).toEqual([404, isHead ? "none" : "CAL_GATEWAY_ROUTE_UNKNOWN"]);
  }
});

describe("a client that closes its side", () => {
  const cases: readonly (readonly [string, readonly string[], readonly number[]])[] = [
    ["after one request", [post([])], [200]],
    ["after three at once", [post([]) + post([]) + post([])], [200, 200, 200]],
    ["while the first of two is answered", [post([]), post([])], [200, 200]],
    ["after a GET and a POST", [`GET /health HTTP/1.1\r\nhost: x\r\n\r\n${post([])}`], [200, 200]],
    ["in the middle of a body", [post([]).slice(0, -3)], [400]],
    ["in the middle of a head", [post([]).slice(0, 40)], [400]],
    ["after one request and a half", [post([]) + post([]).slice(0, 60)], [200, 400]],
    ["having said nothing", [], []],
  ];
  test.each(cases)("%s gets the answers to what it sent, on either path", async (_when, pieces, statuses) => {
    for (const running of [local, withoutFastPath]) {
      for (let round = 0; round < 5; round += 1) {
        const answer = await speak(running.url, pieces, { pauseMs: 1, quietMs: 2_000, isHalfClosed: true });
        const seen = [...answer.text.matchAll(/HTTP\/1\.1 ([0-9]{3})/g)].map(([, status]) => Number(status));
        expect([seen, answer.closed]).toEqual([statuses, true]);
      }
    }
  });

  test("gets what is wrong with its request, not a broken connection", async () => {
    for (const running of [local, withoutFastPath]) {
      for (let round = 0; round < 5; round += 1) {
        const answer = await speak(running.url, ["OST /v1/decisions HTTP/1.1\r\nhost: x\r\n\r\n{}"], {
          isHalfClosed: true,
        });
        expect([answer.status, answer.text.includes("HPE_INVALID_METHOD")]).toEqual([400, true]);
      }
    }
  });
});
