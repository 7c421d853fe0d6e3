/**
 * The provider of the gateway benchmark, in its own process. It writes constant answers over plain sockets to take as little
 * time as possible, so that the benchmark measures the gateway.
 * @module
 */
import { type AddressInfo, createServer, type Socket } from "node:net";
import { JSON_ANSWER, STREAM_EVENTS } from "./gateway-answers.ts";

const JSON_BYTES = Buffer.concat([
  Buffer.from(`HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: ${JSON_ANSWER.byteLength}\r\n\r\n`),
  JSON_ANSWER,
]);
const STREAM_HEAD = Buffer.from(
  "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream; charset=utf-8\r\ntransfer-encoding: chunked\r\n\r\n",
);
const CHUNKS = STREAM_EVENTS.map((event) =>
  Buffer.concat([Buffer.from(`${event.byteLength.toString(16)}\r\n`), event, Buffer.from("\r\n")]),
);
const END = Buffer.from("0\r\n\r\n");
/** Events of a stream are sent in several packets, as by a model. */
const PACKETS = [
  Buffer.concat([STREAM_HEAD, ...CHUNKS.slice(0, 6)]),
  Buffer.concat(CHUNKS.slice(6, 14)),
  Buffer.concat([...CHUNKS.slice(14), END]),
] as const;

function serve(socket: Socket): void {
  let held = Buffer.alloc(0);
  let writing = Promise.resolve();
  socket.setNoDelay(true);
  socket.on("error", () => socket.destroy());
  socket.on("data", (data) => {
    held = held.byteLength === 0 ? data : Buffer.concat([held, data]);
    for (;;) {
      const headEnd = held.indexOf("\r\n\r\n");
      if (headEnd === -1) return;
      const head = held.toString("latin1", 0, headEnd);
      const length = Number(/^content-length: (\d+)/im.exec(head)?.[1] ?? 0);
      const end = headEnd + 4 + length;
      if (held.byteLength < end) return;
      const isStreamed = held.subarray(headEnd, end).includes('"stream":true');
      held = held.subarray(end);
      writing = writing.then(() => answer(socket, isStreamed));
    }
  });
}

async function answer(socket: Socket, isStreamed: boolean): Promise<void> {
  if (!isStreamed) {
    socket.write(JSON_BYTES);
    return;
  }
  for (const packet of PACKETS) {
    if (socket.destroyed) return;
    socket.write(packet);
    await new Promise((resolve) => setImmediate(resolve));
  }
}

const server = createServer(serve);
server.listen(0, "127.0.0.1", () => process.send?.({ port: (server.address() as AddressInfo).port }));
process.on("disconnect", () => process.exit());
