/**
 * Makes text safe for a terminal: text from a file may contain control characters, which a terminal executes.
 * @module
 */

/** Applies {@link printable} to every line. */
export function printableLines(text: string): string {
  return text.split("\n").map(printable).join("\n");
}

/** One line, with every control character replaced by U+FFFD. */
export function printable(line: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  return line.replaceAll(/[\u0000-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g, "\uFFFD");
}
