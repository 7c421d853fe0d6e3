/**
 * Faults of the mock provider. A request selects them in the header `x-mock-fault`, or between `[[mock: ` and `]]` in its
 * last message, which passes through a gateway that drops headers. Parts are separated by commas or blanks.
 *
 * | part                 | effect on the provider                                                                     |
 * | -------------------- | ------------------------------------------------------------------------------------------ |
 * | `status=N`           | answers an error of the dialect; with `type=`, `code=`, `retry-after=` (s), `retry-after-ms=` |
 * | `first-event-error`  | answers 200 and an error as the first event; `type=`, `code=` as above                      |
 * | `error-event`        | sends half of the output, then an error event                                               |
 * | `cut=before-usage`   | closes the connection after half of the output                                              |
 * | `cut=after-usage`    | closes it after the usage, without the event that ends a stream                             |
 * | `reset=before-head`  | resets the connection instead of answering; `reset=stream`: after half of the output        |
 * | `stall=before-head`  | never answers; `stall=stream`: stops after half of the output and stays connected           |
 * | `malformed`          | breaks the JSON of the answer, or of an event in the middle                                 |
 * | `redirect=URL`       | answers 307 to another address                                                              |
 * | `encoding=gzip`      | compresses an answer that is not streamed                                                   |
 * | `latency=MS`, `first-token=MS`, `slow=MS` | waits before the head, before the output, and after each event        |
 * | `output=N`           | generates N output tokens, up to the limit of the request                                   |
 * | `input=N`            | counts N input tokens, independent of the text                                              |
 * | `tool`               | calls the first tool                                                                        |
 * | `safety=prompt`, `safety=answer` | of Google's dialect: refuses the prompt, or ends the answer with `SAFETY`       |
 * | `times=N`            | applies the faults to the first N sends of this request only                                |
 * @module
 */

export interface MockFaults {
  readonly status?: number;
  readonly type?: string;
  readonly code?: string;
  readonly "retry-after"?: number;
  readonly "retry-after-ms"?: number;
  readonly "first-event-error"?: true;
  readonly "error-event"?: true;
  readonly cut?: "before-usage" | "after-usage";
  readonly reset?: "before-head" | "stream";
  readonly stall?: "before-head" | "stream";
  readonly malformed?: true;
  readonly redirect?: string;
  readonly encoding?: "gzip";
  readonly latency?: number;
  readonly "first-token"?: number;
  readonly slow?: number;
  readonly output?: number;
  readonly input?: number;
  readonly tool?: true;
  readonly safety?: "prompt" | "answer";
  readonly times?: number;
}

export const FAULT_HEADER = "x-mock-fault";

/** The type of a part's value: a count up to a maximum, one of several words, any text, or none. */
type Part = { readonly max: number } | { readonly words: readonly string[] } | "text" | "flag";

const MS_MAX = 3_600_000;
const PARTS: { readonly [Name in keyof MockFaults]-?: Part } = {
  status: { max: 599 },
  type: "text",
  code: "text",
  "retry-after": { max: 86_400 },
  "retry-after-ms": { max: MS_MAX },
  "first-event-error": "flag",
  "error-event": "flag",
  cut: { words: ["before-usage", "after-usage"] },
  reset: { words: ["before-head", "stream"] },
  stall: { words: ["before-head", "stream"] },
  malformed: "flag",
  redirect: "text",
  encoding: { words: ["gzip"] },
  latency: { max: MS_MAX },
  "first-token": { max: MS_MAX },
  slow: { max: MS_MAX },
  output: { max: 131_072 },
  input: { max: 10_000_000 },
  tool: "flag",
  safety: { words: ["prompt", "answer"] },
  times: { max: 1_000_000 },
};

/** A fault that cannot be parsed. The mock answers 400, so that a test with a mistyped fault fails. */
export class FaultUnknown extends Error {}

/**
 * @example
 * ```ts
 * parseFaults("status=429, retry-after=2"); // { status: 429, "retry-after": 2 }
 * faultsInText("hello [[mock: cut=before-usage slow=5]]"); // { cut: "before-usage", slow: 5 }
 * ```
 *
 * @throws FaultUnknown for a part or a value that is not in the table.
 */
export function parseFaults(text: string): MockFaults {
  const parts = text.split(/[,\s]+/).filter((part) => part !== "");
  return Object.fromEntries(parts.map(parsePart)) as MockFaults;
}

/** The faults that a text requests; none if it has no brackets. */
export function faultsInText(text: string): MockFaults {
  return parseFaults(/\[\[mock:([^\]]*)\]\]/.exec(text)?.[1] ?? "");
}

function parsePart(text: string): [string, string | number | true] {
  const [, name = "", value] = /^([^=]+)(?:=(.+))?$/.exec(text) ?? [];
  const part = Object.hasOwn(PARTS, name) ? PARTS[name as keyof MockFaults] : undefined;
  if (part === undefined) throw new FaultUnknown(`the mock provider knows no fault ${name}`);
  if (part === "flag" && value === undefined) return [name, true];
  if (part === "text" && value !== undefined) return [name, value];
  if (typeof part === "object" && value !== undefined) {
    if ("words" in part && part.words.includes(value)) return [name, value];
    if ("max" in part && /^\d{1,8}$/.test(value) && Number(value) <= part.max) return [name, Number(value)];
  }
  throw new FaultUnknown(`the fault ${name} has no value ${value ?? "(none)"}`);
}
