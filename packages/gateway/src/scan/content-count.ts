/**
 * Counts the parts of a request's messages and tools while walking them.
 * @module
 */
import type { WireDialect } from "../wire/dialect.ts";
import {
  BYTE_BLOCKS,
  BYTE_ITEMS,
  CLEARING_EDITS,
  CLIENT_TOOLS,
  IMAGE_BLOCKS,
  REASONING_SETTINGS,
} from "./content-rules.ts";
import type { JsonWalk } from "./json-walk.ts";

export interface CallContent {
  /** Bytes of all members that the model reads: an upper bound of their tokens if nothing is hidden. */
  readonly promptBytes: number;
  /** The non-ASCII bytes of those; an escape `\u` counts as three, about the length of its character. */
  readonly wideBytes: number;
  readonly messageCount: number;
  readonly toolCount: number;
  readonly toolBytes: number;
  readonly imageCount: number;
  /** Bytes of the blocks with images. */
  readonly imageBytes: number;
  /** Number of requested answers: `n` of chat completions. */
  readonly choiceCount: number;
  /** Bytes of a predicted output, whose rejected tokens are billed as output. */
  readonly predictionBytes: number;
  /** Maximum searches of hosted tools; `undefined` if one has no limit. */
  readonly searchesMax: number | undefined;
  /** Hidden parts, each once: `image`, `previous_response_id`, `tool web_search`. */
  readonly hidden: readonly string[];
  /** The beginning of the last user text; empty if there is none. */
  readonly userText: string;
}

/** Maximum length of the name of a block or tool type. */
const TYPE_BYTES_MAX = 64;
const HIDDEN_MAX = 16;
/** The prior reads 8,192 characters. */
const TEXT_BYTES_MAX = 8_192;
const NONE = -1;

export class ContentCount {
  readonly #walk: JsonWalk;
  readonly #hidden = new Set<string>();
  #messageCount = 0;
  #toolCount = 0;
  #toolBytes = 0;
  #imageCount = 0;
  #imageBytes = 0;
  #choiceCount = 1;
  #searchesMax: number | undefined = 0;
  predictionBytes = 0;
  /** The last text of the current message; `#userTextAt` is that of the last user message. */
  #textAt = NONE;
  #userTextAt = NONE;

  constructor(walk: JsonWalk) {
    this.#walk = walk;
  }

