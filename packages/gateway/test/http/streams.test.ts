import { EngineError } from "@calybris/engine";
import { createServer } from "node:http";
import { type AddressInfo, connect } from "node:net";

import { expect, test } from "vitest";
import { decisionShape } from "../../src/decisions/answer-shapes.ts";
import type { Call, Handler, Responder, Route, RouteContract } from "../../src/http/route-contract.ts";
import { speak } from "../support/raw-socket.ts";
import { type Running, startService } from "../support/running-service.ts";

const HEAD = "host: 127.0.0.1\r\n";
const GET = `GET /own HTTP/1.1\r\n${HEAD}\r\n`;

function route(handle: Handler, contract: Partial<RouteContract> = {}): Route {
  const own: RouteContract = {
    method: "GET",
    path: "/own",
    name: "own",
    summary: "Own",
    scopes: [],
    answer: "text/plain",
  };
  return { contract: { ...own, streams: true, ...contract }, handle };
}

async function withRoutes(moreRoutes: readonly Route[], body: (own: Running) => Promise<void>): Promise<void> {
  const own = await startService({ keyed: false, moreRoutes });
  try {
    await body(own);
  } finally {
    await own.end();
  }
}

function deferred(): { readonly promise: Promise<void>; readonly resolve: () => void } {
  const { promise, resolve } = Promise.withResolvers<void>();
  return { promise, resolve };
}

function counted(text: string, name: string): number {
  return Number(
    text
      .split("\n")
      .find((line) => line.startsWith(`${name} `))
      ?.slice(name.length + 1) ?? Number.NaN,
  );
}

const OWN_COUNT = 'calybris_http_requests_total{operation="own",status="200"}';

test("pieces of an asynchronous answer leave as they are made", async () => {
  const next = deferred();
  async function* pieces(): AsyncGenerator<Buffer> {
    yield Buffer.from("one,");
    await next.promise;
    yield Buffer.from("two");
  }
  await withRoutes([route(() => ({ body: pieces(), contentType: "text/plain" }))], async (own) => {
    const response = await fetch(`${own.url}/own`);
    expect(response.headers.get("cache-control")).toBe("no-store");
    const reader = (response.body as ReadableStream<Uint8Array>).getReader();
    expect(Buffer.from((await reader.read()).value ?? []).toString()).toBe("one,");
    // The answer has not ended, so it is not counted, and it is open.
    const text = await own.client().metrics();
    expect([counted(text, OWN_COUNT), counted(text, "calybris_http_open")]).toEqual([Number.NaN, 2]);
    next.resolve();
    expect(Buffer.from((await reader.read()).value ?? []).toString()).toBe("two");
    expect((await reader.read()).done).toBe(true);
    await expect.poll(async () => counted(await own.client().metrics(), OWN_COUNT)).toBe(1);
  });
});

test("a span ends when the answer ends", async () => {
  const ends: number[] = [];
  const collector = createServer((request, response) => {
    let body = "";
    request.on("data", (data: Buffer) => {
      body += data.toString();
    });
    request.on("end", () => {
      for (const [, from = "", to = ""] of body.matchAll(/"startTimeUnixNano":"(\d+)","endTimeUnixNano":"(\d+)"/g))
        ends.push(Number(BigInt(to) - BigInt(from)) / 1e6);
      response.end("{}");
    });
  });
  await new Promise<void>((resolve) => collector.listen(0, "127.0.0.1", resolve));
  const next = deferred();
  async function* pieces(): AsyncGenerator<Buffer> {
    yield Buffer.from("one");
    await next.promise;
  }
  const endpoint = `http://127.0.0.1:${(collector.address() as AddressInfo).port}`;
  const own = await startService({
    keyed: false,
    flags: { "traces-endpoint": endpoint },
    moreRoutes: [route(() => ({ body: pieces() }))],
  });
  const response = await fetch(`${own.url}/own`);
  await new Promise((resolve) => setTimeout(resolve, 60));
  next.resolve();
  await response.text();
  await own.end();
  collector.close();
  expect(ends).toHaveLength(1);
  expect(ends[0]).toBeGreaterThanOrEqual(50);
});

test("a client that leaves ends the answer: its pieces are returned, and the handler's signal aborts", async () => {
  const returned = deferred();
  const aborted = deferred();
  let made = 0;
  async function* pieces(): AsyncGenerator<Buffer> {
    try {
      for (;;) {
        made += 1;
        yield Buffer.from("tick\n");
        await new Promise((resolve) => setTimeout(resolve, 1));
      }
    } finally {
      returned.resolve();
    }
  }
  const handle = ({ signal }: Call): { readonly body: AsyncGenerator<Buffer> } => {
    signal.addEventListener("abort", aborted.resolve);
    return { body: pieces() };
  };
  await withRoutes([route(handle)], async (own) => {
    const controller = new AbortController();
    const response = await fetch(`${own.url}/own`, { signal: controller.signal });
    await response.body?.getReader().read();
    controller.abort();
    await Promise.all([returned.promise, aborted.promise]);
    const madeWhenLeft = made;
    await expect.poll(async () => counted(await own.client().metrics(), "calybris_http_open")).toBe(1);
    expect(made - madeWhenLeft).toBeLessThanOrEqual(1);
    expect(await own.client().metrics()).toMatch(/^calybris_errors_total\{code="client_gone"\} 1$/m);
  });
});

