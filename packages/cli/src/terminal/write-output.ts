/**
 * Writes an output file.
 * @module
 */
import { writeFileSync } from "node:fs";
import { CliError } from "../cli-errors.ts";

/** @throws CalybrisError `CAL_OUTPUT_UNWRITABLE` naming the file. */
export function writeOutput(file: string, text: string): void {
  try {
    writeFileSync(file, text);
  } catch (cause) {
    const problem = cause instanceof Error ? cause.message : String(cause);
    throw new CliError("CAL_OUTPUT_UNWRITABLE", { file, problem }, { cause });
  }
}
