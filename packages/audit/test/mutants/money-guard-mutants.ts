/**
 * Planted bugs of what guards the money of calls: the scan of a body, bounds and estimates, the brake, keys and metrics.
 * @module
 */
import type { Mutant } from "./mutants.ts";

const WALK = "gateway/src/scan/json-walk.ts";
const WALK_TEST = "gateway/test/scan/json-walk.test.ts";
const COUNT = "gateway/src/scan/content-count.ts";
const CONTENT_TEST = "gateway/test/scan/call-content.test.ts";
const DIGEST = "gateway/src/scan/prompt-digest.ts";
const DIGEST_TEST = "gateway/test/scan/prompt-digest.test.ts";
const BOUND = "gateway/src/reserve/call-bound.ts";
const BOUND_TEST = "gateway/test/reserve/call-bound.test.ts";
const ESTIMATOR = "gateway/src/reserve/usage-estimator.ts";
const ESTIMATOR_TEST = "gateway/test/reserve/usage-estimator.test.ts";
const BRAKE = "gateway/src/brake/storm-brake.ts";
const BRAKE_TEST = "gateway/test/brake/storm-brake.test.ts";

const WATCHED_TEST = "gateway/test/calls/watched.test.ts";
const CACHED_TEST = "gateway/test/calls/cached-calls.test.ts";