test.each([["GET", true] as const, ["POST", true] as const, ["POST", false] as const])(
  "a handler that waits learns that its client closed, by %s (streams: %s), and may still answer",
  async (method, streams) => {
    const asked = deferred();
    const aborted = deferred();
    const handle = async ({ signal }: Call): Promise<{ readonly body: string }> => {
      signal.addEventListener("abort", aborted.resolve);
      asked.resolve();
      await aborted.promise;
      return { body: "still there" };
    };
    const body = { schema: decisionShape, checkedBy: "handler", reader: "json", membersMax: 10 } as const;
    const contract: Partial<RouteContract> = method === "POST" ? { method, body } : { method };
    const { streams: _streams, ...plain } = route(handle, contract).contract;
    const own = { contract: streams ? { ...plain, streams } : plain, handle } as Route;
    await withRoutes([own], async (running) => {
      const request =
        method === "GET"
          ? GET
          : `POST /own HTTP/1.1\r\n${HEAD}content-type: application/json\r\ncontent-length: 2\r\n\r\n{}`;
      const answer = await speak(running.url, [request], { isHalfClosed: true, quietMs: 2_000 });
      await asked.promise;
      expect(answer.text).toMatch(/^HTTP\/1\.1 200 OK[\s\S]*still there$/);
      expect(answer.closed).toBe(true);
    });
  },
);

test("an answer is made no faster than its client takes it", async () => {
  let made = 0;
  async function* pieces(): AsyncGenerator<Buffer> {
    const piece = Buffer.alloc(64 * 1024, "x");
    for (made = 0; made < 4_000; made += 1) yield piece;
  }
  await withRoutes([route(() => ({ body: pieces() }))], async (own) => {
    const socket = connect(Number(new URL(own.url).port), "127.0.0.1");
    socket.pause();
    socket.write(GET);
    let before = -1;
    await expect
      .poll(() => {
        const isStill = made > 0 && made === before;
        before = made;
        return isStill;
      })
      .toBe(true);
    // The system holds some megabytes for a client that does not read; the service itself only a few pieces.
    expect(made).toBeLessThan(400);
    const held = counted(await own.client().metrics(), "calybris_http_answer_bytes");
    expect(held).toBeLessThan(512 * 1024);
    socket.destroy();
  });
});

test("pieces that fail before the first are an error of the table; later, the connection breaks off", async () => {
  const failing = (count: number) =>
    async function* pieces(): AsyncGenerator<Buffer> {
      for (let index = 0; index < count; index += 1) yield Buffer.from("piece");
      throw new EngineError("CAL_JOURNAL_ENTRY_UNKNOWN", { sequence: 7 });
    };
  const routes = [0, 1].map((count) =>
    route(() => ({ body: failing(count)(), contentType: "text/plain" }), {
      path: `/own/${count}`,
      name: `own${count}`,
    }),
  );
  await withRoutes(routes, async (own) => {
    const first = await fetch(`${own.url}/own/0`);
    expect([first.status, await first.json()]).toMatchObject([404, { error: { code: "CAL_JOURNAL_ENTRY_UNKNOWN" } }]);
    const later = await fetch(`${own.url}/own/1`);
    expect(later.status).toBe(200);
    await expect(later.text()).rejects.toThrow();
    await expect.poll(async () => counted(await own.client().metrics(), "calybris_http_open")).toBe(1);
  });
});

test("pieces of a route whose contract does not stream are a bug, and an answer all the same", async () => {
  const { streams: _streams, ...contract } = route(() => undefined).contract;
  const handle: Handler = () => ({ body: [Buffer.from("piece")] });
  await withRoutes(
    [
      { contract, handle },
      { ...laterRoute().route, handle },
    ],
    async (own) => {
      for (const request of [GET, LATER]) {
        const answer = await speak(own.url, [request], { quietMs: 300 });
        expect([answer.status, /CAL_GATEWAY_BUG/.test(answer.text)]).toEqual([500, true]);
      }
    },
  );
});

test("HEAD takes nothing from an answer in pieces", async () => {
  let made = 0;
  function* pieces(): Generator<Buffer> {
    for (; made < 100; made += 1) yield Buffer.alloc(100_000);
  }
  await withRoutes([route(() => ({ body: pieces() }))], async (own) => {
    expect((await fetch(`${own.url}/own`, { method: "HEAD" })).status).toBe(200);
    expect(made).toBe(0);
  });
});

