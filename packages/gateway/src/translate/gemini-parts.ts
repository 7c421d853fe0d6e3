/**
 * The parts of one of Google's answers, or of a piece of it: texts, calls of tools, and nothing else that another dialect could
 * say.
 * @module
 */
import { hash } from "node:crypto";
import { textOf } from "../usage/usage-record.ts";
import { asList, asObject, type Json } from "../wire/stream-sights.ts";
import { signedExtra } from "./google-signature.ts";

export interface GeminiParts {
  readonly text: string;
  /** As a chat completion has them, without an index. */
  readonly calls: readonly Json[];
  /** What another dialect cannot say. */
  readonly problem: string | undefined;
}

/** Members of a part that say something about another member. */
const NOTES = new Set(["thought", "thoughtSignature", "partMetadata", "mediaResolution", "videoMetadata"]);

/**
 * @param callCount - calls of the same answer before these.
 */
export function readGeminiParts(answer: Json, callCount: number): GeminiParts {
  let text = "";
  const calls: Json[] = [];
  const [candidate, ...others] = asList(answer["candidates"]).map((one) => asObject(one) ?? {});
  if (others.length > 0) return { text, calls, problem: "the answer has more than one candidate" };
  for (const value of asList(asObject(candidate?.["content"])?.["parts"])) {
    const part = asObject(value) ?? {};
    const [kind, more] = Object.keys(part).filter((name) => !NOTES.has(name));
    // A summary of thoughts has no place, and what it costs is in the usage.
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
 * Older models give calls no id. One that is made of the answer's own id and the call's place is the same, streamed or not, and
 * differs from turn to turn; its letters are those that all dialects take.
 */
function madeId(call: Json, answer: Json, index: number): string {
  return `call_${hash("sha256", JSON.stringify([answer["responseId"], index, call]), "hex").slice(0, ID_LENGTH)}`;
}

export function finishOf(answer: Json): string {
  return textOf(asObject(asList(answer["candidates"])[0])?.["finishReason"]);
}
