/** Recorded provider traffic: shared/data/llm_wire, read from its archives and never copied. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gunzipSync } from "node:zlib";
import type { AnswerDialect } from "../../src/wire/dialect.ts";

const beside = fileURLToPath(new URL("../../../../../shared/data", import.meta.url));
const DATA: string = process.env["CALYBRIS_DATA"] ?? beside;
const ARCHIVES = ["vercel_ai_fixtures", "lingua_payloads"].map((name) => join(DATA, "llm_wire", `${name}.tar.gz`));

export const hasRecordings: boolean = ARCHIVES.every((file) => existsSync(file));
export const DATA_FOLDER: string = DATA;

export interface RecordedStream {
  readonly name: string;
  readonly dialect: AnswerDialect;
  /** The JSON of each event. */
  readonly events: readonly string[];
}

export interface RecordedJson {
  readonly name: string;
  readonly json: unknown;
}

/** Every file of the archives, by its path. */
export function recordedFiles(): ReadonlyMap<string, string> {
  return new Map(ARCHIVES.flatMap((file) => entriesOf(gunzipSync(readFileSync(file)))));
}

/** Every stream of a dialect that the gateway reads. Google's Interactions API is none of them, nor Bedrock's own. */
export function recordedStreams(files: ReadonlyMap<string, string>): readonly RecordedStream[] {
  return [...files].flatMap(([name, text]): RecordedStream[] => {
    const dialect = dialectOf(name);
    if (dialect === undefined) return [];
    if (name.endsWith(".chunks.txt"))
      return [{ name, dialect, events: text.split("\n").filter((line) => line !== "") }];
    if (!name.endsWith("streaming.json")) return [];
    const events = JSON.parse(text) as readonly unknown[];
    return isStream(events) ? [{ name, dialect, events: events.map((event) => JSON.stringify(event)) }] : [];
  });
}

/** Every answer that is not streamed. */
export function recordedAnswers(
  files: ReadonlyMap<string, string>,
): readonly (RecordedJson & { readonly dialect: AnswerDialect })[] {
  return [...files].flatMap(([name, text]) => {
    const dialect = dialectOf(name);
    if (dialect === undefined || !/(?:response|__fixtures__.*)\.json$/.test(name)) return [];
    return [{ name, dialect, json: JSON.parse(text) as unknown }];
  });
}

/** The stream as its provider writes it; OpenAI's chat ends with `[DONE]`, Google's lines with CRLF. */
export function asSse(
  { dialect, events }: RecordedStream,
  lineEnd: string = dialect === "gemini" ? "\r\n" : "\n",
): Buffer {
  const isNamed = dialect === "anthropic-messages" || dialect === "openai-responses";
  const text = events.map((event) => {
    const { type } = JSON.parse(event) as { readonly type?: string };
    return `${isNamed ? `event: ${type}${lineEnd}` : ""}data: ${event}${lineEnd}${lineEnd}`;
  });
  return Buffer.from(`${text.join("")}${dialect === "openai-chat" ? `data: [DONE]${lineEnd}${lineEnd}` : ""}`);
}

function dialectOf(name: string): AnswerDialect | undefined {
  return DIALECTS.find(([pattern]) => pattern.test(name))?.[1];
}

const DIALECTS: readonly (readonly [RegExp, AnswerDialect])[] = [
  [/google\/src\/interactions|\/skills\/|\/bedrock\//, undefined as never],
  [/packages\/(?:deepseek|mistral)\/|openai\/src\/chat\/|\/chat-completions\//, "openai-chat"],
  [/openai\/src\/embedding/, "openai-embeddings"],
  [/openai\/src\/responses|\/responses\//, "openai-responses"],
  [/packages\/anthropic\/|\/(?:bedrock-|vertex-)?anthropic\//, "anthropic-messages"],
  [/packages\/google\/|\/(?:vertex-)?google\//, "gemini"],
];

/** A few recordings are lists of answers that were not streamed, or of another API. */
function isStream(events: readonly unknown[]): boolean {
  const first = events[0] as
    | { readonly type?: unknown; readonly choices?: unknown; readonly candidates?: unknown }
    | undefined;
  return (
    first !== undefined &&
    (first.choices !== undefined ||
      first.candidates !== undefined ||
      /^(?:message_start|response\.)/.test(String(first.type)))
  );
}

/** The regular files of a tar archive: the ustar header's name and size, and GNU's long names. */
function entriesOf(archive: Buffer): [string, string][] {
  const entries: [string, string][] = [];
  let longName: string | undefined;
  for (let at = 0; at + 512 <= archive.byteLength && archive[at] !== 0; ) {
    const field = (from: number, length: number): string =>
      archive.toString("latin1", at + from, at + from + length).replace(/\0.*$/s, "");
    const size = Number.parseInt(field(124, 12), 8);
    const content = archive.subarray(at + 512, at + 512 + size);
    const kind = field(156, 1);
    if (kind === "L") longName = content.toString().replace(/\0.*$/s, "");
    else {
      const name = longName ?? [field(345, 155), field(0, 100)].filter((part) => part !== "").join("/");
      if (kind === "0" || kind === "") entries.push([name, content.toString()]);
      longName = undefined;
    }
    at += 512 + Math.ceil(size / 512) * 512;
  }
  return entries;
}
