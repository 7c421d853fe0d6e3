/**
 * The baseline of the service benchmark: a bare Fastify server that parses the same body and returns a constant.
 * @module
 */
import { fastify } from "fastify";

const server = fastify({ logger: false });
const ANSWER = { action: "execute", selected: { id: 1, name: "gpt-5.1" } };
server.post("/v1/decisions", () => Promise.resolve(ANSWER));
const url = await server.listen({ host: "127.0.0.1", port: 0 });
process.send?.({ port: Number(new URL(url).port) });
process.on("message", () => {
  const { user, system } = process.cpuUsage();
  process.send?.({ cpuUs: user + system });
});
process.on("disconnect", () => process.exit());
