import { expect, test } from "vitest";
import { HELD_BYTES_MAX, UpstreamExchange } from "../../src/providers/upstream-exchange.ts";
import { UpstreamFailure } from "../../src/providers/upstream-failure.ts";

const HEAD = [Buffer.from("X-A"), Buffer.from("caf\xe9", "latin1")];

/** An exchange whose head has come, and the calls of undici. */
function begun(): { readonly exchange: UpstreamExchange; readonly calls: string[] } {
  const calls: string[] = [];
  const exchange = new UpstreamExchange();
  exchange.onConnect((error) => calls.push(`abort ${(error as UpstreamFailure).kind}`));
  exchange.onHeaders(200, HEAD, () => calls.push("resume"));
  return { exchange, calls };
}

test("a request that ended while it waited for its connection is not sent", async () => {
  const exchange = new UpstreamExchange();
  const failure = new UpstreamFailure("left", exchange.isSent);
  exchange.fail(failure);
  await expect(exchange.head).rejects.toBe(failure);
  const aborted: unknown[] = [];
  exchange.onConnect((error) => aborted.push(error));
  expect([aborted, failure.isSent, exchange.isSent]).toEqual([[failure], false, false]);
});

test("an interim answer is not the answer, and headers are the provider's bytes", async () => {
  const { exchange } = begun();
  expect(await exchange.head).toEqual({ status: 200, headers: ["X-A", "caf\xe9"] });
  const other = new UpstreamExchange();
  other.onConnect(() => undefined);
  expect(other.onHeaders(103, HEAD, () => undefined)).toBe(true);
  other.onHeaders(404, [], () => undefined);
  expect((await other.head).status).toBe(404);
});

test("the provider waits while as much is held as may be, and goes on when it was taken", async () => {
  const { exchange, calls } = begun();
  const half = Buffer.alloc(HELD_BYTES_MAX / 2, "x");
  expect([exchange.onData(half), exchange.onData(half), calls]).toEqual([true, false, []]);
  expect(exchange.heldBytes).toBe(HELD_BYTES_MAX);
  expect(await exchange.next()).toEqual({ done: false, value: Buffer.concat([half, half]) });
  expect([calls, exchange.heldBytes]).toEqual([["resume"], 0]);
  exchange.onData(half);
  exchange.onComplete();
  expect([await exchange.next(), await exchange.next()]).toEqual([
    { done: false, value: half },
    { done: true, value: undefined },
  ]);
  expect(calls).toEqual(["resume"]);
});

test("chunks of one packet are one piece, also for who waits, and those of the next are another", async () => {
  const { exchange } = begun();
  const waiting = exchange.next();
  for (const text of ["a", "b", "c"]) exchange.onData(Buffer.from(text));
  expect(await waiting).toEqual({ done: false, value: Buffer.from("abc") });
  exchange.onData(Buffer.from("d"));
  expect(await exchange.next()).toEqual({ done: false, value: Buffer.from("d") });
});

test("who waits for a piece learns why none comes, and pieces that came before are taken first", async () => {
  const { exchange } = begun();
  const waiting = exchange.next();
  exchange.onError(Object.assign(new Error("x"), { code: "ECONNRESET" }));
  await expect(waiting).rejects.toMatchObject({ kind: "reset", isSent: true });
  const other = begun().exchange;
  other.onData(Buffer.from("a"));
  other.onError(new Error("x"));
  expect(await other.next()).toMatchObject({ done: false });
  await expect(other.next()).rejects.toBeInstanceOf(UpstreamFailure);
});

test("an answer that is dropped before its end closes the connection; one that came to its end does not", () => {
  const { exchange, calls } = begun();
  exchange.onData(Buffer.from("a"));
  exchange.drop();
  expect([calls, exchange.heldBytes]).toEqual([["abort reset"], 0]);
  const other = begun();
  other.exchange.onComplete();
  other.exchange.drop();
  expect(other.calls).toEqual([]);
});
