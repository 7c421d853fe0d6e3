/**
 * A client in a thread of its own, so that what a service takes of this thread is measured without the client's share.
 * @module
 */
import { Worker } from "node:worker_threads";
import type { Answered, Posted } from "./posting-worker.ts";
import type { Running } from "./running-service.ts";

export class PostingThread {
  readonly #thread: Worker = new Worker(new URL("./posting-worker.ts", import.meta.url));

  /** Sends a body as it is, with the key that may decide. */
  post(running: Running, path: string, body: string): Promise<Answered> {
    const posted: Posted = { url: `${running.url}${path}`, key: running.keys.decide, body };
    return new Promise((resolve, reject) => {
      this.#thread.once("error", reject);
      this.#thread.once("message", (answered: Answered) => {
        this.#thread.off("error", reject);
        resolve(answered);
      });
      this.#thread.postMessage(posted);
    });
  }

  async close(): Promise<void> {
    await this.#thread.terminate();
  }
}
