/**
 * Random talks with a service below HTTP, right and wrong, in whatever pieces; and how two services differ over one.
 * @module
 */
import { isDeepStrictEqual } from "node:util";
import fc from "fast-check";
import { speak } from "./raw-socket.ts";

/** Bounds that end a talk soon. */
export const QUICK_FLAGS: { readonly [flag: string]: string } = {
  "limits-headers-ms": "400",
  "limits-request-ms": "400",
  "limits-idle-ms": "60000",
  "limits-body-bytes-max": "4096",
};

/** Where origins are named there is no fast door, so that is what the other is held to. */
export const WITHOUT_DOOR: { readonly [flag: string]: string } = { "cors-origins": "https://a.example" };

export interface Talk {
  readonly pieces: readonly string[];
  readonly requestCount: number;
}

export interface Difference {
  readonly talk: Talk;
  readonly fast: unknown;
  readonly plain: unknown;
}

const line = fc.oneof(
  { weight: 30, arbitrary: fc.constant("POST /v1/decisions HTTP/1.1") },
  fc.constantFrom(
    "POST /v1/decisions HTTP/1.0",
    "POST /v1/decisions?x=1 HTTP/1.1",
    "post /v1/decisions HTTP/1.1",
    "GET /health HTTP/1.1",
    "POST  /v1/decisions HTTP/1.1",
    "POST /v1/decisions HTTP/1.1 ",
    "POST http://127.0.0.1/v1/decisions HTTP/1.1",
  ),
);
const host = fc.oneof(
  { weight: 12, arbitrary: fc.constant("host: 127.0.0.1") },
  fc.constantFrom(
    "Host: 127.0.0.1",
    "HOST:127.0.0.1",
    "host: evil.example",
    "host:",
    "",
    "host: 127.0.0.1 ",
    "host:  127.0.0.1",
  ),
);
const type = fc.oneof(
  { weight: 12, arbitrary: fc.constant("content-type: application/json") },
  fc.constantFrom(
    "Content-Type: application/json; charset=utf-8",
    "content-type: text/plain",
    "",
    "content-type : application/json",
  ),
);
const other = fc.constantFrom(
  "accept: */*",
  "user-agent: curl/8",
  "x-request-id: 7",
  "X-Forwarded-For: 1.2.3.4",
  "connection: keep-alive",
  "Connection: close",
  "transfer-encoding: chunked",
  "Transfer-Encoding: identity",
  "expect: 100-continue",
  "upgrade: websocket",
  "cookie: a=b",
  "idempotency-key: one",
  "idempotency-key: two",
  "Idempotency-Key:",
  "host: 127.0.0.1",
  "content-length: 3",
  "te: trailers",
  "origin: https://a.example",
  "bad header: 1",
  "no-colon",
  ": empty",
  "x-tab: a\tb",
  "x-high: caf\xe9",
  "x-fold: a\r\n b",
  "accept-encoding: gzip",
);
const body = fc.oneof(
  { weight: 12, arbitrary: fc.constant('{"requested":"large","inputTokens":100}') },
  fc.constantFrom(
    "",
    "{}",
    "[]",
    '{"inputTokens":1}\n',
    "GET /health HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n",
    '{"inputTokens":1,"a":"é"}',
    "x".repeat(5_000),
  ),
);
const length = fc.oneof({ weight: 14, arbitrary: fc.constant(0) }, fc.constantFrom(-1, 1, 40));
const form = fc.constantFrom("", "", "", "", "0", "+", " ");

const request = fc
  .record({ line, host, type, others: fc.array(other, { maxLength: 3 }), body, length, form, order: fc.boolean() })
  .map(({ order, form: zeros, ...parts }) => {
    const bytes = Buffer.byteLength(parts.body) + parts.length;
    const headers = [parts.host, parts.type, `content-length: ${zeros}${bytes}`, ...parts.others].filter(
      (text) => text !== "",
    );
    return `${[parts.line, ...(order ? headers : headers.toReversed())].join("\r\n")}\r\n\r\n${parts.body}`;
  });

interface Heard {
  readonly answers: readonly string[];
  readonly closed: boolean;
}

/** What was answered, without what no two decisions share. */
async function heard(url: string, pieces: readonly string[]): Promise<Heard> {
  const { text, closed } = await speak(
    url,
    pieces.map((piece) => Buffer.from(piece, "latin1")),
    { pauseMs: 4, quietMs: 700 },
  );
  const answers = text.split(/(?=HTTP\/1\.1 )/).map((answer) =>
    answer
      .replace(/\r\n(?:Date|Keep-Alive|content-length|access-control-[a-z-]+|vary): [^\r]*/gi, "")
      .replace(/"(?:decisionId|entryHash|request|decision|identity|incident)":"[^"]*"/g, "")
      .replace(/"sequence":[0-9]+|entry [0-9]+ /g, ""),
  );
  return { answers, closed };
}

const CUT_SHORT = /CAL_GATEWAY_(?:HTTP_MALFORMED|TIMEOUT)|^$/;

/**
 * Where something breaks off behind other requests, the connection ends at once, and how many of them were answered before
 * is a matter of moments. What was answered is the same.
 */
function comparable(one: Heard, other: Heard, requestCount: number): Heard {
  const isAbrupt = ({ answers, closed }: Heard): boolean => {
    const last = answers.at(-1) ?? "";
    return closed && (CUT_SHORT.test(last) || !/\r\nconnection: close\r\n/i.test(last));
  };
  // What follows a body that is longer than was said is one more request, broken off at once.
  const asked = Math.max(requestCount, one.answers.length, other.answers.length);
  if (asked < 2 || !(isAbrupt(one) || isAbrupt(other))) return one;
  const whole = ({ answers }: Heard): readonly string[] => answers.filter((answer) => !CUT_SHORT.test(answer));
  return { answers: whole(one).slice(0, whole(other).length), closed: one.closed };
}

/** So many talks; the same seed makes the same. */
export function talks(seed: number, count: number): readonly Talk[] {
  const talk = fc.record({
    requests: fc.array(request, { minLength: 1, maxLength: 3 }),
    cuts: fc.array(fc.nat(900), { maxLength: 2 }),
  });
  return fc.sample(talk, { numRuns: count, seed }).map(({ requests, cuts }) => {
    const whole = requests.join("");
    const at = [...new Set([0, ...cuts.filter((cut) => cut < whole.length), whole.length])].sort((a, b) => a - b);
    return {
      pieces: at.slice(1).map((end, index) => whole.slice(at[index], end)),
      requestCount: requests.length,
    };
  });
}

const AT_ONCE = 200;

/** The talks that two services answer differently. */
export async function differences(
  fastUrl: string,
  plainUrl: string,
  all: readonly Talk[],
): Promise<readonly Difference[]> {
  const found: Difference[] = [];
  for (let from = 0; from < all.length; from += AT_ONCE) {
    const part = all.slice(from, from + AT_ONCE);
    const [mine, theirs] = await Promise.all(
      [fastUrl, plainUrl].map((url) => Promise.all(part.map(({ pieces }) => heard(url, pieces)))),
    );
    for (const [index, talk] of part.entries()) {
      const [a, b] = [mine?.[index], theirs?.[index]] as [Heard, Heard];
      const fast = { talk, ...comparable(a, b, talk.requestCount) };
      const plain = { talk, ...comparable(b, a, talk.requestCount) };
      if (!isDeepStrictEqual(fast, plain)) found.push({ talk, fast, plain });
    }
  }
  return found;
}
