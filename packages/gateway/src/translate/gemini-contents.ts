/**
 * Writes turns as Google's contents. Instructions are separate; tool results form their own content, which answers all calls
 * of the content before.
 * @module
 */
import type { ExactJson } from "@calybris/kernel";
import type { ImagePart, TextPart, ToolCallPart, ToolResultPart, Turn } from "./call-request.ts";
import { type ExactObject, untranslatable } from "./field-check.ts";

/** Source: ai.google.dev/gemini-api/docs/image-understanding. */
const IMAGE_TYPES = new Set(["image/png", "image/jpeg", "image/webp", "image/heic", "image/heif"]);

/**
 * Google's documented placeholder for the signature of a call that another model made
 * (ai.google.dev/gemini-api/docs/thought-signatures).
 */
const FOREIGN_CALL = "skip_thought_signature_validator";

interface Content {
  readonly role: "user" | "model";
  readonly parts: ExactObject[];
}

/**
 * @param isSigned - whether the model requires a signature on the first call of each answer.
 * @throws GatewayError `CAL_GATEWAY_UNTRANSLATABLE`
 */
export function writeContents(
  turns: readonly Turn[],
  isSigned: boolean,
): { readonly systemInstruction?: ExactJson; readonly contents: readonly ExactJson[] } {
  const contents: Content[] = [];
  const system: ExactObject[] = [];
  let open: readonly ToolCallPart[] = [];
  for (const [index, turn] of turns.entries()) {
    if (turn.role === "instructions") {
      // Instructions before the model's first turn are part of the system prompt: Claude Code sends some after user text.
      if (contents.some(({ role }) => role === "model"))
        throw untranslatable(`messages[${index}].role`, "gives instructions amid the conversation");
      system.push(...turn.parts.map(({ text }) => ({ text })));
    } else if (turn.role === "assistant") {
      const calls = turn.parts.filter((part) => part.kind === "tool call");
      const texts = turn.parts.flatMap((part) => (part.kind === "text" ? [{ text: part.text }] : []));
      add(contents, "model", [...texts, ...calls.map((call, at) => callPart(call, isSigned && at === 0))]);
      if (calls.length > 0) open = [...open, ...calls];
    } else {
      const results = turn.parts.filter((part) => part.kind === "tool result");
      const words = turn.parts.filter((part) => part.kind !== "tool result");
      add(
        contents,
        "user",
        results.map((result) => resultPart(result, open, `messages[${index}]`)),
      );
      const answered = new Set(results.map(({ callId }) => callId));
      open = open.filter(({ id }) => !answered.has(id));
      if (words.length > 0 && open.length > 0)
        throw untranslatable(`messages[${index}]`, "leaves a call of a tool open");
      addWords(contents, words.map(wordPart));
    }
  }
  return {
    contents: contents.map(({ role, parts }) => ({ role, parts })),
    ...(system.length === 0 ? {} : { systemInstruction: { parts: system } }),
  };
}

/** Merges consecutive turns of one role into one content; drops empty turns. */
function add(contents: Content[], role: Content["role"], parts: readonly ExactObject[]): void {
  const last = contents.at(-1);
  if (parts.length === 0) return;
  if (last?.role === role) last.parts.push(...parts);
  else contents.push({ role, parts: [...parts] });
}

/** Keeps tool results in a separate content, directly after the calls. */
function addWords(contents: Content[], parts: readonly ExactObject[]): void {
  const isBehindResults = contents.at(-1)?.parts.some((part) => "functionResponse" in part) === true;
  if (isBehindResults && parts.length > 0) contents.push({ role: "user", parts: [...parts] });
  else add(contents, "user", parts);
}

function callPart({ id, name, input, signature }: ToolCallPart, isSigned: boolean): ExactObject {
  const written = signature ?? (isSigned ? FOREIGN_CALL : undefined);
  return { functionCall: { id, name, args: input }, ...(written === undefined ? {} : { thoughtSignature: written }) };
}

/** Google's types name the members of a function's result `output` and `error`. */
function resultPart(
  { callId, texts, isError }: ToolResultPart,
  open: readonly ToolCallPart[],
  path: string,
): ExactObject {
  const call = open.find(({ id }) => id === callId);
  if (call === undefined) throw untranslatable(path, "answers a call of a tool that is not before it");
  const text = texts.join("\n");
  return { functionResponse: { id: callId, name: call.name, response: isError ? { error: text } : { output: text } } };
}

function wordPart(part: TextPart | ImagePart): ExactObject {
  if (part.kind === "text") return { text: part.text };
  const { source } = part;
  if ("url" in source) throw untranslatable("messages", "hold an image by its address; Google takes its bytes");
  if (!IMAGE_TYPES.has(source.mediaType)) throw untranslatable("messages", `hold an image of type ${source.mediaType}`);
  return { inlineData: { mimeType: source.mediaType, data: source.data } };
}
