/**
 * Reads proof files, and reports rejections for the commands that verify them.
 * @module
 */
import { readFileSync, statSync } from "node:fs";
import { CalybrisError } from "@calybris/kernel";
import { errorJson, errorText } from "../terminal/error-text.ts";
import type { Terminal } from "../terminal/terminal.ts";
import { timeText } from "../terminal/time-text.ts";

/** The maximum date of ECMAScript. */
const DATE_MAX_US = 8_640_000_000_000_000_000n;
const BYTES_MAX = 2_000_000;
const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** @throws CalybrisError `CAL_INPUT_UNREADABLE`. */
export function proofText(file: string): string {
  try {
    if (!statSync(file).isFile()) throw new Error("it is not a file");
    if (statSync(file).size > BYTES_MAX) throw new Error(`it has more than ${BYTES_MAX} bytes`);
    return utf8.decode(readFileSync(file));
  } catch (cause) {
    const problem = cause instanceof TypeError ? "it is not UTF-8" : (cause as Error).message;
    throw new CalybrisError("CAL_INPUT_UNREADABLE", { file, problem }, { cause });
  }
}

/** A signed time as text: it may be any 64-bit number, also beyond the dates of ECMAScript. */
export function whenText(time: bigint, unitUs: bigint): string {
  const us = time * unitUs;
  return us <= DATE_MAX_US ? timeText(Number(us)) : `${us} microseconds after 1970`;
}

/** The findings; `undefined` after a rejection, which is reported and sets the exit code to 1. */
export async function orRejection<Findings>(
  findings: Promise<Findings>,
  terminal: Terminal,
  isJson: boolean,
): Promise<Findings | undefined> {
  try {
    return await findings;
  } catch (error) {
    if (!(error instanceof CalybrisError && error.code === "CAL_PROOF_REJECTED")) throw error;
    terminal.complain(isJson ? errorJson(error) : errorText(error));
    terminal.exitCode = 1;
    return undefined;
  }
}
