/**
 * Speaks to a service below HTTP: what no client library would send.
 * @module
 */
import { connect } from "node:net";

export interface RawAnswer {
  /** 0 when the connection was closed without one. */
  readonly status: number;
  readonly text: string;
  /** Whether the service closed the connection. */
  readonly closed: boolean;
  readonly milliseconds: number;
}

/** A while without an answer is so many moments of it: a process that was not running for a while has missed one of them. */
const QUIET_MOMENTS = 20;

/**
 * Writes the pieces, one every `pauseMs`, and takes what comes back until the connection closes or nothing comes for a
 * while. With `isHalfClosed` the client closes its side after the last piece.
 */
export function speak(
  url: string,
  pieces: readonly (string | Uint8Array)[],
  options: { readonly pauseMs?: number; readonly quietMs?: number; readonly isHalfClosed?: boolean } = {},
): Promise<RawAnswer> {
  const { port, hostname } = new URL(url);
  const { pauseMs = 0, quietMs = 300 } = options;
  const startedMs = performance.now();
  return new Promise((resolve) => {
    const socket = connect({ port: Number(port), host: hostname, allowHalfOpen: true });
    let text = "";
    let quiet: NodeJS.Timeout | undefined;
    const finish = (closed: boolean): void => {
      clearInterval(quiet);
      clearInterval(writing);
      socket.destroy();
      const status = Number(/^HTTP\/1\.1 ([0-9]{3})/.exec(text)?.[1] ?? 0);
      resolve({ status, text, closed, milliseconds: performance.now() - startedMs });
    };
    const rest = [...pieces];
    const write = (): void => {
      const piece = rest.shift();
      if (piece !== undefined && socket.writable) socket.write(piece);
      if (rest.length > 0) return;
      clearInterval(writing);
      if (options.isHalfClosed === true) socket.end();
    };
    const writing = setInterval(write, Math.max(1, pauseMs));
    socket.on("connect", write);
    socket.on("data", (data) => {
      text += data.toString("latin1");
      clearInterval(quiet);
      let moments = 0;
      quiet = setInterval(() => {
        moments += 1;
        if (moments === QUIET_MOMENTS) finish(false);
      }, quietMs / QUIET_MOMENTS);
    });
    socket.on("error", () => undefined);
    socket.on("end", () => finish(true));
    socket.on("close", () => finish(true));
  });
}
