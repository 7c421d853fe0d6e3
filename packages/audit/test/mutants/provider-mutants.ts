/**
 * Planted bugs of calls to providers, and of the mock that stands for one.
 * @module
 */
import type { Mutant } from "./mutants.ts";

const ATTEMPTS = "gateway/src/providers/call-attempts.ts";
const ATTEMPTS_TEST = "gateway/test/providers/call-attempts.test.ts";
const UPSTREAM_TEST = "gateway/test/providers/upstream.test.ts";

export const PROVIDER_MUTANTS: readonly Mutant[] = [
  {
    name: "a call whose answer was lost is sent again",
    file: ATTEMPTS,
    find: 'error.isSent || error.kind === "left" ? "never" : "same"',
    replace: '"same"',
    test: ATTEMPTS_TEST,
  },
  {
    name: "an attempt is sent while it is being journaled",
    file: ATTEMPTS,
    find: "return await ports.begin(attempt);",
    replace: 'ports.begin(attempt).catch(() => undefined); return "unjournaled";',
    test: ATTEMPTS_TEST,
  },
  {
    name: "a rate limit counts against its deployment",
    file: "gateway/src/providers/retry-rules.ts",
    find: 'rate: "neutral"',
    replace: 'rate: "fault"',
    test: ATTEMPTS_TEST,
  },
  {
    name: "a refused account is called until it has failed ten times",
    file: "gateway/src/providers/deployment-guard.ts",
    find: 'if (health === "account") this.#breaker.opensNext = true;',
    replace: "",
    test: "gateway/test/providers/deployment.test.ts",
  },
  {
    name: "a provider goes on for a client that left",
    file: "gateway/src/providers/upstream.ts",
    find: 'left.addEventListener("abort", leave, { once: true });',
    replace: "",
    test: UPSTREAM_TEST,
    title: "before the head is gone",
  },
  {
    name: "the time that a client takes to read counts as the provider's",
    file: "gateway/src/providers/call-deadlines.ts",
    find: 'if (this.#phase === "idle") this.#phaseAtMs = Number.POSITIVE_INFINITY;\n',
    replace: "",
    test: "gateway/test/providers/call-deadlines.test.ts",
    title: "takes to read",
  },
  {
    name: "a request that ended while it waited for its connection is sent",
    file: "gateway/src/providers/upstream-exchange.ts",
    find: "if (this.#failure !== undefined) abort(this.#failure);\n    else this.#abort = abort;",
    replace: "this.#abort = abort;",
    test: "gateway/test/providers/upstream-exchange.test.ts",
    title: "waited for its connection",
  },
  {
    name: "a provider never waits for a slow client",
    file: "gateway/src/providers/upstream-exchange.ts",
    find: "return !this.#isPaused;",
    replace: "return true;",
    test: "gateway/test/providers/upstream-exchange.test.ts",
    title: "as much is held as may be",
  },
  {
    name: "a stream on the fast path is not ended",
    file: "gateway/src/http/chunked-answer.ts",
    find: 'this.#connection.write(last, "latin1", last.length, this.#parts.taken);',
    replace: "this.#parts.taken();",
    test: "gateway/test/calls/both-paths.test.ts",
    title: "answered alike",
  },
  {
    name: "a query decides which path a call takes, and is dropped",
    file: "gateway/src/http/plain-head.ts",
    find: "return { url, path, headers, length: Number(length) };",
    replace: "return { url: path, path, headers, length: Number(length) };",
    test: "gateway/test/http/fast-path.test.ts",
    title: "is read as it was written",
  },
  {
    name: "the mock bills all of an answer that it cut",
    file: "gateway/src/mock/mock-answer.ts",
    find: "bill.bill({ ...call.counts, outputTokens, reasoningTokens:",
    replace: "bill.bill({ ...call.counts, reasoningTokens:",
    test: "gateway/test/mock/mock-faults.test.ts",
  },
  {
    name: "a client that leaves costs nothing",
    file: "gateway/src/calls/answer-stream.ts",
    find: 'this.#ending = this.#settle({ outcome, cause: "client_gone", firstByteMs: this.#firstByteMs });',
    replace: "this.#ending = Promise.resolve();",
    test: "gateway/test/calls/money.test.ts",
    title: "client that leaves",
  },
  {
    name: "an attempt is sent by an id that no usage export is read by",
    file: "gateway/src/calls/call-record.ts",
    find: "decisionId}/$",
    replace: "decisionId}-$",
    test: "gateway/test/calls/money.test.ts",
    title: "is settled at what the provider bills",
  },
  {
    name: "a refused call keeps what was reserved for it",
    file: "gateway/src/calls/call-record.ts",
    find: "    else await this.#call.release(pending);",
    replace: "",
    test: "gateway/test/calls/money.test.ts",
    title: "comes back",
  },
  {
    name: "an output limit is not written into the request",
    file: "gateway/src/calls/lanes.ts",
    find: "...(outputTokens === undefined ? [] : editOutputLimit(body, dialect, outputTokens, field)),",
    replace: "",
    test: "gateway/test/calls/limits.test.ts",
  },
];
