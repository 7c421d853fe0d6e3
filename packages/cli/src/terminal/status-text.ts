/**
 * The verdict of a check, in colour if standard output is a terminal with colours; with `NO_COLOR` and pipes, plain text.
 * @module
 */
import { styleText } from "node:util";

export type Verdict = "good" | "bad" | "open";

const STYLES = { good: ["bold", "green"], bad: ["bold", "red"], open: ["bold", "yellow"] } as const;

export function verdictText(text: string, verdict: Verdict): string {
  return styleText([...STYLES[verdict]], text);
}
