/**
 * One line of an explanation: a label, then its text.
 * @module
 */

/** The width of the longest label, `substitute`. */
const LABEL_WIDTH = 10;

/** A line with its text in the second column. */
export function labelledLine(label: string, text: string): string {
  return `  ${label.padEnd(LABEL_WIDTH)} ${text}`;
}
