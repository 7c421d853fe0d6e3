/**
 * An operating error as a person or a program reads it: the code, what happened, every mistake with its remedy.
 * @module
 */
import { type CalybrisError, describeMistake, type Mistake } from "@calybris/kernel";
import { jsonText } from "./json-text.ts";
import { printable } from "./terminal-text.ts";

/** Lines for a terminal. What a file holds may stand in them, so control characters are made visible. */
export function errorText(error: CalybrisError): string {
  const mistakes = mistakesOf(error);
  // The message shows the first few; here they follow, all of them.
  const lines = mistakes.length === 0 ? [`${error.code}: ${error.message}`] : [`${error.code}: ${summaryOf(error)}`];
  for (const mistake of mistakes) lines.push(`  ${describeMistake(mistake)}`, `    ${mistake.remedy}`);
  lines.push(error.remedy);
  return lines.map(printable).join("\n");
}

/** One line of JSON: `error` with `code`, `message`, `remedy` and `details`. */
export function errorJson({ code, message, remedy, details }: CalybrisError): string {
  return jsonText({ error: { code, message, remedy, details } });
}

function summaryOf(error: CalybrisError): string {
  const colon = error.message.indexOf(":", fileEnd(error));
  return error.message.slice(0, colon + 1);
}

/** A path may hold a colon. */
function fileEnd({ details, message }: CalybrisError): number {
  const file = "file" in details && typeof details.file === "string" ? details.file : "";
  return file === "" ? 0 : message.indexOf(file) + file.length;
}

function mistakesOf({ details }: CalybrisError): readonly Mistake[] {
  return "mistakes" in details ? (details.mistakes as readonly Mistake[]) : [];
}
