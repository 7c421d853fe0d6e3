/**
 * The service's own cost: everything between the socket and the engine, with an engine that returns a precomputed decision.
 * The difference from a bare server is the cost of HTTP, keys, strict JSON, counting and the answer's text.
 *
 *     node bench/service-share.ts SHA256 fast|fastify
 * @module
 */
import { tmpdir } from "node:os";
import { type DecisionWaiter, Engine, parsePolicyFile, builtInCatalogPath } from "@calybris/engine";
import { InlineDriver, readJsonFile, Writer } from "@calybris/engine/internal";
import { createLog, readConfig } from "@calybris/gateway";
import { MemoryDisk } from "../packages/engine/test/support/memory-disk.ts";
import { HttpStack } from "../packages/gateway/src/http-stack.ts";
import { POLICY } from "./service-policy.ts";

async function main([sha256 = "", way = "fast"]: readonly string[]): Promise<void> {
  const keys = JSON.stringify([{ name: "load", scopes: ["decide"], sha256 }]);
  const config = await readConfig({ flags: { port: "0", keys, "log-level": "warn" } });
  const http = await HttpStack.create(await decidedEngine(), {
    config,
    log: createLog("warn"),
    fastPath: way === "fast",
    reload: () => Promise.reject(new Error("a benchmark is not reloaded")),
  });
  const { port } = await http.listen();
  process.on("message", () => {
    const { user, system } = process.cpuUsage();
    process.send?.({ cpuUs: user + system });
  });
  process.on("disconnect", () => process.exit());
  process.send?.({ port });
}

/** An engine that returns one precomputed decision at the end of the turn, as the journal answers a batch. */
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
  let waiting: [DecisionWaiter, number][] = [];
  engine.submit = (_client, waiter, token) => {
    if (waiting.length === 0)
      setImmediate(() => {
        const asked = waiting;
        waiting = [];
        for (const [waiter, token] of asked) waiter.decided(decided, token);
      });
    waiting.push([waiter, token]);
  };
  return engine;
}

await main(process.argv.slice(2));
