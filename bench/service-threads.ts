/**
 * The service with HTTP in threads of its own, to be measured beside the one that is delivered: workers take connections,
 * check keys and read bodies, and ask the engine's thread, which still orders everything. What is asked and answered in
 * one turn of the event loop goes in one message.
 *
 *     node bench/service-threads.ts DIRECTORY SHA256 WORKERS
 * @module
 */
import { createServer } from "node:http";
import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads";
import type { ClientRequest } from "@calybris/engine";
import { createLog, Keyring } from "@calybris/gateway";
import { CalybrisError, type ErrorCode, type ErrorDetails } from "@calybris/kernel";
import { decisionShape } from "../packages/gateway/src/api/answer-shapes.ts";
import { decideCall } from "../packages/gateway/src/api/call-shapes.ts";
import { decisionText } from "../packages/gateway/src/api/decision-text.ts";
import { Admission } from "../packages/gateway/src/http/admission.ts";
import { CrossOrigin } from "../packages/gateway/src/http/cross-origin.ts";
import { type Exchange, NodeExchange } from "../packages/gateway/src/http/exchange.ts";
import { FastDoor } from "../packages/gateway/src/http/fast-door.ts";
import { Rates } from "../packages/gateway/src/http/rates.ts";
import { Reception } from "../packages/gateway/src/http/reception.ts";
import { type Reply, Router } from "../packages/gateway/src/http/route.ts";
import { Metrics } from "../packages/gateway/src/watch/metrics.ts";
import { counted, startService } from "./service-process.ts";

interface WorkerStart {
  readonly port: number;
  readonly sha256: string;
}

/** Asked: id and request in turns. Answered: id, and the text or why there is none. */
type Asked = (number | ClientRequest)[];
type Answered = (number | string | { readonly code: ErrorCode; readonly details: ErrorDetails<ErrorCode> })[];

const PORT_OF_WORKERS = 0;

async function main([directory = "", sha256 = "", workers = "1"]: readonly string[]): Promise<void> {
  const service = await startService(directory, sha256);
  const { engine } = service;
  let port = PORT_OF_WORKERS;
  for (let index = 0; index < Number(workers); index += 1) {
    const worker = new Worker(import.meta.filename, { workerData: { port, sha256 } satisfies WorkerStart });
    let answers: Answered = [];
    const answer = (id: number, what: Answered[number]): void => {
      if (answers.length === 0)
        setImmediate(() => {
          worker.postMessage(answers);
          answers = [];
        });
      answers.push(id, what);
    };
    port = await new Promise<number>((resolve) => {
      worker.on("message", (message: number | Asked) => {
        if (typeof message === "number") {
          resolve(message);
          return;
        }
        for (let at = 0; at < message.length; at += 2) {
          const id = message[at] as number;
          engine.decide(message[at + 1] as ClientRequest).then(
            (decided) => answer(id, decisionText(decided, engine.snapshot, engine.reading.room(decided.tenant ?? ""))),
            (error: unknown) => {
              const { code, details } = error as CalybrisError;
              answer(id, { code, details });
            },
          );
        }
      });
    });
  }
  process.on("message", () => process.send?.(counted(engine)));
  process.on("disconnect", () => process.exit());
  process.send?.({ port });
}

async function work({ port, sha256 }: WorkerStart): Promise<void> {
  const waiting = new Map<number, { resolve: (reply: Reply) => void; reject: (error: Error) => void }>();
  let last = 0;
  let asked: Asked = [];
  parentPort?.on("message", (answers: Answered) => {
    for (let at = 0; at < answers.length; at += 2) {
      const asking = waiting.get(answers[at] as number);
      waiting.delete(answers[at] as number);
      const what = answers[at + 1] as string | { readonly code: ErrorCode; readonly details: ErrorDetails<ErrorCode> };
      if (typeof what === "string") asking?.resolve({ text: what });
      else asking?.reject(new CalybrisError(what.code, what.details));
    }
  });
  const ask = (request: ClientRequest): Promise<Reply> => {
    if (asked.length === 0)
      setImmediate(() => {
        parentPort?.postMessage(asked);
        asked = [];
      });
    asked.push(++last, request);
    return new Promise((resolve, reject) => waiting.set(last, { resolve, reject }));
  };
  const crossOrigin = new CrossOrigin([]);
  const reception = new Reception({
    router: new Router([
      {
        method: "POST",
        path: "/v1/decisions",
        name: "decide",
        summary: "",
        planes: ["decide"],
        body: { schema: decideCall, byHand: true },
        answer: decisionShape,
        handle: ({ body }) => ask(body as unknown as ClientRequest),
      },
    ]),
    admission: new Admission(new Keyring([{ name: "load", planes: ["decide"], sha256 }], 0), crossOrigin),
    rates: new Rates(),
    metrics: new Metrics(),
    log: createLog("warn"),
    traces: undefined,
    crossOrigin,
    bodyBytesMax: 1 << 20,
    depthMax: 16,
    onBroken: () => undefined,
  });
  const receive = (exchange: Exchange): void => reception.receive(exchange);
  const server = createServer((request, response) => receive(new NodeExchange(request, response)));
  new FastDoor({ receive, headerBytesMax: 8_192, bodyBytesMax: 1 << 20, headersMs: 10_000, idleMs: 65_000 }).guard(
    server,
  );
  await new Promise<void>((resolve) => server.listen({ port, host: "127.0.0.1", reusePort: true }, resolve));
  const address = server.address();
  parentPort?.postMessage(typeof address === "object" ? address?.port : 0);
}

if (isMainThread) await main(process.argv.slice(2));
else await work(workerData as WorkerStart);
