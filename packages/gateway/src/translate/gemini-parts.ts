/**
 * Reads the parts of Google's answers or chunks: texts and tool calls, the only parts that other dialects can express.
 * @module
 */
import { hash } from "node:crypto";
import { textOf } from "../usage/usage-record.ts";
import { asList, asObject, type Json } from "../wire/stream-sights.ts";
import { signedExtra } from "./google-signature.ts";

export interface GeminiParts {
  readonly text: string;
  /** In the form of a chat completion, without an index. */
  readonly calls: readonly Json[];
  /** The part that other dialects cannot express. */
  readonly problem: string | undefined;
}

/** Members of a part that annotate another member. */
const NOTES = new Set(["thought", "thoughtSignature", "partMetadata", "mediaResolution", "videoMetadata"]);

/**
 * @param callCount - the number of earlier calls in the same answer.
 */
export function readGeminiParts(answer: Json, callCount: number): GeminiParts {
  let text = "";
  const calls: Json[] = [];
  const [candidate, ...others] = asList(answer["candidates"]).map((one) => asObject(one) ?? {});
  if (others.length > 0) return { text, calls, problem: "the answer has more than one candidate" };
  for (const value of asList(asObject(candidate?.["content"])?.["parts"])) {
    const part = asObject(value) ?? {};
    const [kind, more] = Object.keys(part).filter((name) => !NOTES.has(name));
    // Thought summaries are dropped; their cost is in the usage.
    if (kind === undefined || part["thought"] === true) continue;
    if (kind === "text" && more === undefined) text += textOf(part["text"]);
    else if (kind === "functionCall" && more === undefined) {
      const call = asObject(part["functionCall"]) ?? {};
      if ("partialArgs" in call || call["willContinue"] === true)
        return { text, calls, problem: "the answer holds a call of a tool in pieces" };
      calls.push(chatCall(call, textOf(part["thoughtSignature"]), answer, callCount + calls.length));
    } else return { text, calls, problem: `the answer holds a part of type ${kind}` };
  }
  return { text, calls, problem: undefined };
}

function chatCall(call: Json, signature: string, answer: Json, index: number): Json {
  const { name, args } = call;
  return {
    id: textOf(call["id"]) || madeId(call, answer, index),
    type: "function",
    function: { name, arguments: JSON.stringify(args ?? {}) },
    ...(signature === "" ? {} : signedExtra(signature)),
  };
}

const ID_LENGTH = 24;

/**
 * Older models do not give calls an ID. An ID derived from the answer's ID and the call's position is the same, streamed or
 * not, and differs between turns. Its characters are valid in all dialects.
 */
function madeId(call: Json, answer: Json, index: number): string {
  return `call_${hash("sha256", JSON.stringify([answer["responseId"], index, call]), "hex").slice(0, ID_LENGTH)}`;
}

export function finishOf(answer: Json): string {
  return textOf(asObject(asList(answer["candidates"])[0])?.["finishReason"]);
}
