/**
 * One process a directory: a Unix socket in it is the lock. Whoever listens on it owns the journal; when nobody answers,
 * the socket was left behind by a process that died, and is taken over.
 * @module
 */

import { closeSync, constants, openSync, unlinkSync } from "node:fs";
import { connect, createServer, type Server } from "node:net";
import { join } from "node:path";
import { CalybrisError } from "@calybris/kernel";

const LOCK_FILE = "lock.sock";
/** A socket's path holds 107 bytes; longer ones go through the directory's descriptor. */
const SOCKET_PATH_BYTES_MAX = 107;
const ATTEMPTS = 3;

export interface Lock {
  release(): Promise<void>;
}

/** @throws CalybrisError `CAL_JOURNAL_LOCKED` when another process answers. */
export async function acquireLock(directory: string): Promise<Lock> {
  const plain = join(directory, LOCK_FILE);
  const long = Buffer.byteLength(plain) > SOCKET_PATH_BYTES_MAX;
  const descriptor = long ? openSync(directory, constants.O_RDONLY | constants.O_DIRECTORY) : undefined;
  const path = descriptor === undefined ? plain : `/proc/self/fd/${descriptor}/${LOCK_FILE}`;
  try {
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const server = await listen(path);
      if (server !== undefined) return { release: () => release(server, descriptor) };
      if (await answers(path)) break;
      try {
        unlinkSync(path);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
      }
    }
  } catch (cause) {
    if (descriptor !== undefined) closeSync(descriptor);
    throw new CalybrisError(
      "CAL_JOURNAL_UNREADABLE",
      { path: directory, problem: (cause as Error).message },
      { cause },
    );
  }
  if (descriptor !== undefined) closeSync(descriptor);
  throw new CalybrisError("CAL_JOURNAL_LOCKED", { directory });
}

function listen(path: string): Promise<Server | undefined> {
  return new Promise((resolve, reject) => {
    const server = createServer((socket) => socket.destroy());
    server.once("error", (error: NodeJS.ErrnoException) =>
      error.code === "EADDRINUSE" ? resolve(undefined) : reject(error),
    );
    server.listen(path, () => {
      server.unref();
      resolve(server);
    });
  });
}

function answers(path: string): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const socket = connect(path);
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", (error: NodeJS.ErrnoException) => {
      if (error.code === "ECONNREFUSED" || error.code === "ENOENT") resolve(false);
      else reject(error);
    });
  });
}

function release(server: Server, descriptor: number | undefined): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => {
      if (descriptor !== undefined) closeSync(descriptor);
      resolve();
    });
  });
}
