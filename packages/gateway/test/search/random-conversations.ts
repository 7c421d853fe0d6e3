/**
 * Random conversations with a service below HTTP, right and wrong, in whatever pieces; and how two services differ over
 * one.
 * @module
 */
import { isDeepStrictEqual } from "node:util";
import fc from "fast-check";
import { speak } from "../support/raw-socket.ts";
import { type Running, startService } from "../support/running-service.ts";

/** Bounds that end a conversation soon. */
const QUICK_FLAGS: { readonly [flag: string]: string } = {
  "limits-headers-ms": "400",
  "limits-request-ms": "400",
  "limits-idle-ms": "60000",
  "limits-body-bytes-max": "4096",
};

/** Two services alike, but that one has the fast path and every request of the other goes through Fastify. */
export async function startBoth(): Promise<{ readonly fast: Running; readonly plain: Running }> {
  const start = async (fastPath: boolean): Promise<Running> => {
    const running = await startService({ flags: QUICK_FLAGS, keyed: false, fastPath });
    for (const tenant of ["default", "acme"])
      await running.client().setBudget(tenant, {
        by: "ada",
        limit: {},
        grant: { id: tenant, amountMicrocents: 10n ** 15n },
      });
    return running;
  };
  return { fast: await start(true), plain: await start(false) };
}

export interface Conversation {
  readonly pieces: readonly string[];
  /** The client closes its side after the last piece. */
  readonly isHalfClosed: boolean;
}

export interface Difference {
  readonly conversation: Conversation;
  readonly fast: unknown;
  readonly plain: unknown;
}

/** A path, and a body that it takes. */
const operation = fc.oneof(
  { weight: 10, arbitrary: fc.constant(["/v1/decisions", '{"requested":"large","inputTokens":100}']) },
  fc.constantFrom(
    ["/v1/decisions:batch", '{"requests":[{"inputTokens":1},{"inputTokens":-1},{"inputTokens":2,"tenant":"acme"}]}'],
    ["/v1/settlements", '{"decisionId":"3-0badc0de","actualMicrocents":1}'],
    ["/v1/settlements/hold", '{"decisionId":"3-0badc0de","cause":"timeout"}'],
    ["/v1/outcomes", '{"decisionId":"3-0badc0de"}'],
    ["/v1/tenants/acme/budget", '{"by":"ada","limit":{}}'],
    ["/v1/tenants/%61cme/budget", '{"by":"ada","limit":{}}'],
    ["/v1/tenants//budget", '{"by":"ada","limit":{}}'],
    ["/v1/policies/check", '{"policy":{"epoch":-1}}'],
    ["/v1/nothing", "{}"],
    ["/v1/decisions/", "{}"],
    ["/v1/decisions?x=1", "{}"],
  ),
);
const line = fc.oneof(
  { weight: 30, arbitrary: fc.constant((path: string) => `POST ${path} HTTP/1.1`) },
  fc.constantFrom<((path: string) => string)[]>(
    (path) => `POST ${path} HTTP/1.0`,
    (path) => `POST ${path} HTTP/2.0`,
    (path) => `post ${path} HTTP/1.1`,
    (path) => `GET ${path} HTTP/1.1`,
    () => "GET /health HTTP/1.1",
    () => "HEAD /health HTTP/1.1",
    (path) => `OPTIONS ${path} HTTP/1.1`,
    (path) => `POST  ${path} HTTP/1.1`,
    (path) => `POST ${path} HTTP/1.1 `,
    (path) => `POST http://127.0.0.1${path} HTTP/1.1`,
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
    "content-type: ???",
    "",
    "content-type : application/json",
  ),
);
const other = fc.oneof(
  fc.constantFrom(
    "accept: */*",
    "user-agent: curl/8",
    "x-request-id: 7",
    "X-Forwarded-For: 1.2.3.4",
    "connection: keep-alive",
    "Connection: close",
    "transfer-encoding: chunked",
    "Transfer-Encoding: identity",
    "expect: 100-continue",
    "expect: 200-ok",
    "upgrade: websocket",
    "cookie: a=b",
    "Idempotency-Key:",
    "host: 127.0.0.1",
    "content-type: application/json",
    "content-length: 3",
    "authorization: Bearer x",
    "te: trailers",
    "origin: https://a.example",
    "bad header: 1",
    "no-colon",
    ": empty",
    "x-tab: a\tb",
    "x-high: caf\xe9",
    "x-fold: a\r\n b",
    "accept-encoding: gzip",
  ),
  fc.nat(2 ** 30).map((id) => `idempotency-key: ${id}`),
);
const otherBody = fc.constantFrom(
  undefined,
  undefined,
  undefined,
  undefined,
  undefined,
  undefined,
  "",
  "{}",
  "[]",
  '{"inputTokens":1}\n',
  "GET /health HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n",
  '{"inputTokens":1,"a":"é"}',
  "x".repeat(5_000),
);
const length = fc.oneof({ weight: 14, arbitrary: fc.constant(0) }, fc.constantFrom(-1, 1, 40));
const form = fc.constantFrom("", "", "", "", "0", "+", " ");
const emptyLines = fc.oneof({ weight: 14, arbitrary: fc.constant("") }, fc.constantFrom("\r\n", "\n", "\r\n\r\n"));

