import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { snapshotDigest } from "@calybris/kernel";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { policyCheckCall, policySetCall, settleCall } from "../../src/decisions/call-shapes.ts";
import type { PolicyBody } from "../../src/decisions/policy-body.ts";
import { BodyReader } from "../../src/http/body-reader.ts";
import { BodyWorker } from "../../src/http/body-worker.ts";
import type { BodyRule } from "../../src/http/route-contract.ts";
import { LOCAL, type Principal } from "../../src/keys/keyring.ts";
import { leastThreadMs } from "../../../../test/thread-time.ts";
import { PostingThread } from "../support/posting-thread.ts";
import { CATALOG, codeOf, POLICY, post, type Running, startService, testPolicy } from "../support/running-service.ts";

const BODY_BYTES_MAX = 2 * 2 ** 20;
const LIMITS = { depthMax: 16, candidatesMax: 4 };
const JSON_RULE: BodyRule = { schema: settleCall, checkedBy: "schema", reader: "json", membersMax: 300 };
const SET: BodyRule = { schema: policySetCall, checkedBy: "handler", reader: "policy", membersMax: 1 };
const CHECK: BodyRule = { ...SET, schema: policyCheckCall };

let worker: BodyWorker;
let reader: BodyReader;
beforeAll(() => {
  worker = new BodyWorker(BODY_BYTES_MAX);
  reader = new BodyReader(LIMITS, worker);
});
afterAll(() => worker.close());

/** What reading comes to: a value, or the code and details of an error. */
async function outcome(rule: BodyRule, text: string): Promise<unknown> {
  try {
    return { value: await reader.read(rule, Buffer.from(text), LOCAL) };
  } catch (error) {
    const { code, details } = error as { readonly code: string; readonly details: object };
    return { code, details };
  }
}

describe("a body that is read by the thread", () => {
  test.each([
    ['{"a":1}'],
    ['{"a":"\\u0061é😀","b":[1,2,{"c":null}],"__proto__":{"x":1}}'],
    ['{"a":9007199254740993,"b":-9223372036854775808,"c":1.5,"d":-0}'],
    ['{"a":1,"a":2}'],
    ['{"a":1,}'],
    ["[".repeat(20)],
    [`[${"1,".repeat(400)}1]`],
    [`{"a":"${"x".repeat(5_000)}"}`],
  ])("comes to the same as one that is read at once: %s", async (text) => {
    const short = await outcome(JSON_RULE, text);
    // White space makes it long enough for the thread.
    const long = await outcome(JSON_RULE, text + " ".repeat(70_000));
    expect(long).toEqual(short);
  });

  test("keeps its own bytes to itself: the buffers of others stay as they are", async () => {
    const shared = Buffer.alloc(200_000, " ");
    shared.write('{"a":1}');
    expect(await reader.read(JSON_RULE, shared.subarray(0, 100_000), LOCAL)).toEqual({ a: 1 });
    expect(shared.byteLength).toBe(200_000);
    const empty = Buffer.alloc(0);
    await expect(reader.read(CHECK, empty, LOCAL)).rejects.toMatchObject({ code: "CAL_GATEWAY_BODY_MALFORMED" });
    await expect(reader.read(CHECK, empty, LOCAL)).rejects.toMatchObject({ code: "CAL_GATEWAY_BODY_MALFORMED" });
  });
});

describe("a policy", () => {
  test("arrives as it was read, exactly", async () => {
    const body = (await reader.read(
      SET,
      Buffer.from(JSON.stringify({ policy: POLICY, by: "ada" })),
      LOCAL,
    )) as PolicyBody;
    expect(body.activation?.snapshot).toEqual(testPolicy());
    expect(Buffer.from(snapshotDigest(testPolicy())).toString("hex")).toBe(body.snapshotDigest);
    expect(body).toMatchObject({ name: POLICY.name, candidateCount: 3, activation: { claim: { by: "ada" } } });
  });

  test.each([
    ["a field that only the other operation has", CHECK, { policy: POLICY, by: "ada" }, "CAL_GATEWAY_REQUEST_INVALID"],
    ["no policy", CHECK, {}, "CAL_GATEWAY_REQUEST_INVALID"],
    ["a claim of nobody", SET, { policy: POLICY, onBehalfOf: " " }, "CAL_GATEWAY_REQUEST_INVALID"],
    ["a name of nobody", SET, { policy: POLICY, by: "a\nb" }, "CAL_GATEWAY_REQUEST_INVALID"],
    ["a file of this machine", SET, { policy: { ...POLICY, catalog: "./x.json" }, by: "ada" }, "CAL_POLICY_INVALID"],
    ["a mistake", CHECK, { policy: { ...POLICY, nmae: 1 } }, "CAL_POLICY_INVALID"],
    [
      "more candidates than may be set",
      CHECK,
      {
        policy: {
          ...POLICY,
          catalog: {
            ...CATALOG,
            candidates: [4, 5].flatMap((id) => [
              ...(id === 4 ? (CATALOG["candidates"] as object[]) : []),
              { ...(CATALOG["candidates"] as object[])[0], id, name: `c${id}` },
            ]),
          },
        },
      },
      "CAL_GATEWAY_REQUEST_INVALID",
    ],
  ])("with %s is refused", async (_what, rule, body, code) => {
    await expect(reader.read(rule, Buffer.from(JSON.stringify(body)), LOCAL)).rejects.toMatchObject({ code });
  });
});

