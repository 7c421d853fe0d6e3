/**
 * The lines of a file, streamed: numbered from 1, decoded strictly, of bounded length.
 * @module
 */
import { CalybrisError } from "@calybris/kernel";
import { streamFile } from "./read-file.ts";

export interface Line {
  readonly line: number;
  readonly text: string;
}

export const LINE_MAX_BYTES: number = 16 * 1024 * 1024;

const NEWLINE = 0x0a;

/** @param maxBytes - a longer line is refused. */
export async function* linesOf(file: string, maxBytes: number = LINE_MAX_BYTES): AsyncGenerator<Line> {
  const decoder = new TextDecoder("utf-8", { fatal: true });
  let begun: Uint8Array[] = [];
  let begunBytes = 0;
  let line = 0;
  const decode = (end: Uint8Array): Line => {
    const bytes = begun.length === 0 ? end : Buffer.concat([...begun, end]);
    begun = [];
    begunBytes = 0;
    line += 1;
    try {
      return { line, text: decoder.decode(bytes).replace(/\r$/, "") };
    } catch (cause) {
      throw new CalybrisError("CAL_INPUT_MALFORMED", { file, line, problem: "is not UTF-8 text" }, { cause });
    }
  };
  for await (const chunk of streamFile(file)) {
    let start = 0;
    for (let end = chunk.indexOf(NEWLINE); end !== -1; end = chunk.indexOf(NEWLINE, start)) {
      yield decode(chunk.subarray(start, end));
      start = end + 1;
    }
    if (start === chunk.byteLength) continue;
    begun.push(chunk.subarray(start));
    begunBytes += chunk.byteLength - start;
    if (begunBytes > maxBytes) {
      const problem = `is longer than ${maxBytes} bytes`;
      throw new CalybrisError("CAL_INPUT_MALFORMED", { file, line: line + 1, problem });
    }
  }
  if (begunBytes > 0) yield decode(new Uint8Array(0));
}
