/**
 * Planted bugs of the wire: spans, streams, usage, prices, errors and translation.
 * @module
 */
import type { Mutant } from "./mutants.ts";

const SPANS = "gateway/src/wire/json-spans.ts";
const SPANS_TEST = "gateway/test/wire/json-spans.test.ts";
const SCANNER = "gateway/src/wire/sse-scanner.ts";
const SCANNER_TEST = "gateway/test/wire/sse-scanner.test.ts";
const PASS = "gateway/src/wire/stream-pass.ts";
const PASS_TEST = "gateway/test/wire/stream-pass.test.ts";
const COST = "gateway/src/prices/call-cost.ts";
const COST_TEST = "gateway/test/prices/call-cost.test.ts";
const USAGE_TEST = "gateway/test/usage/usage-reader.test.ts";
const ERRORS_TEST = "gateway/test/wire/errors.test.ts";
const REQUESTS_TEST = "gateway/test/translate/requests.test.ts";
const GEMINI_REQUESTS_TEST = "gateway/test/translate/gemini-requests.test.ts";
const GEMINI_ANSWERS_TEST = "gateway/test/translate/gemini-answers.test.ts";
const STREAMS_TEST = "gateway/test/translate/streams.test.ts";

export const WIRE_MUTANTS: readonly Mutant[] = [
  {
    name: "a field that is set twice counts as the last one",
    file: SPANS,
    find: "if (this.#members.has(key)) {",
    replace: "if (this.#members.has(key) && key === '') {",
    test: SPANS_TEST,
  },
  {
    name: "events of a packet are joined with what was left out between them",
    file: PASS,
    find: "buffer !== first.buffer || byteOffset !== end",
    replace: "buffer !== first.buffer",
    test: PASS_TEST,
  },
  {
    name: "a field's name is compared as it is written",
    file: SPANS,
    find: "written : (JSON.parse(",
    replace: "written : (((text: string): string => text.slice(1, -1))(",
    test: SPANS_TEST,
  },
  {
    name: "a character that is cut in two is checked by halves",
    file: SPANS,
    find: "this.#mayBeWithinCharacter = (piece.at(-1) ?? 0xff) >= 0x80;",
    replace: "this.#mayBeWithinCharacter = false;",
    test: SPANS_TEST,
  },
  {
    name: "a body may be nested one level deeper than its bound",
    file: SPANS,
    find: "if (this.#nesting === nestingMax)",
    replace: "if (this.#nesting > nestingMax)",
    test: SPANS_TEST,
  },
  {
    name: "two members added to an empty object have no comma between them",
    file: "gateway/src/wire/body-members.ts",
    find: "hasComma || addedAt === at",
    replace: "hasComma",
    test: "gateway/test/wire/request-edits.test.ts",
  },
  {
    name: "an LF behind a CR at a cut begins a line of its own",
    file: SCANNER,
    find: "if (piece.byteLength === 0 || !this.#isAfterReturn) return 0;",
    replace: "if (piece.byteLength === 0 || this.#isAfterReturn || !this.#isAfterReturn) return 0;",
    test: SCANNER_TEST,
  },
  {
    name: "an event that is held is a view of a piece that may change",
    file: SCANNER,
    find: "rest.copy(this.#held, this.#heldBytes);",
    replace: "if (this.#heldBytes === 0) this.#held = rest;\n    else rest.copy(this.#held, this.#heldBytes);",
    test: SCANNER_TEST,
  },
  {
    name: "[DONE] alone completes an answer",
    file: PASS,
    find: 'return this.#options.dialect === "openai-chat" && this.#finished.size === 0 && isDone(block);',
    replace: "return false;",
    test: PASS_TEST,
  },
  {
    name: "a chunk with usage and a finish reason is left out",
    file: PASS,
    find: "return (reason ?? null) === null && Object.keys",
    replace: "return Object.keys",
    test: PASS_TEST,
  },
  {
    name: "a stream that was cut ends without a word",
    file: PASS,
    find: 'const ending = outcome === "cut" ? streamError(dialect, STREAM_CUT, this.#progress()) : completion(dialect);',
    replace: 'const ending = outcome === "cut" ? "" : completion(dialect);',
    test: PASS_TEST,
  },
  {
    name: "counts of a stream are added up",
    file: "gateway/src/usage/anthropic-usage.ts",
    find: "return { ...before, ...Object.fromEntries(said) };",
    replace:
      "return { ...before, ...Object.fromEntries(said.map(([name, value]) => [name, typeof value === 'number' ? value + Number(before[name] ?? 0) : value])) };",
    test: USAGE_TEST,
  },
  {
    name: "what the split of cache writes does not name is not billed",
    file: "gateway/src/usage/anthropic-usage.ts",
    find: "Math.max(short, written - long)",
    replace: "short",
    test: USAGE_TEST,
  },
  {
    name: "reasoning is always beside the completion",
    file: "gateway/src/usage/openai-usage.ts",
    find: "if (beyond === 0) return completion;",
    replace: "if (beyond === 0) return completion + reasoning;",
    test: USAGE_TEST,
  },
  {
    name: "a price is rounded at each part",
    file: COST,
    find: "sum += BigInt(count) * rateAt(rate, inputTokens);",
    replace: "sum += ceilDivide(BigInt(count) * rateAt(rate, inputTokens), UNITS_PER_RATE) * UNITS_PER_RATE;",
    test: COST_TEST,
  },
  {
    name: "a tier begins at its bound",
    file: "gateway/src/prices/model-prices.ts",
    find: "inputTokens > aboveInputTokens",
    replace: "inputTokens >= aboveInputTokens",
    test: COST_TEST,
  },
  {
    name: "a word without a known factor costs the list price, and nothing is held",
    file: "gateway/src/prices/price-factors.ts",
    find: "if (factorBps === undefined) unknown.push(name);",
    replace: "if (factorBps === undefined) continue;",
    test: COST_TEST,
  },
  {
    name: "a prefix prices a model",
    file: "gateway/src/prices/price-book.ts",
    find: "return this.#of(provider).byId.get(id);",
    replace: "return this.#of(provider).all.find((model) => model.exactIds.some((one) => id.startsWith(one)));",
    test: COST_TEST,
  },
  {
    name: "a refusal may be sent again",
    file: "gateway/src/wire/refusals.ts",
    find: "const error: WireError = { status, message, code, isRetryable: false,",
    replace: "const error: WireError = { status: status === 402 ? 429 : status, message, code,",
    test: ERRORS_TEST,
  },
  {
    name: "the operator's quota is disclosed to the tenant",
    file: "gateway/src/wire/provider-errors.ts",
    find: "ACCOUNT_CODES.has(type) ||",
    replace: "",
    test: ERRORS_TEST,
  },
  {
    name: "a cookie of the provider's passes",
    file: "gateway/src/wire/header-lists.ts",
    find: '    "x-should-retry",\n  ],',
    replace: '    "x-should-retry",\n    "set-cookie",\n  ],',
    test: "gateway/test/wire/header-lists.test.ts",
  },
  {
    name: "an unknown field is dropped on the way to the other dialect",
    file: "gateway/src/translate/field-check.ts",
    find: 'if (rule === undefined) throw untranslatable(field, "is unknown to this version");',
    replace: "if (rule === undefined) continue;",
    test: "gateway/test/translate/request-fields.test.ts",
  },
  {
    name: "a choice of no tool carries the flag for parallel calls",
    file: "gateway/src/translate/messages-request.ts",
    find: 'if (toolChoice?.kind === "none") return { type: "none" };',
    replace:
      'if (toolChoice?.kind === "none") return { type: "none", disable_parallel_tool_use: isParallel === false };',
    test: REQUESTS_TEST,
  },
  {
    name: "results of tools stay behind the words",
    file: "gateway/src/translate/chat-messages.ts",
    find: "return [...results.map(toolMessage), ...own];",
    replace: "return [...own, ...results.map(toolMessage)];",
    test: REQUESTS_TEST,
  },
  {
    name: "a refusal stops like an answer",
    file: "gateway/src/translate/stop-reasons.ts",
    find: '["refusal", "content_filter"],',
    replace: '["refusal", "stop"],',
    test: STREAMS_TEST,
  },
  {
    name: "blocks of a translated stream are open at the same time",
    file: "gateway/src/translate/messages-stream.ts",
    find: 'else waiting.waiting.push(piece);\n    return "";',
    replace: "else waiting.waiting.push(piece);\n    return this.#startOf(this.#blocks.at(-1) ?? open);",
    test: STREAMS_TEST,
  },
  {
    name: "a prompt that Google refused is not over",
    file: "gateway/src/usage/gemini-usage.ts",
    find: "return isBlocked || asList",
    replace: "return asList",
    test: GEMINI_ANSWERS_TEST,
    title: "a prompt that was refused",
  },
  {
    name: "a signature of Google's goes to another provider",
    file: "gateway/src/translate/chat-messages.ts",
    find: "if (calls.some(({ signature }) => signature !== undefined))",
    replace: "if (calls.length > 99)",
    test: GEMINI_REQUESTS_TEST,
    title: "keeps a conversation at Google",
  },
  {
    name: "a rule that Google does not enforce is promised",
    file: "gateway/src/translate/gemini-schema.ts",
    find: "if (unknown !== undefined) throw untranslatable",
    replace: 'if (unknown === "") throw untranslatable',
    test: GEMINI_REQUESTS_TEST,
    title: "a pattern",
  },
  {
    name: "calls of tools by Google share an id from turn to turn",
    file: "gateway/src/translate/gemini-parts.ts",
    find: 'JSON.stringify([answer["responseId"], index, call])',
    replace: "JSON.stringify([index, call])",
    test: GEMINI_ANSWERS_TEST,
    title: "ids of their own",
  },
  {
    name: "an integer of 64 bits in arguments is rounded",
    file: "gateway/src/translate/exact-parse.ts",
    find: "if (!LONG_NUMBER.test(text)) return",
    replace: "if (text.length > 0) return",
    test: GEMINI_ANSWERS_TEST,
    title: "integers of 64 bits",
  },
  {
    name: "a translated response that is cut is numbered again",
    file: "gateway/src/translate/response-stream.ts",
    find: "sequenceNumber: this.#eventCount }",
    replace: "sequenceNumber: 0 }",
    test: "gateway/test/translate/responses.test.ts",
    title: "that is cut",
  },
  {
    name: "a host is sent what it ignores",
    file: "gateway/src/providers/hosts.ts",
    find: "return takes?.has(name) !== false && refuses?.has(name) !== true;",
    replace: "return refuses?.has(name) !== true;",
    test: "gateway/test/providers/hosts.test.ts",
  },
  {
    name: "a substitute need not do what the call asks for",
    file: "gateway/src/calls/call-gates.ts",
    find: "return name === undefined ? !isSubstitute :",
    replace: "return name === undefined ? true :",
    test: "gateway/test/calls/gates.test.ts",
  },
  {
    name: "a field that the table refuses for Google is left out",
    file: "gateway/src/translate/request-fields.ts",
    find: 'verbosity: rule("refused", { neutral: ["medium"] }, {',
    replace: 'verbosity: rule("refused", { neutral: ["medium"] }, { gemini: "hint",',
    test: "gateway/test/translate/field-cells.test.ts",
    title: "left out",
  },
  {
    name: "an error with status 200 is an answer",
    file: "gateway/src/calls/answer-whole.ts",
    find: "  if (fault !== undefined) {",
    replace: "  if (fault !== undefined && isTranslated) {",
    test: "gateway/test/calls/shared-cases.test.ts",
    title: "an error with status 200",
  },
  {
    name: "a limit that the policy wrote is not said",
    file: "gateway/src/calls/call-headers.ts",
    find: "  if (isLimitWritten || call.isOutputLowered)",
    replace: "  if (call.isOutputLowered)",
    test: "gateway/test/calls/shared-cases.test.ts",
    title: "a limit of the policy",
  },
  {
    name: "a count that Google has no words for fails",
    file: "gateway/src/calls/count-tokens.ts",
    find: 'error.code === "CAL_GATEWAY_UNTRANSLATABLE") return undefined;',
    replace: 'error.code === "CAL_GATEWAY_BUG") return undefined;',
    test: "gateway/test/calls/google.test.ts",
    title: "is estimated",
  },
  {
    name: "two exports are spread over the same calls at once",
    file: "gateway/src/decisions/usage-export.ts",
    find: "        await before;\n",
    replace: "        void before;\n",
    test: "gateway/test/decisions/usage-export.test.ts",
    title: "a bill is spread",
  },
  {
    name: "the second half of a character beyond the basic plane counts once more",
    file: "gateway/src/attribution/text-counts.ts",
    find: "if (point >= BASIC_PLANE) at += 1;",
    replace: "",
    test: "gateway/test/attribution/text-counts.test.ts",
  },
];
