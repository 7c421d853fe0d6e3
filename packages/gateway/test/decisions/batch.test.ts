import { expect, test } from "vitest";
import { codeOf, post, startService, testPolicy } from "../support/running-service.ts";

// Goal: a batch over HTTP is taken whole or not at all, whatever its decisions need beside themselves.
// Method: a queue that holds one batch, policies that learn and tenants whose periods begin, and many batches at once.

const SIZE = 20;
const FLAGS = { "journal.waitingMax": String(SIZE), "limits.batchMax": String(SIZE) };
const LEARNING = { learning: { features: ["load"], warmUpRequests: 30 } };

interface Batch {
  readonly results: readonly object[];
}

function batchOf(round: number, change: (index: number) => object): string {
  const requests = Array.from({ length: SIZE }, (_, index) => ({
    requestId: `r${round}-${index}`,
    inputTokens: 10,
    ...change(index),
  }));
  return JSON.stringify({ requests });
}

test("a batch as large as the queue is decided whole on an idle service, under a policy that learns too", async () => {
  const own = await startService({ flags: FLAGS, startingPolicy: () => Promise.resolve(testPolicy(LEARNING)) });
  try {
    for (let round = 0; round < 5; round++) {
      const { status, body } = await post(
        own,
        "/v1/decisions:batch",
        batchOf(round, (index) => ({ features: { load: 10 * index + round } })),
      );
      expect(status).toBe(200);
      expect((body as Batch).results.filter((result) => "decisionId" in result)).toHaveLength(SIZE);
    }
  } finally {
    await own.end();
  }
});

test("of many batches at once each is decided whole or refused whole, and the same batch again is decided once", async () => {
  const own = await startService({ flags: FLAGS, startingPolicy: () => Promise.resolve(testPolicy(LEARNING)) });
  try {
    const bodies = Array.from({ length: 12 }, (_, round) => batchOf(round, (index) => ({ features: { load: index } })));
    const decided = new Set<string>();
    for (let tries = 0; decided.size < bodies.length && tries < 50; tries++) {
      const answers = await Promise.all(bodies.map((body) => post(own, "/v1/decisions:batch", body)));
      for (const [round, { status, body }] of answers.entries()) {
        if (status === 429) {
          expect(codeOf(body)).toBe("CAL_JOURNAL_OVERLOADED");
          continue;
        }
        expect(status).toBe(200);
        const { results } = body as { results: readonly { decisionId?: string; repeated?: boolean }[] };
        expect(results.every(({ decisionId }) => decisionId !== undefined)).toBe(true);
        const isFirst = !decided.has(`${round}`);
        expect(results.every(({ repeated }) => repeated === !isFirst)).toBe(true);
        decided.add(`${round}`);
      }
    }
    expect(decided.size).toBe(bodies.length);
  } finally {
    await own.end();
  }
});

test("one key, one field or one tenant that is wrong is reported in its place; the others are decided", async () => {
  const own = await startService({ flags: { "budgets-unknown-tenants": "refuse" } });
  try {
    const { status, body } = await post(
      own,
      "/v1/decisions:batch",
      JSON.stringify({ requests: [{ inputTokens: 1 }, { inputTokens: -1 }, { inputTokens: 1, tenant: "nobody" }, 7] }),
    );
    expect(status).toBe(200);
    const codes = (body as Batch).results.map((result) => ("decisionId" in result ? "decided" : codeOf(result)));
    expect(codes).toEqual(["decided", "CAL_REQUEST_INVALID", "CAL_LEDGER_TENANT_UNKNOWN", "CAL_REQUEST_INVALID"]);
  } finally {
    await own.end();
  }
});
