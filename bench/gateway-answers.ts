/**
 * The exact answers of the gateway benchmark's provider: one chat completion, and the same as a stream of events.
 * @module
 */

const MODEL = "gpt-4.1";
const ID = "chatcmpl-bench";
const CREATED = 1_760_000_000;
const WORDS = "The capital of France is Paris, and has been for most of its history as a country.".split(" ");
const USAGE = {
  prompt_tokens: 321,
  completion_tokens: 18,
  total_tokens: 339,
  prompt_tokens_details: { cached_tokens: 0, audio_tokens: 0 },
  completion_tokens_details: { reasoning_tokens: 0, audio_tokens: 0 },
};

export const JSON_ANSWER: Buffer = Buffer.from(
  JSON.stringify({
    ...{ id: ID, object: "chat.completion", created: CREATED, model: MODEL },
    choices: [
      {
        index: 0,
        message: { role: "assistant", content: WORDS.join(" "), refusal: null, annotations: [] },
        logprobs: null,
        finish_reason: "stop",
      },
    ],
    usage: USAGE,
    service_tier: "default",
    system_fingerprint: "fp_bench",
  }),
);

/** The events as written. The last two are the usage, which the benchmark's clients request, and the end. */
export const STREAM_EVENTS: readonly Buffer[] = [
  chunk([{ index: 0, delta: { role: "assistant", content: "" }, finish_reason: null }]),
  ...WORDS.map((word) => chunk([{ index: 0, delta: { content: `${word} ` }, finish_reason: null }])),
  chunk([{ index: 0, delta: {}, finish_reason: "stop" }]),
  chunk([], USAGE),
  Buffer.from("data: [DONE]\n\n"),
];

export const STREAM_ANSWER: Buffer = Buffer.concat(STREAM_EVENTS);

/** A unique request body of about 1,300 bytes. */
export function callBody(number: string, isStreamed: boolean): string {
  return JSON.stringify({
    model: MODEL,
    messages: [
      { role: "system", content: "You answer questions of geography in one sentence. ".repeat(20) },
      { role: "user", content: `Question ${number}: what is the capital of France?` },
    ],
    max_tokens: 64,
    temperature: 0.2,
    ...(isStreamed ? { stream: true, stream_options: { include_usage: true } } : {}),
  });
}

function chunk(choices: readonly object[], usage: object | null = null): Buffer {
  const value = { id: ID, object: "chat.completion.chunk", created: CREATED, model: MODEL, choices, usage };
  return Buffer.from(`data: ${JSON.stringify(value)}\n\n`);
}
