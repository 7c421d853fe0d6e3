import { readFileSync } from "node:fs";
import { Engine } from "../../../src/engine.ts";
import { parseBudgets } from "../../../src/intake/budgets-file.ts";
import { sampleSnapshot } from "../../support/sample-snapshot.ts";

// Decides and settles as fast as it can and prints every answer, until it is killed. The parent keeps the list
// of what was acknowledged; the first thing asked here is some of that again.
const [directory = "", prefix = ""] = process.argv.slice(2);
const again = readFileSync(0, "utf8")
  .split("\n")
  .filter((id) => id !== "");
const engine = await Engine.open({ directory, policy: sampleSnapshot(), segmentBytesMax: 200_000 });
await engine.ledger.apply(parseBudgets({ tenants: { default: {} } }));
await engine.ledger.grant({ tenant: "default", amountMicrocents: 1_000_000_000_000n, id: "first" });

const decide = async (requestId: string): Promise<void> => {
  const asked = { requestId, inputTokens: requestId.length, requested: "better" };
  const { sequence, identity, decisionId, repeated } = await engine.decide(asked);
  process.stdout.write(`decided ${requestId} ${sequence} ${identity} ${repeated}\n`);
  const settled = await engine.ledger.settle({ decisionId, actualMicrocents: 1 });
  process.stdout.write(`settled ${requestId} ${settled.sequence} ${settled.repeated}\n`);
};

await Promise.all(again.map(decide));
let next = 0;
const appender = async (): Promise<never> => {
  for (;;) await decide(`${prefix}-${next++}`);
};
await Promise.all(Array.from({ length: 32 }, appender));
