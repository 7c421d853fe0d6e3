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

export async function* linesOf(file: string): AsyncGenerator<Line> {
  const decoder = new TextDecoder("utf-8", { fatal: true });
  let rest: Uint8Array = new Uint8Array(0);
  let line = 0;
  const decode = (bytes: Uint8Array): Line => {
    line += 1;
    try {
      return { line, text: decoder.decode(bytes).replace(/\r$/, "") };
    } catch (cause) {
      throw new CalybrisError("CAL_INPUT_MALFORMED", { file, line, problem: "is not UTF-8 text" }, { cause });
    }
  };
  for await (const chunk of streamFile(file)) {
    const bytes = rest.byteLength === 0 ? chunk : Buffer.concat([rest, chunk]);
    let start = 0;
    for (let end = bytes.indexOf(NEWLINE); end !== -1; end = bytes.indexOf(NEWLINE, start)) {
      yield decode(bytes.subarray(start, end));
      start = end + 1;
    }
    rest = bytes.subarray(start);
    if (rest.byteLength > LINE_MAX_BYTES)
      throw new CalybrisError("CAL_INPUT_MALFORMED", {
        file,
        line: line + 1,
        problem: `is longer than ${LINE_MAX_BYTES} bytes`,
      });
  }
  if (rest.byteLength > 0) yield decode(rest);
}
