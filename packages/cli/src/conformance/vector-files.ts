/**
 * Reads vector files: JSON Lines with one document per line, or one document on many lines. Format and compression are
 * detected from the contents, not from the name.
 * @module
 */
import { linesOf, readJson, readJsonLine, WHOLE_FILE_MAX_BYTES } from "@calybris/engine/internal";
import { CalybrisError } from "@calybris/kernel";
import { VectorReader } from "./vectors.ts";

/** A document, and its name in reported differences. */
export interface VectorDocument {
  readonly reader: VectorReader;
  readonly where: string;
}

/** Long, because a line holds a policy and all its inputs. */
const LINE_BYTES_MAX = 512 * 1024 * 1024;

/** @throws CalybrisError `CAL_INPUT_UNREADABLE`, or `CAL_INPUT_MALFORMED` with the line. */
export async function* vectorDocuments(file: string): AsyncGenerator<VectorDocument> {
  let document: string[] | undefined;
  let characters = 0;
  let isEmpty = true;
  for await (const { line, text } of linesOf(file, LINE_BYTES_MAX)) {
    if (document === undefined && text.trim() === "") continue;
    if (isEmpty && !isWholeJson(text)) document = new Array<string>(line - 1).fill("");
    isEmpty = false;
    if (document === undefined) {
      yield* documentsIn(readJsonLine(text, file, line), file, line);
      continue;
    }
    document.push(text);
    characters += text.length;
    if (characters > WHOLE_FILE_MAX_BYTES)
      throw malformed(file, line, `is one document of more than ${WHOLE_FILE_MAX_BYTES} characters; write JSON Lines`);
  }
  if (isEmpty) throw malformed(file, 1, "is empty");
  if (document !== undefined) yield* documentsIn(readJson(document.join("\n"), file).value, file, 1);
}

function isWholeJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

function* documentsIn(value: unknown, file: string, line: number): Generator<VectorDocument> {
  for (const item of Array.isArray(value) ? (value as readonly unknown[]) : [value])
    yield { reader: new VectorReader(item, { file, line }), where: `${file}:${line}` };
}

function malformed(file: string, line: number, problem: string): CalybrisError {
  return new CalybrisError("CAL_INPUT_MALFORMED", { file, line, problem });
}
