/**
 * A dialect-neutral call: only what all dialects can express. Texts, images as data or URL, tool calls and their results, a
 * schema for the answer.
 * @module
 */
import type { ExactJson } from "@calybris/kernel";
import type { WireDialect } from "../wire/dialect.ts";
import type { ExactObject } from "./field-check.ts";

export interface TextPart {
  readonly kind: "text";
  readonly text: string;
}
export interface ImagePart {
  readonly kind: "image";
  /** Base64 with its media type, or a URL. */
  readonly source: { readonly mediaType: string; readonly data: string } | { readonly url: string };
}
export interface ToolCallPart {
  readonly kind: "tool call";
  readonly id: string;
  readonly name: string;
  readonly input: ExactObject;
  /** Google's thought signature, which is returned with the call, to Google only. */
  readonly signature?: string;
}
export interface ToolResultPart {
  readonly kind: "tool result";
  readonly callId: string;
  readonly texts: readonly string[];
  readonly isError: boolean;
}

export type Turn =
  | { readonly role: "instructions"; readonly parts: readonly TextPart[] }
  | { readonly role: "user"; readonly parts: readonly (TextPart | ImagePart | ToolResultPart)[] }
  | { readonly role: "assistant"; readonly parts: readonly (TextPart | ToolCallPart)[] };

export interface Tool {
  readonly name: string;
  readonly description?: string;
  readonly schema: ExactObject;
  readonly isStrict?: boolean;
}

export type ToolChoice =
  | { readonly kind: "auto" | "none" | "required" }
  | { readonly kind: "named"; readonly name: string };

export const EFFORTS = ["low", "medium", "high", "xhigh", "max"] as const;
export type Effort = (typeof EFFORTS)[number];

export const VERBOSITIES = ["low", "medium", "high"] as const;
export type Verbosity = (typeof VERBOSITIES)[number];

export interface CallRequest {
  /** The client's dialect, in which refused fields are named. */
  readonly dialect: WireDialect;
  readonly model: string;
  readonly turns: readonly Turn[];
  readonly tools: readonly Tool[];
  readonly toolChoice?: ToolChoice;
  /** `false` allows at most one tool call per answer. */
  readonly isParallel?: boolean;
  readonly outputTokensMax?: number;
  readonly stop: readonly string[];
  readonly temperature?: number;
  readonly topP?: number;
  readonly topK?: number;
  readonly seed?: number;
  readonly effort?: Effort;
  /** Budget of thinking that the answer does not show. */
  readonly thinkingTokensMax?: number;
  readonly answerSchema?: { readonly name: string; readonly schema: ExactJson };
  /** OpenAI's setting for the length of an answer. */
  readonly verbosity?: Verbosity;
  readonly user?: string;
  readonly isStreamed: boolean;
  /** Whether the caller requests the usage at the end of a stream; Anthropic's dialect always includes it. */
  readonly isUsageAsked: boolean;
}
