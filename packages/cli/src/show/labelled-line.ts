/**
 * One line of an explanation: a label, then its text.
 * @module
 */

/** As wide as the longest label, `substitute`. */
const LABEL_WIDTH = 10;

/** The line with its text in the second column. */
export function labelledLine(label: string, text: string): string {
  return `  ${label.padEnd(LABEL_WIDTH)} ${text}`;
}
