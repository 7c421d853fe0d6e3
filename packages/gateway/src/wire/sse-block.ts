/**
 * One event of a stream as it came: its bytes, and on demand what the fields say.
 * @module
 */

const [LF, CR] = [0x0a, 0x0d];

/** Blocks, put one after another, are the stream; comments and blank lines are blocks, or parts of them, too. */
export class SseBlock {
  readonly bytes: Buffer;
  /**
   * 1 when the first byte is the LF of a CRLF whose CR ended the block before: the stream was cut between the two, and the
   * block was handed out with the CR.
   */
  readonly leadBytes: 0 | 1;
  /** Lines that are not empty. */
  readonly lineCount: number;
  #fields: Fields | undefined;

  constructor(bytes: Buffer, leadBytes: 0 | 1, lineCount: number) {
    this.bytes = bytes;
    this.leadBytes = leadBytes;
    this.lineCount = lineCount;
  }

  /** The `event` field; empty where there is none. */
  get event(): string {
    return this.#read().event;
  }

  /** The `data` lines, joined by LF; `undefined` where there is none. */
  get data(): string | undefined {
    return this.#read().data;
  }

  /** The data as JSON; `undefined` where it is none, as `[DONE]` is not. */
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

/** The event stream format of the HTML standard, section 9.2.6; `id` and `retry` mean nothing to a gateway. */
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
