import { parseStrictJson } from "@calybris/kernel";
import { describe, expect, test } from "vitest";
import { geminiProblem } from "../../src/mock/gemini-call.ts";
import type { CallRequest } from "../../src/translate/call-request.ts";
import { readChatRequest } from "../../src/translate/chat-request.ts";
import { type ExactObject, exactText } from "../../src/translate/field-check.ts";
import { writeGeminiRequest } from "../../src/translate/gemini-request.ts";
import { readMessagesRequest } from "../../src/translate/messages-request.ts";
import type { Json } from "../../src/wire/stream-sights.ts";
import { hasRecordings, recordedFiles } from "../wire/recorded-wire.ts";

/** Why the mock, which holds requests to Google's own field names, does not take a call; or the field that is refused. */
function faultOf(read: () => CallRequest): string {
  try {
    const call = { ...read(), model: "gemini-3-flash-preview" };
    return geminiProblem(JSON.parse(exactText(writeGeminiRequest(call, 4_096))) as Json, call.model) ?? "accepted";
  } catch (error) {
    const { details } = error as { readonly details?: { readonly mistakes: readonly { readonly path: string }[] } };
    return details?.mistakes[0]?.path ?? String(error);
  }
}

const files = hasRecordings ? recordedFiles() : new Map<string, string>();

// Skipped where the data sets are missing; CALYBRIS_DATA names their folder.
describe.skipIf(!hasRecordings)("recorded requests", () => {
  test.each([
    [
      /\/chat-completions\/(?:followup-)?request\.json$/,
      (request: ExactObject) => readChatRequest(request, "gemini"),
      {
        accepted: 58,
        frequency_penalty: 2,
        logit_bias: 1,
        logprobs: 1,
        // Images by their address.
        messages: 2,
        // Files, and what another model thought.
        "messages[0].content[1].type": 2,
        "messages[1].reasoning": 1,
        "messages[1].reasoning_signature": 1,
        n: 2,
        parallel_tool_calls: 2,
        prediction: 1,
        presence_penalty: 2,
        reasoning_effort: 1,
        "response_format.type": 1,
        store: 2,
      },
    ],
    [
      /\/anthropic\/(?:followup-)?request\.json$/,
      (request: ExactObject) => readMessagesRequest(request, "gemini"),
      {
        accepted: 61,
        context_management: 1,
        // Documents, and thinking with its signature.
        "messages[0].content[0].type": 2,
        "messages[1].content[0].type": 2,
        "output_config.effort": 4,
        output_format: 1,
        thinking: 3,
        "tool_choice.disable_parallel_tool_use": 2,
        // Anthropic's own tools.
        "tools[0].type": 8,
      },
    ],
  ] as const)("of %s are requests that Google's field names allow, or are refused by name", (pattern, read, wanted) => {
    const tally = new Map<string, number>();
    for (const [name, text] of files) {
      if (!pattern.test(name)) continue;
      const key = faultOf(() => read(parseStrictJson(text) as ExactObject));
      tally.set(key, (tally.get(key) ?? 0) + 1);
    }
    expect(Object.fromEntries(tally)).toEqual(wanted);
  });
});
