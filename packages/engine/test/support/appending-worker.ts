import { type MessagePort, parentPort, workerData } from "node:worker_threads";
import { EngineClient } from "../../src/client-port.ts";

// One of eight: decides its share of requests and reports which entry each became.
const { port, worker, count } = workerData as { port: MessagePort; worker: number; count: number };
const client = new EngineClient(port);
const answers = await Promise.all(
  Array.from({ length: count }, async (_, index) => {
    const requestId = `worker-${worker}-${index}`;
    const { sequence, identity } = await client.decide({ requestId, inputTokens: index + 1, requested: "better" });
    return { requestId, sequence, identity };
  }),
);
parentPort?.postMessage(answers);
client.close();
