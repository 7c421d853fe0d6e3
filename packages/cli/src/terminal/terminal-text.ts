/**
 * Text for a terminal. A file may hold anything, and a terminal obeys control characters.
 * @module
 */

/** Lines, each as {@link printable} makes it. */
export function printableLines(text: string): string {
  return text.split("\n").map(printable).join("\n");
}

/** One line, with every control character made visible. */
export function printable(line: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  return line.replaceAll(/[\u0000-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g, "\uFFFD");
}