test.each([[undefined], [true as const]])(
  "a handler that answers later answers once, whichever path it takes (streams: %s)",
  async (streams) => {
    const waiting: Responder[] = [];
    const body = { schema: decisionShape, checkedBy: "handler", reader: "json", membersMax: 10 } as const;
    const base = route((_call, responder) => {
      waiting.push(responder);
      return undefined;
    });
    const { streams: _streams, ...contract } = base.contract;
    const later = {
      ...base,
      contract: { ...contract, method: "POST", body, ...(streams === undefined ? {} : { streams }) },
    } as Route;
    await withRoutes([later], async (own) => {
      const ask = (): Promise<Response> =>
        fetch(`${own.url}/own`, { method: "POST", headers: { "content-type": "application/json" }, body: "{}" });
      const [first, second] = [ask(), ask()];
      await expect.poll(() => waiting.length).toBe(2);
      for (const responder of waiting) {
        responder.reply({ body: Buffer.from("bytes"), contentType: "text/plain" });
        responder.refuse(new Error("too late"));
        responder.reply({ body: "again" });
      }
      expect([await (await first).text(), await (await second).text()]).toEqual(["bytes", "bytes"]);
      const gone = new AbortController();
      const third = fetch(`${own.url}/own`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: "{}",
        signal: gone.signal,
      });
      await expect.poll(() => waiting.length).toBe(3);
      gone.abort();
      await expect(third).rejects.toThrow();
      // A client that has gone looks like one that has only closed its side, so the handler still answers.
      waiting[2]?.reply({ body: "nobody is there" });
      await expect.poll(async () => counted(await own.client().metrics(), "calybris_http_open")).toBe(1);
    });
  },
);

/** A route that answers on request, and the responders that wait. */
function laterRoute(): { readonly route: Route; readonly waiting: Responder[] } {
  const waiting: Responder[] = [];
  const body = { schema: decisionShape, checkedBy: "handler", reader: "json", membersMax: 10 } as const;
  const { streams: _streams, ...contract } = route(() => undefined).contract;
  const handle: Handler = (_call, responder) => {
    waiting.push(responder);
    return undefined;
  };
  return { route: { contract: { ...contract, method: "POST", body }, handle }, waiting };
}

const LATER = `POST /own HTTP/1.1\r\n${HEAD}content-type: application/json\r\ncontent-length: 2\r\n\r\n{}`;

test("a second answer to one request is never taken for the answer to the next on its connection", async () => {
  const { route: own, waiting } = laterRoute();
  await withRoutes([own], async (running) => {
    const talking = speak(running.url, [LATER + LATER], { quietMs: 600 });
    await expect.poll(() => waiting.length).toBe(1);
    waiting[0]?.reply({ body: "first" });
    await expect.poll(() => waiting.length).toBe(2);
    waiting[0]?.reply({ body: "stolen" });
    waiting[0]?.refuse(new Error("stolen"));
    waiting[1]?.reply({ body: "second" });
    const { text } = await talking;
    expect(text).toMatch(/first[\s\S]*second$/);
    expect(text).not.toContain("stolen");
  });
});

test("while the service stops, each answer is the last of its connection", async () => {
  const { route: own, waiting } = laterRoute();
  const running = await startService({ keyed: false, moreRoutes: [own] });
  const talking = [0, 1].map(() => speak(running.url, [LATER], { quietMs: 2_000 }));
  await expect.poll(() => waiting.length).toBe(2);
  const stopped = running.end();
  waiting[0]?.reply({ body: "first" });
  const first = await talking[0];
  // The other one still waits, so the service has not stopped.
  expect(first?.text).toMatch(/\r\nconnection: close\r\n[\s\S]*first$/i);
  expect(first?.closed).toBe(true);
  waiting[1]?.reply({ body: "second" });
  expect((await talking[1])?.text).toMatch(/second$/);
  await stopped;
});

test("a route renders its errors in its own dialect", async () => {
  const dialect: RouteContract["dialect"] = ({ code, status }) => ({
    status: status + 22,
    text: `<${code}>`,
    contentType: "text/x-own",
    headers: ["x-own", "yes"],
  });
  const failing = route(
    () => {
      throw new EngineError("CAL_JOURNAL_ENTRY_UNKNOWN", { sequence: 7 });
    },
    { dialect },
  );
  await withRoutes([failing], async (own) => {
    const answer = await fetch(`${own.url}/own`);
    expect([answer.status, answer.headers.get("x-own"), await answer.text()]).toEqual([
      426,
      "yes",
      "<CAL_JOURNAL_ENTRY_UNKNOWN>",
    ]);
    expect(answer.headers.get("content-type")).toBe("text/x-own");
    const query = await fetch(`${own.url}/own?x=1`);
    expect([query.status, await query.text()]).toEqual([422, "<CAL_GATEWAY_REQUEST_INVALID>"]);
  });
});
