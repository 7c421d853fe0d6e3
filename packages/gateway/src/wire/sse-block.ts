/**
 * One event of a stream: its original bytes, with fields parsed on demand.
 * @module
 */

const [LF, CR] = [0x0a, 0x0d];

/** The concatenated blocks are the stream; comments and blank lines are blocks, or parts of them, too. */
export class SseBlock {
  readonly bytes: Buffer;
  /**
   * 1 if the first byte is the LF of a CRLF whose CR ended the block before: the stream was split between the two, and that
   * block was already returned with the CR.
   */
  readonly leadBytes: 0 | 1;
  /** Number of non-empty lines. */
  readonly lineCount: number;
  #fields: Fields | undefined;

  constructor(bytes: Buffer, leadBytes: 0 | 1, lineCount: number) {
    this.bytes = bytes;
    this.leadBytes = leadBytes;
    this.lineCount = lineCount;
  }

  /** The `event` field; empty if absent. */
  get event(): string {
    return this.#read().event;
  }

  /** The `data` lines, joined by LF; `undefined` if there are none. */
  get data(): string | undefined {
    return this.#read().data;
  }

  /** The data as JSON; `undefined` if it is not JSON, such as `[DONE]`. */
  json(parse: (text: string) => unknown = JSON.parse): unknown {
    try {
      return parse(this.data ?? "");
    } catch {
      return undefined;
    }
  }

  /** Whether its last line has ended. */
  get isTerminated(): boolean {
    const last = this.bytes.at(-1);
    return last === LF || last === CR;
  }

  #read(): Fields {
    this.#fields ??= readFields(this.bytes.subarray(this.leadBytes).toString());
    return this.#fields;
  }
}

interface Fields {
  readonly event: string;
  readonly data: string | undefined;
}

/** Parses the event stream format of the HTML standard, section 9.2.6; `id` and `retry` do not concern a gateway. */
function readFields(text: string): Fields {
  let event = "";
  const data: string[] = [];
  for (const line of text.replace(/^\ufeff/, "").split(/\r\n|\r|\n/)) {
    const colon = line.indexOf(":");
    const name = colon === -1 ? line : line.slice(0, colon);
    const value = colon === -1 ? "" : line.slice(line.charAt(colon + 1) === " " ? colon + 2 : colon + 1);
    if (name === "event") event = value;
    else if (name === "data") data.push(value);
  }
  return { event, data: data.length === 0 ? undefined : data.join("\n") };
}
