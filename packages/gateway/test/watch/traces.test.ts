import { afterEach, beforeEach, expect, test } from "vitest";
import { type Collector, type ReportedSpan, startCollector } from "../support/collector.ts";
import { post, startService } from "../support/running-service.ts";

const BODY = JSON.stringify({ requested: "large", inputTokens: 1_000 });
const PARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

let collector: Collector;
beforeEach(async () => {
  collector = await startCollector();
});
afterEach(() => collector.close());

async function traced(
  flags: { readonly [flag: string]: string },
  headers: { readonly [name: string]: string } = {},
): Promise<readonly ReportedSpan[]> {
  const own = await startService({ flags: { "traces-endpoint": `${collector.url}/`, ...flags } });
  try {
    await post(own, "/v1/decisions", BODY, headers);
    await post(own, "/v1/settlements", "{}", headers);
  } finally {
    // What is held is exported before it ends.
    await own.end();
  }
  expect(collector.reported.every(({ path }) => path === "/v1/traces")).toBe(true);
  return collector.reported.flatMap(({ spans }) => spans);
}

test("each request is a span, and what a caller began is continued", async () => {
  const [decided, settled] = await traced({}, { traceparent: PARENT });
  for (const span of [decided, settled])
    expect(span).toMatchObject({ traceId: PARENT.slice(3, 35), parentSpanId: PARENT.slice(36, 52) });
  expect(decided).toMatchObject({ name: "decide", attributes: [{ value: { intValue: "200" } }] });
  expect(settled).toMatchObject({ name: "settle", attributes: [{ value: { intValue: "400" } }] });
  expect(decided?.spanId).toMatch(/^[0-9a-f]{16}$/);
  expect(BigInt(decided?.endTimeUnixNano ?? 0)).toBeGreaterThan(BigInt(decided?.startTimeUnixNano ?? 0));
});

test("a share of nothing is none, but for those that a caller wants; and a caller may want none", async () => {
  expect(await traced({ "traces-share-bps": "0" })).toEqual([]);
  expect(await traced({ "traces-share-bps": "0" }, { traceparent: PARENT })).toHaveLength(2);
  collector.reported.length = 0;
  expect(await traced({}, { traceparent: PARENT.replace(/01$/, "00") })).toEqual([]);
});

test("a collector that fails, or is not there, is noticed by nobody who asks", async () => {
  collector.status = 500;
  expect(await traced({})).toHaveLength(2);
  await collector.close();
  const own = await startService({ flags: { "traces-endpoint": collector.url } });
  try {
    expect((await post(own, "/v1/decisions", BODY)).status).toBe(200);
    await expect
      .poll(() => own.client({ key: own.keys.audit }).metrics(), { timeout: 60_000 })
      .toMatch(/^calybris_trace_spans_dropped_total [1-9]/m);
  } finally {
    await own.end();
  }
});
