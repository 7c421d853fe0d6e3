/**
 * Events as providers write them.
 * @module
 */

/** @param event - OpenAI's chat names none. */
export function sse(data: object, event?: string): string {
  return `${event === undefined ? "" : `event: ${event}\n`}data: ${JSON.stringify(data)}\n\n`;
}
