import { parentPort } from "node:worker_threads";

/** What {@link PostingThread} sends. */
export interface Posted {
  readonly url: string;
  readonly key: string;
  readonly body: string;
}

export interface Answered {
  readonly status: number;
  readonly answerBytes: number;
}

async function answerTo({ url, key, body }: Posted): Promise<Answered> {
  const headers = { "content-type": "application/json", authorization: `Bearer ${key}` };
  const response = await fetch(url, { method: "POST", headers, body });
  return { status: response.status, answerBytes: (await response.arrayBuffer()).byteLength };
}

parentPort?.on("message", (posted: Posted) => {
  void answerTo(posted).then((answered) => parentPort?.postMessage(answered));
});
