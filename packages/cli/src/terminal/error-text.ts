/**
 * An operating error as a person or a program reads it: the code, what happened, every mistake with its remedy.
 * @module
 */
import type { ServiceError } from "@calybris/client";
import { type CalybrisError, describeMistake, type Mistake } from "@calybris/kernel";
import { jsonText } from "./json-text.ts";
import { printable } from "./terminal-text.ts";

/** An error of this program, or one that a service answered with. */
type CodedError = Pick<CalybrisError | ServiceError, "code" | "message" | "remedy"> & {
  readonly details: { readonly [name: string]: unknown };
};

/** Lines for a terminal. They may quote a file, so control characters are made visible. */
export function errorText(error: CodedError): string {
  const mistakes = mistakesOf(error);
  // The message shows the first few; here they follow, all of them.
  const lines = mistakes.length === 0 ? [`${error.code}: ${error.message}`] : [`${error.code}: ${summaryOf(error)}`];
  for (const mistake of mistakes) lines.push(`  ${describeMistake(mistake)}`, `    ${mistake.remedy}`);
  lines.push(error.remedy);
  return lines.map(printable).join("\n");
}

/** One line of JSON: `error` with `code`, `message`, `remedy` and `details`. */
export function errorJson({ code, message, remedy, details }: CodedError): string {
  return jsonText({ error: { code, message, remedy, details } });
}

function summaryOf(error: CodedError): string {
  const colon = error.message.indexOf(":", fileEnd(error));
  return error.message.slice(0, colon + 1);
}

/** A path may hold a colon. */
function fileEnd({ details, message }: CodedError): number {
  const file = typeof details["file"] === "string" ? details["file"] : "";
  return file === "" ? 0 : message.indexOf(file) + file.length;
}

function mistakesOf({ details }: CodedError): readonly Mistake[] {
  const mistakes = details["mistakes"];
  return Array.isArray(mistakes) ? (mistakes as readonly Mistake[]) : [];
}
