import { Engine } from "../../src/engine.ts";
import { sampleSnapshot } from "./sample-snapshot.ts";

// Decides as fast as it can and says what was acknowledged, until it is killed.
const [directory = "", prefix = ""] = process.argv.slice(2);
const engine = await Engine.open({ directory, policy: sampleSnapshot(), segmentBytesMax: 200_000 });
let next = 0;
const appender = async (): Promise<never> => {
  for (;;) {
    const requestId = `${prefix}-${next++}`;
    const { sequence, identity } = await engine.decide({ requestId, inputTokens: next, requested: "better" });
    process.stdout.write(`${requestId} ${sequence} ${identity}\n`);
  }
};
await Promise.all(Array.from({ length: 32 }, appender));
