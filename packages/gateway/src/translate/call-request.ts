/**
 * A call in no dialect: what both can say, and nothing else. Texts, images by data or address, calls of tools and their
 * results, a schema for the answer.
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
  /** Base64 with its media type, or an address. */
  readonly source: { readonly mediaType: string; readonly data: string } | { readonly url: string };
}
export interface ToolCallPart {
  readonly kind: "tool call";
  readonly id: string;
  readonly name: string;
  readonly input: ExactObject;
  /** Google's own note on what the model thought, which goes back to Google with the call and to nobody else. */
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
  /** In whose words a field is named where it is refused. */
  readonly dialect: WireDialect;
  readonly model: string;
  readonly turns: readonly Turn[];
  readonly tools: readonly Tool[];
  readonly toolChoice?: ToolChoice;
  /** `false`: at most one call of a tool in an answer. */
  readonly isParallel?: boolean;
  readonly outputTokensMax?: number;
  readonly stop: readonly string[];
  readonly temperature?: number;
  readonly topP?: number;
  readonly topK?: number;
  readonly seed?: number;
  readonly effort?: Effort;
  /** Of thinking that the answer does not show. */
  readonly thinkingTokensMax?: number;
  readonly answerSchema?: { readonly name: string; readonly schema: ExactJson };
  /** OpenAI's word for how long an answer is. */
  readonly verbosity?: Verbosity;
  readonly user?: string;
  readonly isStreamed: boolean;
  /** Whether the caller wants the usage at the end of a stream; in Anthropic's dialect it always comes. */
  readonly isUsageAsked: boolean;
}
