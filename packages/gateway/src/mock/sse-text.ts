/**
 * Writes server-sent events in the form of providers.
 * @module
 */

/** @param event - the event name, which OpenAI's chat dialect leaves out. */
export function sse(data: object, event?: string): string {
  return `${event === undefined ? "" : `event: ${event}\n`}data: ${JSON.stringify(data)}\n\n`;
}
