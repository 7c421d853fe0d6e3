/**
 * Features of a call for the learner: integers, computed from its body when it arrives. The prior scores the text, which is
 * not stored; only lengths and counts are kept.
 * @module
 */
import type { CallContent } from "../scan/content-count.ts";
import { textCounts, type TextCounts } from "./text-counts.ts";

/** The features that a call can have, in the order of the documentation. */
export const CALL_FEATURES = {
  prompt_bytes: "bytes that the model reads",
  messages: "messages, or items of the input",
  tools: "tools defined",
  tool_bytes: "bytes of the tools' definitions",
  images: "images",
  wide_bps: "share of the prompt beyond ASCII, in ten-thousandths",
  output_limit: "the client's limit of the output; 0 for none",
  text_characters: "characters of the user's last text, of which the first 8,192 bytes are read",
  text_words: "words in it",
  text_lines: "lines in it",
  text_digits: "digits in it",
  text_capitals: "capital letters in it",
  text_punctuation: "signs in it: neither letter, digit nor space",
  text_questions: "question marks in it",
  text_code: "lines in it that look like code",
  text_script:
    "its script: 0 none, 1 Latin, 2 Cyrillic, 3 Greek, 4 Arabic, 5 Hebrew, 6 Devanagari, 7 Han, 8 kana, 9 Hangul, 10 Thai, 11 another",
} as const;

export type CallFeature = keyof typeof CALL_FEATURES;
export type CallFeatures = { readonly [Name in CallFeature]: number };

const [HAN, KANA, OTHER] = [7, 8, 11];
/** Scripts whose characters carry more meaning than a letter of an alphabet. */
const DENSE_SCRIPTS: ReadonlySet<number> = new Set([HAN, KANA, 9]);
const DENSE_WEIGHT = 3;
const KANA_SHARE = 10;

const CODE_LINE =
  /^\s*(?:[}\])];?|(?:import|from|def|class|function|const|let|var|return|if|for|while|public|private|#include|SELECT|INSERT|UPDATE)\b.*[({;:=]|.*[{};]\s*$|```|<\/?[a-z][^>]*>\s*$)/;

const BPS = 10_000;

/**
 * @param limitTokens - the client's output limit.
 *
 * @example
 * ```ts
 * const { content } = scanCall(Buffer.from('{"messages":[{"role":"user","content":"Why is 6 afraid of 7?"}]}'), "openai-chat", new Uint8Array(32));
 * const { text_words, text_digits, text_questions, text_script } = callFeatures(content, 100);
 * [text_words, text_digits, text_questions, text_script]; // [6, 2, 1, 1]
 * ```
 */
export function callFeatures(content: CallContent, limitTokens: number | undefined): CallFeatures {
  const { promptBytes, wideBytes, messageCount, toolCount, toolBytes, imageCount, userText } = content;
  const lines = userText === "" ? [] : userText.split("\n");
  const counts = textCounts(userText);
  return {
    prompt_bytes: promptBytes,
    messages: messageCount,
    tools: toolCount,
    tool_bytes: toolBytes,
    images: imageCount,
    wide_bps: promptBytes === 0 ? 0 : Math.min(BPS, Math.floor((wideBytes * BPS) / promptBytes)),
    output_limit: limitTokens ?? 0,
    text_characters: userText.length,
    text_words: counts.words,
    text_lines: lines.length,
    text_digits: counts.digits,
    text_capitals: counts.capitals,
    text_punctuation: counts.punctuation,
    text_questions: counts.questions,
    text_code: lines.filter((line) => line.length < CODE_LINE_MAX && CODE_LINE.test(line)).length,
    text_script: scriptOf(counts),
  };
}

const CODE_LINE_MAX = 400;

/** The features that a policy lists, in the engine's form; `undefined` if it lists no known feature. */
export function listedFeatures(
  features: CallFeatures,
  listed: readonly string[],
): { readonly [name: string]: number } | undefined {
  const known = listed.filter((name): name is CallFeature => Object.hasOwn(features, name));
  return known.length === 0 ? undefined : Object.fromEntries(known.map((name) => [name, features[name]]));
}

/** The number of the dominant script, from 1. */
function scriptOf({ scripts, letters }: TextCounts): number {
  const counts = scripts.map((count, index) => count * (DENSE_SCRIPTS.has(index + 1) ? DENSE_WEIGHT : 1));
  const max = Math.max(...counts);
  if (max === 0) return letters > 0 ? OTHER : 0;
  const script = counts.indexOf(max) + 1;
  const kana = counts[KANA - 1] ?? 0;
  return script === HAN && kana * KANA_SHARE >= max ? KANA : script;
}