  hide(name: string): void {
    if (this.#hidden.size < HIDDEN_MAX) this.#hidden.add(name);
  }

  /** A list of messages or items, or a text, which is one user message. */
  messages(at: number, dialect: WireDialect): void {
    const walk = this.#walk;
    if (walk.isText(at)) {
      this.#messageCount = 1;
      if (dialect !== "openai-embeddings") this.#userTextAt = at;
      return;
    }
    if (!walk.isList(at)) {
      this.hide("messages");
      return;
    }
    walk.items(at, (item) => {
      this.#messageCount += 1;
      if (walk.isObject(item)) return this.#message(item);
      if (dialect !== "openai-embeddings") this.hide("messages");
      return undefined;
    });
  }

  /** Text, or a list of blocks. */
  content(at: number): number | undefined {
    const walk = this.#walk;
    if (walk.isList(at)) return walk.items(at, (block) => this.#block(block));
    if (walk.isText(at)) this.#textAt = at;
    else if (!walk.isNull(at)) this.hide("content");
    return undefined;
  }

  tools(at: number, bytes: number): void {
    this.#toolBytes = bytes;
    this.#toolList(at);
  }

  choices(at: number): void {
    this.#choiceCount = Math.max(1, this.#walk.count(at) ?? 1);
  }

  /** Edits that clear context do not change the bound; any other may read the context again. */
  contextEdits(at: number): void {
    const walk = this.#walk;
    let areClearing = walk.isObject(at);
    if (areClearing)
      walk.members(at, (key, value) => {
        if (key !== "edits" || !walk.isList(value)) {
          areClearing = false;
          return undefined;
        }
        return walk.items(value, (edit) => {
          areClearing &&= walk.isObject(edit) && CLEARING_EDITS.test(this.#typeOf(edit));
          return undefined;
        });
      });
    if (!areClearing) this.hide("context_management");
  }

  /** OpenAI's `pro` mode reads the prompt several times: a recorded call of 157 bytes was billed 2,152 input tokens. */
  reasoning(at: number): void {
    const walk = this.#walk;
    if (!walk.isObject(at)) this.hide("reasoning");
    else
      walk.members(at, (key, value) => {
        const isStandard = walk.isNull(value) || walk.text(value, TYPE_BYTES_MAX) === "standard";
        if (!REASONING_SETTINGS.has(key) && !(key === "mode" && isStandard)) this.hide(`reasoning.${key}`);
        return undefined;
      });
  }

  /** Whether a field that may hide input is neutral: an empty list. */
  isNeutral(name: string, at: number): boolean {
    return name === "mcp_servers" && this.#walk.isList(at) && this.#walk.end(at) - at === 2;
  }

  result(): Omit<CallContent, "promptBytes" | "wideBytes"> {
    return {
      messageCount: this.#messageCount,
      toolCount: this.#toolCount,
      toolBytes: this.#toolBytes,
      imageCount: this.#imageCount,
      imageBytes: this.#imageBytes,
      choiceCount: this.#choiceCount,
      predictionBytes: this.predictionBytes,
      searchesMax: this.#searchesMax,
      hidden: [...this.#hidden],
      userText: this.#userTextAt === NONE ? "" : this.#walk.beginning(this.#userTextAt, TEXT_BYTES_MAX),
    };
  }

  #message(at: number): number {
    const walk = this.#walk;
    this.#textAt = NONE;
    let isByUser = false;
    let typeAt = NONE;
    const end = walk.members(at, (key, value) => {
      if (key === "role") isByUser = walk.text(value, TYPE_BYTES_MAX) === "user";
      else if (key === "type") {
        if (typeAt !== NONE) this.hide("type that is set twice");
        typeAt = value;
      } else if (key === "audio" && !walk.isNull(value)) this.hide("audio");
      else if (key === "content" || key === "output") return this.content(value);
      return undefined;
    });
    const type = typeAt === NONE ? "message" : (walk.text(typeAt, TYPE_BYTES_MAX) ?? "");
    if (!BYTE_ITEMS.has(type)) this.hide(`item ${type}`);
    if (isByUser && this.#textAt !== NONE) this.#userTextAt = this.#textAt;
    return end;
  }

  #block(at: number): number | undefined {
    const walk = this.#walk;
    if (!walk.isObject(at)) {
      this.hide("content");
      return undefined;
    }
    let [typeAt, textAt] = [NONE, NONE];
    const end = walk.members(at, (key, value) => {
      if (key === "type") {
        if (typeAt !== NONE) this.hide("type that is set twice");
        typeAt = value;
      } else if (key === "text") textAt = value;
      else if (key === "content") return this.#inner(value);
      return undefined;
    });
    const type = typeAt === NONE ? "" : (walk.text(typeAt, TYPE_BYTES_MAX) ?? "");
    if (IMAGE_BLOCKS.has(type)) {
      this.#imageCount += 1;
      this.#imageBytes += end - at;
      this.hide("image");
    } else if (!BYTE_BLOCKS.has(type)) this.hide(`block ${type}`);
    if (walk.isText(textAt) && type !== "tool_result") this.#textAt = textAt;
    return end;
  }

  /** The content of a block. A tool result has its own blocks, also images; its text is not user text. */
  #inner(at: number): number | undefined {
    const textAt = this.#textAt;
    const end = this.content(at);
    this.#textAt = textAt;
    return end;
  }

  #toolList(at: number): number | undefined {
    if (this.#walk.isList(at)) return this.#walk.items(at, (tool) => this.#tool(tool));
    this.hide("tools");
    return undefined;
  }

  #tool(at: number): number | undefined {
    const walk = this.#walk;
    if (!walk.isObject(at)) {
      this.hide("tools");
      return undefined;
    }
    this.#toolCount += 1;
    let [type, usesMax]: [string, number | undefined] = ["function", undefined];
    let typeCount = 0;
    const end = walk.members(at, (key, value) => {
      if (key === "type" && !walk.isNull(value)) {
        type = walk.text(value, TYPE_BYTES_MAX) ?? "";
        typeCount += 1;
      } else if (key === "max_uses") usesMax = walk.count(value);
      else if (key === "tools") return this.#toolList(value);
      return undefined;
    });
    if (typeCount > 1) this.hide("type that is set twice");
    if (CLIENT_TOOLS.has(type)) return end;
    this.hide(`tool ${type}`);
    if (/search/.test(type)) this.#addSearches(usesMax);
    return end;
  }

  #addSearches(usesMax: number | undefined): void {
    this.#searchesMax =
      usesMax === undefined || this.#searchesMax === undefined ? undefined : this.#searchesMax + usesMax;
  }

  #typeOf(at: number): string {
    let type = "";
    this.#walk.members(at, (key, value) => {
      if (key === "type") type = this.#walk.text(value, TYPE_BYTES_MAX) ?? "";
      return undefined;
    });
    return type;
  }
}