/** A thread that takes every task and finishes none: how long reading takes does not depend on the machine. */
const NEVER_ANSWERS = new URL(
  `data:text/javascript,${encodeURIComponent(
    'import { parentPort } from "node:worker_threads"; parentPort.on("message", () => { for (;;); }); parentPort.postMessage({ isReady: true });',
  )}`,
);

test("what takes too long is given up with its thread, and what waits behind it is read by a new one", async () => {
  const impatient = new BodyWorker(BODY_BYTES_MAX, { taskMs: 20, program: NEVER_ANSWERS });
  const own = new BodyReader(LIMITS, impatient);
  try {
    const long = Buffer.from(JSON.stringify({ policy: POLICY }));
    await expect(own.read(CHECK, long, LOCAL)).rejects.toMatchObject({
      code: "CAL_GATEWAY_BODY_TOO_COSTLY",
      status: 400,
    });
    await expect(own.read(CHECK, long, LOCAL)).rejects.toMatchObject({ code: "CAL_GATEWAY_BODY_TOO_COSTLY" });
  } finally {
    await impatient.close();
  }
});

test("what takes too much memory is given up with its thread, and what follows is read by a new one", async () => {
  // The young generation of the tests' own processes is larger than what the thread is given in all, which V8 cannot honour.
  const { stdout } = await promisify(execFile)(process.execPath, [
    fileURLToPath(new URL("../support/narrow-body-worker.ts", import.meta.url)),
  ]);
  expect(JSON.parse(stdout)).toEqual([
    { code: "CAL_GATEWAY_BODY_TOO_COSTLY", details: { problem: "it takes too much memory" } },
    { value: { a: 1 } },
  ]);
});

test("keys take turns, and what waits at the end is refused", async () => {
  const own = new BodyWorker(BODY_BYTES_MAX);
  const slow = new BodyReader(LIMITS, own);
  const keys = ["a", "b"].map((name): Principal => ({ ...LOCAL, name }));
  const order: string[] = [];
  const ask = async (key: Principal | undefined, text: string): Promise<void> => {
    await Promise.resolve(slow.read(CHECK, Buffer.from(text), key ?? LOCAL)).catch(() => undefined);
    order.push(key?.name ?? "");
  };
  await Promise.all([...Array.from({ length: 6 }, () => ask(keys[0], "{}")), ask(keys[1], "{}"), ask(keys[1], "{}")]);
  expect(order.join("")).toBe("ababaaaa");
  const waiting = slow.read(CHECK, Buffer.from("{}"), LOCAL) as Promise<unknown>;
  const ends = expect(waiting).rejects.toMatchObject({ code: "CAL_GATEWAY_STOPPING" });
  await own.close();
  await ends;
});