export const MONEY_GUARD_MUTANTS: readonly Mutant[] = [
  {
    name: "a quote behind two backslashes does not end a text",
    file: WALK,
    find: "while (this.#runBefore(quote, at + 1) % 2 === 1)",
    replace: "while (this.#runBefore(quote, at + 1) > 0)",
    test: WALK_TEST,
  },
  {
    name: "a block of an unknown kind counts as its bytes",
    file: COUNT,
    find: "else if (!BYTE_BLOCKS.has(type)) this.hide(`block ${type}`);",
    replace: "",
    test: CONTENT_TEST,
  },
  {
    name: "an image in a tool's result is not seen",
    file: COUNT,
    find: 'else if (key === "content") return this.#inner(value);',
    replace: "",
    test: CONTENT_TEST,
  },
  {
    name: "any first block of a system prompt is left out of the digest",
    file: DIGEST,
    find: "?.startsWith(LINE_BEGINS) === true",
    replace: "?.includes(LINE_BEGINS) === true",
    test: DIGEST_TEST,
  },
  {
    name: "a digest of a short prompt has no outer key",
    file: "gateway/src/scan/keyed-digest.ts",
    find: "outside.set(outer, 0);",
    replace: "outside.set(inner, 0);",
    test: "gateway/test/scan/keyed-digest.test.ts",
  },
  {
    name: "an outcome that settles needs no cost",
    file: "engine/src/flows/parsed-outcome.ts",
    find: " && costMicrocents !== undefined",
    replace: "",
    test: "engine/test/flows/parsed-outcome.test.ts",
  },
  {
    name: "the bound forgets the factor of the tier",
    file: BOUND,
    find: "tokens * inputRate * factor + fixed",
    replace: "tokens * inputRate * BPS + fixed",
    test: BOUND_TEST,
  },
  {
    name: "the bound of the output is that of one answer",
    file: BOUND,
    find: "outputRate * factor * BigInt(content.choiceCount)",
    replace: "outputRate * factor",
    test: BOUND_TEST,
  },
  {
    name: "an estimate above the bound is offered",
    file: BOUND,
    find: "tokens === undefined || BigInt(estimate) < tokens.count",
    replace: "true",
    test: BOUND_TEST,
  },
  {
    name: "an estimate is the quantile of the calls that were seen, without the one to come",
    file: ESTIMATOR,
    find: "Math.ceil(((calls + 1) * shareBps) / BPS)",
    replace: "Math.ceil((calls * shareBps) / BPS)",
    test: ESTIMATOR_TEST,
  },
  {
    name: "a class of scores stands for its lowest",
    file: ESTIMATOR,
    find: "+ 1) * 2 ** octave - 1;",
    replace: ") * 2 ** octave;",
    test: ESTIMATOR_TEST,
  },
  {
    name: "an answer does not end a storm",
    file: BRAKE,
    find: "if (end.isAnswered) return;",
    replace: "if (end.isAnswered) this.#failures.set(key, failures);\n    if (end.isAnswered) return;",
    test: BRAKE_TEST,
  },
  {
    name: "a storm has no end",
    file: BRAKE,
    find: "while (this.#count > 0 && this.firstMs <= afterMs)",
    replace: "while (this.#count > 0 && this.firstMs <= afterMs - 60_000)",
    test: BRAKE_TEST,
  },
  {
    name: "a created key is accepted after its time",
    file: "gateway/src/keys/keyring.ts",
    find: "this.#nowMs() * 1_000 >= expiresAtUs",
    replace: "this.#nowMs() * 1_000 >= expiresAtUs * 1_000",
    test: "gateway/test/keys/created-keys.test.ts",
  },
  {
    name: "a key may create one with more scopes than its own",
    file: "gateway/src/decisions/keys.ts",
    find: "if (scope !== undefined) throw new GatewayError",
    replace: 'if (scope === ("none" as string)) throw new GatewayError',
    test: "gateway/test/keys/created-keys.test.ts",
  },
  {
    name: "a reload revokes created keys",
    file: "engine/src/flows/keys.ts",
    find: " && !book.isCreated(sequence))",
    replace: ")",
    test: "engine/test/flows/created-keys.test.ts",
  },
  {
    name: "answers are shared among tenants",
    file: "gateway/src/cache/response-cache.ts",
    find: "JSON.stringify([tenant, requestDigest, candidate, ...versions])",
    replace: "JSON.stringify([requestDigest, candidate, ...versions, tenant.slice(0, 0)])",
    test: "gateway/test/cache/response-cache.test.ts",
  },
  {
    name: "a call that is held counts nothing as held",
    file: "gateway/src/calls/call-watch.ts",
    find: 'standing.state === "held" ? standing.reservedMicrocents : 0n',
    replace: "0n",
    test: WATCHED_TEST,
  },
  {
    name: "a storm that is only observed is not counted",
    file: "gateway/src/calls/call-flow.ts",
    find: "if (storm.isStorm) context.metrics.storm",
    replace: 'if (storm.isStorm && named.mode === "enforce") context.metrics.storm',
    test: WATCHED_TEST,
  },
  {
    name: "a reservation counts on every level",
    file: "engine/src/ledger/totals.ts",
    find: "reservedMicrocents: greater(account.reservedMicrocents, theirs.reservedMicrocents)",
    replace: "reservedMicrocents: account.reservedMicrocents + theirs.reservedMicrocents",
    test: "engine/test/ledger/totals.test.ts",
  },
  {
    name: "a stored response is answered from memory",
    file: "gateway/src/calls/answer-cache.ts",
    find: 'return store !== "false" || members',
    replace: 'return store === "true" || members',
    test: CACHED_TEST,
  },
  {
    name: "a client that wants no kept answer gets one",
    file: "gateway/src/calls/answer-cache.ts",
    find: " || isUnwanted(headers)",
    replace: "",
    test: CACHED_TEST,
  },
  {
    name: "headers that reach the provider do not distinguish calls",
    file: "gateway/src/calls/answer-cache.ts",
    find: "listedHeaders(REQUEST_HEADERS[dialect], pairsOf(headers))",
    replace: "listedHeaders(REQUEST_HEADERS[dialect], [])",
    test: CACHED_TEST,
  },
  {
    name: "an answer of which a part of the cost is not known is kept",
    file: "gateway/src/calls/call-run.ts",
    find: "cost?.unknown.length === 0",
    replace: "cost !== undefined",
    test: CACHED_TEST,
  },
  {
    name: "a model that stood in answers for the one that was decided",
    file: "gateway/src/calls/call-run.ts",
    find: "if (isKept && lane.candidateId === this.#call.candidate)",
    replace: "if (isKept)",
    test: CACHED_TEST,
  },
  {
    name: "an answer with a lowered limit is kept",
    file: "gateway/src/calls/kept-answer.ts",
    find: " || begun.call.isOutputLowered",
    replace: "",
    test: CACHED_TEST,
  },
  {
    name: "a hit keeps its reservation",
    file: "gateway/src/calls/kept-answer.ts",
    find: "await call.release();",
    replace: "await Promise.resolve();",
    test: CACHED_TEST,
  },
  {
    name: "a key's models do not bind batches",
    file: "gateway/src/decisions/batch.ts",
    find: "      requireRequested(engine, call.principal, request);\n",
    replace: "",
    test: "gateway/test/keys/created-keys.test.ts",
  },
  {
    name: "a candidate that is named by its number is not checked",
    file: "gateway/src/decisions/requested-model.ts",
    find: 'if (typeof name === "string") requireModel',
    replace: 'if (typeof name === "string" && name === requested) requireModel',
    test: "gateway/test/keys/created-keys.test.ts",
  },
];
