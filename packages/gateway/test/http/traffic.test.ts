import { connect, type Socket } from "node:net";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { AnswerQueue } from "../../src/http/answer-queue.ts";
import { GatheredBody } from "../../src/http/request-body.ts";
import { TrafficBudget } from "../../src/http/traffic-budget.ts";
import { leastThreadMs } from "../../../../test/thread-time.ts";
import { speak } from "../support/raw-socket.ts";
import { codeOf, post, type Running, type StartOptions, startService } from "../support/running-service.ts";

const DOCS = "GET /openapi.json HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n";

async function withService(options: StartOptions, body: (own: Running) => Promise<void>): Promise<void> {
  const own = await startService(options);
  try {
    await body(own);
  } finally {
    await own.end();
  }
}

/** A client that sends and never reads. */
function unread(own: Running, text: string): Socket {
  const socket = connect(Number(new URL(own.url).port), "127.0.0.1");
  socket.pause();
  socket.on("error", () => undefined);
  socket.write(text);
  return socket;
}

async function metric(own: Running, name: string): Promise<number> {
  const text = await own.client({ key: own.keys.audit }).metrics();
  return Number(
    text
      .split("\n")
      .find((line) => line.startsWith(`${name} `))
      ?.slice(name.length + 1) ?? 0,
  );
}

const OPEN = "calybris_http_open";
const ANSWERS = "calybris_http_answer_bytes";
const BODIES = "calybris_http_body_bytes";
const SLOW = 'calybris_errors_total{code="client_slow"}';

describe("a client that pipelines and never reads", () => {
  test("holds one request and one answer in memory, however much it sent", async () => {
    // On a slow machine they are not cut off before all of them are stuck.
    await withService({ flags: { "limits-answer-ms": "300000" } }, async (own) => {
      const docsBytes = (await (await fetch(`${own.url}/openapi.json`)).arrayBuffer()).byteLength;
      const sockets = Array.from({ length: 20 }, () => unread(own, DOCS.repeat(1_500)));
      // Each is stuck once the system holds no more for it.
      await expect.poll(() => metric(own, OPEN), { timeout: 60_000 }).toBe(sockets.length + 1);
      expect(await metric(own, ANSWERS)).toBeLessThanOrEqual(sockets.length * (docsBytes + 1_024));
      for (const socket of sockets) socket.destroy();
      await expect.poll(() => metric(own, OPEN)).toBe(1);
      expect(await metric(own, ANSWERS)).toBe(0);
    });
  });

  test("is cut off, and its place given to another", async () => {
    const flags = { "limits-answer-ms": "200", "limits-connections-max": "3" };
    await withService({ flags }, async (own) => {
      const sockets = [unread(own, DOCS.repeat(1_500)), unread(own, DOCS.repeat(1_500))];
      await expect.poll(() => metric(own, SLOW), { timeout: 60_000 }).toBe(2);
      for (const socket of sockets) {
        socket.resume();
        await new Promise<void>((resolve) => socket.once("close", () => resolve()));
      }
      expect((await post(own, "/v1/decisions", '{"inputTokens":1}')).status).toBe(200);
    });
  });

  test("does not take the memory of others: beyond the bound of all answers, requests are refused", async () => {
    await withService({ flags: { "limits-answers-bytes-max": "65536" } }, async (own) => {
      const sockets = Array.from({ length: 3 }, () => unread(own, DOCS.repeat(1_500)));
      const refused = (): Promise<number> =>
        fetch(`${own.url}/health`).then(
          async (answer) => {
            if (answer.status === 429) expect(codeOf(await answer.json())).toBe("CAL_GATEWAY_OVERLOADED");
            return answer.status;
          },
          () => 0,
        );
      await expect.poll(refused, { timeout: 60_000 }).toBe(429);
      for (const socket of sockets) socket.destroy();
      await expect.poll(refused).toBe(200);
    });
  });
});

test("whatever is written and taken, the queue is late exactly while a byte waits longer than allowed", () => {
  const ANSWER_MS = 100;
  const step = fc.oneof(
    fc.record({ kind: fc.constant("write" as const), bytes: fc.integer({ min: 1, max: 20 }) }),
    fc.record({ kind: fc.constant("take" as const), count: fc.integer({ min: 1, max: 3 }) }),
    {
      weight: 4,
      arbitrary: fc.record({ kind: fc.constant("wait" as const), milliseconds: fc.integer({ min: 1, max: 90 }) }),
    },
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60, size: "max" }), (steps) => {
      // A socket that accepts data on request.
      const waiting: { readonly taken: () => void; readonly bytes: number; readonly atMs: number }[] = [];
      let nowMs = 0;
      const socket = {
        write: (data: string, _encoding: string, taken: () => void) =>
          waiting.push({ taken, bytes: data.length, atMs: nowMs }),
      };
      const budget = new TrafficBudget({ bodiesBytesMax: 1, answersBytesMax: 1 });
      const queue = new AnswerQueue(socket as unknown as Socket, budget, ANSWER_MS);
      for (const each of steps) {
        if (each.kind === "write") queue.write("x".repeat(each.bytes), "latin1", each.bytes, () => undefined);
        else if (each.kind === "take") for (const { taken } of waiting.splice(0, each.count)) taken();
        else nowMs += each.milliseconds;
        const bytes = waiting.reduce((sum, entry) => sum + entry.bytes, 0);
        expect([queue.bytes, budget.answersBytes]).toEqual([bytes, bytes]);
        const oldestMs = nowMs - (waiting[0]?.atMs ?? nowMs);
        const isLate = queue.isLate(nowMs);
        // Looked at every step: late not before the time allowed, and at the latest one more after it.
        if (oldestMs > 2 * ANSWER_MS + 180) expect(isLate).toBe(true);
        if (!isLate) continue;
        expect(oldestMs).toBeGreaterThan(ANSWER_MS);
        return;
      }
    }),
  );
});

