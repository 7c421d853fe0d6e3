/**
 * The service's own share: everything between the socket and the engine, with an engine that has always just decided. What
 * it costs beside a bare server is what HTTP, keys, strict JSON, counting and the answer's text cost.
 *
 *     node bench/service-share.ts SHA256 door|server
 * @module
 */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import {
  type Decided,
  Engine,
  InlineDriver,
  parsePolicyFile,
  readJsonFile,
  builtInCatalogPath,
  Writer,
} from "@calybris/engine";
import { createLog, Keyring, readConfig } from "@calybris/gateway";
import { MemoryDisk } from "../packages/engine/test/memory-disk.ts";
import { decisionRoutes } from "../packages/gateway/src/api/decisions.ts";
import { Admission } from "../packages/gateway/src/http/admission.ts";
import { CrossOrigin } from "../packages/gateway/src/http/cross-origin.ts";
import { type Exchange, NodeExchange } from "../packages/gateway/src/http/exchange.ts";
import { FastDoor } from "../packages/gateway/src/http/fast-door.ts";
import { Rates } from "../packages/gateway/src/http/rates.ts";
import { Reception } from "../packages/gateway/src/http/reception.ts";
import { Router } from "../packages/gateway/src/http/route.ts";
import { Metrics } from "../packages/gateway/src/watch/metrics.ts";
import { POLICY } from "./service-process.ts";

async function main([sha256 = "", way = "door"]: readonly string[]): Promise<void> {
  const config = await readConfig({});
  const rates = new Rates();
  const metrics = new Metrics();
  const crossOrigin = new CrossOrigin([]);
  const keyring = new Keyring([{ name: "load", planes: ["decide"], sha256 }], 0);
  const engine = await decidedEngine();
  const desk = { engine, config, rates, metrics, problem: () => undefined };
  const reception = new Reception({
    router: new Router(decisionRoutes(desk)),
    admission: new Admission(keyring, crossOrigin),
    rates,
    metrics,
    log: createLog("warn"),
    traces: undefined,
    crossOrigin,
    bodyBytesMax: config.limits.bodyBytesMax,
    depthMax: config.limits.depthMax,
    onBroken: () => undefined,
  });
  const receive = (exchange: Exchange): void => reception.receive(exchange);
  const server = createServer((request, response) => receive(new NodeExchange(request, response)));
  if (way === "door") new FastDoor({ receive, ...config.limits }).guard(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  process.on("message", () => {
    const { user, system } = process.cpuUsage();
    process.send?.({ cpuUs: user + system });
  });
  process.on("disconnect", () => process.exit());
  process.send?.({ port: (server.address() as AddressInfo).port });
}

/** One decision, made once, given to whoever asks at the end of the turn, as the journal answers a batch. */
async function decidedEngine(): Promise<Engine> {
  const disk = new MemoryDisk();
  const catalog = await readJsonFile(builtInCatalogPath("llm"));
  const engine = await Engine.open({
    directory: tmpdir(),
    policy: parsePolicyFile({ ...POLICY, learning: undefined }, catalog.value),
    disk,
    driver: (start) => new InlineDriver(new Writer(disk, start)),
  });
  const decided = await engine.decide({ requestId: "decided-once", requested: "gpt-5.1", inputTokens: 1_000 });
  let waiting: ((decided: Decided) => void)[] = [];
  engine.decide = () =>
    new Promise((resolve) => {
      if (waiting.length === 0)
        setImmediate(() => {
          const asked = waiting;
          waiting = [];
          for (const answer of asked) answer(decided);
        });
      waiting.push(resolve);
    });
  return engine;
}

await main(process.argv.slice(2));
