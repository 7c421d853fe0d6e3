/** The client of a case: sends its request once, reads what comes, and leaves where the case says so. */
import { request as httpRequest } from "node:http";
import { CASE_KEY, type CaseRequest } from "./played-cases.ts";

export interface ReadAnswer {
  /** 0: nothing came. */
  readonly status: number;
  readonly headers: Headers;
  /** Of the body, as it was sent. */
  readonly bytes: Buffer;
  readonly text: string;
  /** When the client left, by the clock of the process; `undefined` where it stayed. */
  readonly leftMs: number | undefined;
}

export function callOnce(url: string, request: CaseRequest, key: string): Promise<ReadAnswer> {
  const { method, path, headers, body, body_base64: packed } = request;
  const sent = Object.entries(headers).map(([name, value]): [string, string] => [name, value.replace(CASE_KEY, key)]);
  const bytes = packed === undefined ? Buffer.from(JSON.stringify(body) ?? "") : Buffer.from(packed, "base64");
  return new Promise((resolve) => {
    const pieces: Buffer[] = [];
    let head: { readonly status: number; readonly headers: Headers } = { status: 0, headers: new Headers() };
    let leftMs: number | undefined;
    const finish = (): void => {
      const all = Buffer.concat(pieces);
      resolve({ ...head, bytes: all, text: all.toString(), leftMs });
    };
    const call = httpRequest(
      `${url}${path}`,
      { method, agent: false, headers: { "content-type": "application/json", ...Object.fromEntries(sent) } },
      (response) => {
        head = { status: response.statusCode ?? 0, headers: new Headers(headerPairs(response.rawHeaders)) };
        let eventCount = 0;
        response.on("data", (piece: Buffer) => {
          pieces.push(piece);
          eventCount += piece.toString().split("\n\n").length - 1;
          if (request.abort_after_events !== undefined && eventCount >= request.abort_after_events) leave();
        });
        response.on("end", finish).on("error", finish);
      },
    );
    const leave = (): void => {
      leftMs ??= performance.now();
      call.destroy();
    };
    call.on("error", finish);
    if (request.abort_after_ms !== undefined) setTimeout(leave, request.abort_after_ms);
    call.end(method === "POST" ? bytes : undefined);
  });
}

function headerPairs(raw: readonly string[]): [string, string][] {
  return raw.flatMap((name, at): [string, string][] => (at % 2 === 0 ? [[name, raw[at + 1] ?? ""]] : []));
}