const request = fc
  .record({
    operation,
    line,
    host,
    type,
    others: fc.array(other, { maxLength: 3 }),
    otherBody,
    length,
    form,
    emptyLines,
    order: fc.boolean(),
  })
  .map(({ order, form: zeros, ...parts }) => {
    const [path = "", ownBody = ""] = parts.operation;
    const body = parts.otherBody ?? ownBody;
    const bytes = Buffer.byteLength(body) + parts.length;
    const headers = [parts.host, parts.type, `content-length: ${zeros}${bytes}`, ...parts.others].filter(
      (text) => text !== "",
    );
    const head = [parts.line(path), ...(order ? headers : headers.toReversed())].join("\r\n");
    return `${parts.emptyLines}${head}\r\n\r\n${body}`;
  });

interface Heard {
  readonly answers: readonly string[];
  readonly closed: boolean;
}

const QUIET_MS = 900;
const LONG_QUIET_MS = 10_000;

/** What was answered, without what two services never share: times, sequences, digests and balances. */
async function heard(url: string, { pieces, isHalfClosed }: Conversation, quietMs: number = QUIET_MS): Promise<Heard> {
  const { text, closed } = await speak(
    url,
    pieces.map((piece) => Buffer.from(piece, "latin1")),
    { pauseMs: 4, quietMs, isHalfClosed },
  );
  const answers = text.split(/(?=HTTP\/1\.1 )/).map((answer) => {
    const [head = "", ...body] = answer.split("\r\n\r\n");
    const [status = "", ...headers] = head
      .split("\r\n")
      .filter((header) => !/^(?:date|keep-alive|content-length):/i.test(header));
    return [status, ...headers.map((header) => header.replace(/^[^:]+/, (name) => name.toLowerCase())).sort(), ...body]
      .join("\r\n")
      .replace(/"(?:decisionId|entryHash|request|decision|identity|incident|[a-zA-Z]+Microcents)":"[^"]*"/g, "")
      .replace(/"sequence":[0-9]+|entry [0-9]+ /g, "");
  });
  return { answers, closed };
}

/** So many conversations; the same seed makes the same. */
export function conversations(seed: number, count: number): readonly Conversation[] {
  const conversation = fc.record({
    requests: fc.array(request, { minLength: 1, maxLength: 3 }),
    cuts: fc.array(fc.nat(900), { maxLength: 2 }),
    isHalfClosed: fc.integer({ min: 0, max: 5 }).map((die) => die === 0),
  });
  return fc.sample(conversation, { numRuns: count, seed }).map(({ requests, cuts, isHalfClosed }) => {
    const whole = requests.join("");
    const at = [...new Set([0, ...cuts.filter((cut) => cut < whole.length), whole.length])].sort((a, b) => a - b);
    return { pieces: at.slice(1).map((end, index) => whole.slice(at[index], end)), isHalfClosed };
  });
}

const AT_ONCE = 200;

/** The conversations that two services answer differently. */
export async function differences(
  fastUrl: string,
  plainUrl: string,
  all: readonly Conversation[],
): Promise<readonly Difference[]> {
  const found: Difference[] = [];
  for (let from = 0; from < all.length; from += AT_ONCE) {
    const part = all.slice(from, from + AT_ONCE);
    const [fast, plain] = await Promise.all(
      [fastUrl, plainUrl].map((url) => Promise.all(part.map((conversation) => heard(url, conversation)))),
    );
    for (const [index, conversation] of part.entries()) {
      let [mine, theirs] = [fast?.[index], plain?.[index]] as [Heard, Heard];
      // On a busy machine an answer may take longer than anybody listened.
      if (isCutShort(mine, theirs) || isCutShort(theirs, mine))
        [mine, theirs] = await Promise.all([
          heard(fastUrl, conversation, LONG_QUIET_MS),
          heard(plainUrl, conversation, LONG_QUIET_MS),
        ]);
      if (!isDeepStrictEqual(mine, theirs)) found.push({ conversation, fast: mine, plain: theirs });
    }
  }
  return found;
}

/** Whether one heard the beginning of what the other did, on a connection that was still open. */
function isCutShort(one: Heard, other: Heard): boolean {
  const { answers } = one;
  return (
    !one.closed && isDeepStrictEqual(answers, other.answers.slice(0, answers.length)) && !isDeepStrictEqual(one, other)
  );
}
