import { EngineError } from "@calybris/engine";
import { connect } from "node:net";
import { expect, test } from "vitest";
import type { Call, Reply, Route } from "../../src/http/route-contract.ts";
import { speak } from "../support/raw-socket.ts";
import { type Running, startService } from "../support/running-service.ts";

/** A POST whose answer comes in pieces: it takes the fast path. */
function route(handle: (call: Call) => Reply, path = "/own"): Route {
  return {
    contract: {
      ...{ method: "POST", path, name: path, summary: "Own", scopes: [], answer: "text/plain" },
      ...{ streams: true, rawBody: { bytesMax: 1_024 } },
    },
    handle,
  };
}

const ask = (path = "/own"): string => `POST ${path} HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-length: 2\r\n\r\n{}`;

async function withRoutes(moreRoutes: readonly Route[], body: (own: Running) => Promise<void>): Promise<void> {
  const own = await startService({ keyed: false, moreRoutes });
  try {
    await body(own);
  } finally {
    await own.end();
  }
}

async function counted(own: Running, name: string): Promise<number> {
  const line = (await own.client().metrics()).split("\n").find((one) => one.startsWith(`${name} `));
  return Number(line?.slice(name.length + 1) ?? Number.NaN);
}

test("pieces leave as they are made, whatever their length, and the connection carries the next request", async () => {
  const next = Promise.withResolvers<void>();
  const large = Buffer.alloc(100_000, "x");
  async function* pieces(): AsyncGenerator<Buffer> {
    yield Buffer.from("one,");
    yield Buffer.alloc(0);
    await next.promise;
    yield large;
  }
  await withRoutes([route(() => ({ body: pieces(), contentType: "text/plain" }))], async (own) => {
    const response = await fetch(`${own.url}/own`, { method: "POST", body: "{}" });
    expect(response.headers.get("cache-control")).toBe("no-store");
    const reader = (response.body as ReadableStream<Uint8Array>).getReader();
    expect(Buffer.from((await reader.read()).value ?? []).toString()).toBe("one,");
    next.resolve();
    let bytes = 0;
    for (let read = await reader.read(); read.done === false; read = await reader.read())
      bytes += read.value.byteLength;
    expect(bytes).toBe(large.byteLength);
    const both = await speak(own.url, [ask() + ask()], { quietMs: 500 });
    expect([both.text.match(/HTTP\/1\.1 200/g)?.length, both.text.match(/\r\n0\r\n\r\n/g)?.length]).toEqual([2, 2]);
    expect(both.text.endsWith("0\r\n\r\n")).toBe(true);
  });
});

test("pieces that fail before the first are an error of the table; later, the connection breaks off", async () => {
  const failing = (count: number) =>
    async function* pieces(): AsyncGenerator<Buffer> {
      for (let index = 0; index < count; index += 1) yield Buffer.from("piece");
      throw new EngineError("CAL_JOURNAL_ENTRY_UNKNOWN", { sequence: 7 });
    };
  const routes = [0, 1].map((count) => route(() => ({ body: failing(count)() }), `/own/${count}`));
  await withRoutes(routes, async (own) => {
    const first = await speak(own.url, [ask("/own/0") + ask("/own/0")], { quietMs: 500 });
    expect(first.text.match(/HTTP\/1\.1 404[\s\S]*?CAL_JOURNAL_ENTRY_UNKNOWN/g)).toHaveLength(2);
    expect(first.closed).toBe(false);
    const later = await speak(own.url, [ask("/own/1")], { quietMs: 500 });
    expect([later.closed, later.text.endsWith("5\r\npiece\r\n")]).toEqual([true, true]);
    await expect.poll(() => counted(own, "calybris_http_open")).toBe(1);
  });
});

test("a client that leaves ends the answer: its pieces are returned, and the handler's signal aborts", async () => {
  const returned = Promise.withResolvers<void>();
  const aborted = Promise.withResolvers<void>();
  async function* pieces(): AsyncGenerator<Buffer> {
    try {
      for (;;) {
        yield Buffer.from("tick\n");
        await new Promise((resolve) => setTimeout(resolve, 1));
      }
    } finally {
      returned.resolve();
    }
  }
  const handle = ({ signal }: Call): Reply => {
    signal.addEventListener("abort", () => aborted.resolve());
    return { body: pieces() };
  };
  await withRoutes([route(handle)], async (own) => {
    const controller = new AbortController();
    const response = await fetch(`${own.url}/own`, { method: "POST", body: "{}", signal: controller.signal });
    await response.body?.getReader().read();
    controller.abort();
    await Promise.all([returned.promise, aborted.promise]);
    await expect.poll(() => counted(own, "calybris_http_open")).toBe(1);
    expect(await counted(own, 'calybris_errors_total{code="client_gone"}')).toBe(1);
    expect(await counted(own, "calybris_http_answer_bytes")).toBeLessThan(4_096);
  });
});

test("an answer is made no faster than its client takes it, and three pieces wait at most", async () => {
  let made = 0;
  async function* pieces(): AsyncGenerator<Buffer> {
    const piece = Buffer.alloc(64 * 1024, "x");
    for (made = 0; made < 4_000; made += 1) yield piece;
  }
  await withRoutes([route(() => ({ body: pieces() }))], async (own) => {
    const socket = connect(Number(new URL(own.url).port), "127.0.0.1");
    socket.pause();
    socket.write(ask());
    let before = -1;
    await expect
      .poll(() => {
        const isStill = made > 0 && made === before;
        before = made;
        return isStill;
      })
      .toBe(true);
    // The system holds some megabytes for a client that does not read.
    expect(made).toBeLessThan(400);
    expect(await counted(own, "calybris_http_answer_bytes")).toBeLessThan(3 * 64 * 1024);
    socket.destroy();
  });
});