describe("a hostile body", () => {
  let running: Running;
  const client = new PostingThread();
  beforeAll(async () => {
    running = await startService();
  });
  afterAll(async () => {
    await client.close();
    await running.end();
  });

  const many = (count: number, item: (index: number) => string): string =>
    Array.from({ length: count }, (_, index) => item(index)).join(",");
  const requests = (count: number, members: number, key: (index: number) => string): string =>
    `{"requests":[${many(count, () => `{${many(members, (index) => `"${key(index)}":1`)}}`)}]}`;
  const MAX = 2 * 2 ** 20 - 64;
  const THREAD_MS_MAX = 50;
  const DECIDE = "/v1/decisions";
  const BATCH = "/v1/decisions:batch";
  const CASES: readonly (readonly [string, string, string])[] = [
    ["a batch with unknown short keys", BATCH, requests(700, 290, (index) => index.toString(16))],
    ["a batch with keys that are nearly known", BATCH, requests(1_000, 100, (index) => `inputTokenz${index}`)],
    ["a batch with long unknown keys", BATCH, requests(100, 290, (index) => `${"qualityMinBps".repeat(4)}${index}`)],
    [
      "a batch with unknown names",
      BATCH,
      `{"requests":[${many(600, () => `{"inputTokens":1,"capabilities":[${many(250, (index) => `"toolz${index}"`)}]}`)}]}`,
    ],
    ["a batch of right requests", BATCH, `{"requests":[${many(400, () => '{"inputTokens":1}')}]}`],
    ["one long key", DECIDE, `{"${"a".repeat(MAX)}":1}`],
    ["one long text", DECIDE, `{"inputTokens":1,"useCase":"${"a".repeat(MAX - 40)}"}`],
    ["many short texts behind an escape", DECIDE, `{"capabilities":["\\u0061"${',"a"'.repeat(400_000)}]}`],
    ["many keys behind an escape", DECIDE, `{"\\u0061":1,${many(150_000, (index) => `"${index.toString(16)}":1`)}}`],
    ["many numbers in a deep list", DECIDE, `${'{"a":'.repeat(14)}[${"0,".repeat(900_000)}0]${"}".repeat(14)}`],
    ["nothing but space", DECIDE, `{"inputTokens":1${" ".repeat(MAX - 40)}}`],
    ["a comment", DECIDE, `/*${"*".repeat(MAX - 40)}*/{"inputTokens":1}`],
    ["commas", DECIDE, `{"a":1${",".repeat(MAX - 40)}}`],
    ["signals", "/v1/outcomes", `{"decisionId":"2-00000000","signals":[${'"a",'.repeat(400_000)}"a"]}`],
    ["unknown keys of a settlement", "/v1/settlements", `{${many(180_000, (index) => `"${index.toString(16)}":1`)}}`],
    [
      "a policy of unknown keys",
      "/v1/policies/check",
      `{"policy":{${many(180_000, (index) => `"${index.toString(16)}":1`)}}}`,
    ],
    [
      "a policy of long names, each nearly another",
      "/v1/policies/check",
      JSON.stringify({
        policy: {
          catalog: { candidates: Array.from({ length: 20 }, (_, index) => ({ name: `${index}`.padEnd(2_000, "a") })) },
          disabled: Array.from({ length: 20 }, (_, index) => `${index}`.padEnd(2_000, "b")),
        },
      }),
    ],
    [
      "a policy of many providers",
      "/v1/policies/check",
      `{"policy":{"catalog":{"providers":[${many(60_000, (index) => `"${index.toString(16)}"`)}]}}}`,
    ],
  ];

  test.each(CASES)(
    "of the kind %s takes less than 50 ms of the thread that decides, and its answer is short",
    async (_kind, path, body) => {
      const leastMs = await leastThreadMs(THREAD_MS_MAX, 6, async () => {
        const { status, answerBytes } = await client.post(running, path, body);
        expect([200, 400]).toContain(status);
        expect(answerBytes).toBeLessThan(path === BATCH ? 600_000 : 40_000);
      });
      expect(leastMs).toBeLessThan(THREAD_MS_MAX);
    },
  );

  test("in a batch stops it: what is before is decided, what is after is not", async () => {
    const bad = { inputTokens: -1, riskBps: -1, zzz: 1 };
    const good = { inputTokens: 1 };
    const mixed = [good, ...Array.from({ length: 40 }, () => bad), good, good];
    const before = running.service.engine.reading.head.sequence;
    const { body } = await post(running, BATCH, JSON.stringify({ requests: mixed }));
    const results = (body as { readonly results: readonly object[] }).results.map((result) =>
      "error" in result ? codeOf(result) : "decided",
    );
    expect(results.slice(0, 35)).toEqual(["decided", ...Array.from({ length: 34 }, () => "CAL_REQUEST_INVALID")]);
    expect(results.slice(35)).toEqual(Array.from({ length: 8 }, () => "CAL_GATEWAY_BATCH_STOPPED"));
    expect(running.service.engine.reading.head.sequence - before).toBeLessThanOrEqual(2);
  });
});
