/**
 * An operating error as text or JSON: code, message, and all mistakes with their remedies.
 * @module
 */
import type { ServiceError } from "@calybris/client";
import { type CalybrisError, describeMistake, type Mistake } from "@calybris/kernel";
import { jsonText } from "./json-text.ts";
import { printable } from "./terminal-text.ts";

/** An error of this program or of a service. */
type CodedError = Pick<CalybrisError | ServiceError, "code" | "message" | "remedy"> & {
  readonly details: { readonly [name: string]: unknown };
};

/** Lines for a terminal. They may quote a file, so control characters are replaced. */
export function errorText(error: CodedError): string {
  const mistakes = mistakesOf(error);
  // The message has only the first few mistakes; all of them follow here.
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

/** The end of the file name in the message; a path may contain a colon. */
function fileEnd({ details, message }: CodedError): number {
  const file = typeof details["file"] === "string" ? details["file"] : "";
  return file === "" ? 0 : message.indexOf(file) + file.length;
}

function mistakesOf({ details }: CodedError): readonly Mistake[] {
  const mistakes = details["mistakes"];
  return Array.isArray(mistakes) ? (mistakes as readonly Mistake[]) : [];
}