describe("bodies in flight", () => {
  const body = '{"inputTokens":1}'.padEnd(6_000);
  const head = (own: Running): string =>
    `POST /v1/decisions HTTP/1.1\r\nhost: 127.0.0.1\r\nauthorization: Bearer ${own.keys.decide}\r\ncontent-type: application/json\r\n`;
  const flags = { "limits-body-bytes-max": "8192", "limits-bodies-bytes-max": "16384" };

  test.each([
    ["the fast path", true, (own: Running) => `${head(own)}content-length: 6000\r\n\r\n`],
    ["Fastify", false, (own: Running) => `${head(own)}content-length: 6000\r\n\r\n`],
    [
      "Fastify, in chunks",
      true,
      (own: Running) => `${head(own)}transfer-encoding: chunked\r\n\r\n1770\r\n${body.slice(1)}`,
    ],
  ])("are bounded over all connections, through %s", async (_way, fastPath, start) => {
    await withService({ flags, fastPath }, async (own) => {
      const sockets = [unread(own, start(own)), unread(own, start(own))];
      await expect.poll(() => metric(own, BODIES)).toBeGreaterThan(11_000);
      const refused = await post(own, "/v1/decisions", body);
      expect([refused.status, codeOf(refused.body)]).toEqual([429, "CAL_GATEWAY_OVERLOADED"]);
      expect(refused.headers.get("retry-after")).toBe("1");
      for (const socket of sockets) socket.destroy();
      await expect.poll(() => metric(own, BODIES)).toBe(0);
      expect((await post(own, "/v1/decisions", body)).status).toBe(200);
      expect(await metric(own, BODIES)).toBe(0);
    });
  });

  test("that nobody may send are not read", async () => {
    await withService({ flags }, async (own) => {
      const sockets = Array.from({ length: 4 }, () =>
        unread(
          own,
          `POST /v1/decisions HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 6000\r\n\r\n`,
        ),
      );
      await expect.poll(() => metric(own, 'calybris_errors_total{code="CAL_GATEWAY_KEY_REQUIRED"}')).toBe(4);
      expect(await metric(own, BODIES)).toBe(0);
      for (const socket of sockets) socket.destroy();
    });
  });
});

describe("a body", () => {
  test("is the same however it is cut", () => {
    const cuts = fc.array(fc.integer({ min: 0, max: 9_000 }), { maxLength: 40 });
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 9_000 }), cuts, fc.boolean(), (bytes, places, isDeclared) => {
        const gathered = new GatheredBody(isDeclared ? bytes.byteLength : undefined);
        const at = [0, ...places.filter((place) => place < bytes.byteLength).sort((a, b) => a - b), bytes.byteLength];
        for (const [index, end] of at.slice(1).entries()) gathered.add(Buffer.from(bytes.slice(at[index], end)));
        expect(gathered.whole().equals(bytes)).toBe(true);
      }),
    );
  });

  test.each([[1], [7], [16 * 1024]])(
    "of 2 MiB in pieces of %i bytes costs its length and at most 1 MiB",
    async (pieceBytes) => {
      setFlagsFromString("--expose-gc");
      const collect = runInNewContext("gc") as () => void;
      const wholeBytes = 2 * 2 ** 20;
      const gathered = new GatheredBody(undefined);
      collect();
      const before = process.memoryUsage().arrayBuffers;
      // Node hands out parts of the buffer that it read into.
      for (let from = 0; from < wholeBytes; from += 64 * 1024) {
        const read = Buffer.alloc(64 * 1024, from);
        for (let at = 0; at < read.byteLength; at += pieceBytes) gathered.add(read.subarray(at, at + pieceBytes));
      }
      // What is freed is given back in the background.
      const heldBytes = (): number => {
        collect();
        return process.memoryUsage().arrayBuffers - before;
      };
      await expect.poll(heldBytes).toBeLessThanOrEqual(wholeBytes + 2 ** 20);
      const whole = gathered.whole();
      expect([whole.byteLength, whole[64 * 1024], whole.at(-1)]).toEqual([wholeBytes, 0, 0]);
      await expect.poll(heldBytes).toBeLessThanOrEqual(wholeBytes + 2 ** 20);
    },
  );

  // Node calls back for each chunk: 2 MiB of them one by one are 2,097,152 calls of the thread that decides.
  test.each([
    [4_000, 200],
    [100_000, 400],
    [2 * 2 ** 20, 400],
  ])(
    "of %i chunks of one byte is answered with %i and takes less than 50 ms of the thread that decides",
    async (count, status) => {
      await withService({}, async (own) => {
        const chunks = Buffer.alloc(6 * count, "1\r\n \r\n");
        for (const [at, byte] of Buffer.from('{"inputTokens":1}').entries()) chunks[6 * at + 3] = byte;
        const head = `POST /v1/decisions HTTP/1.1\r\nhost: 127.0.0.1\r\nauthorization: Bearer ${own.keys.decide}\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n`;
        const leastMs = await leastThreadMs(50, 6, async () => {
          const answer = await speak(own.url, [head, chunks, "0\r\n\r\n"]);
          expect([answer.status, answer.closed]).toEqual([status, status !== 200]);
        });
        expect(leastMs).toBeLessThan(50);
      });
    },
  );
});
