/**
 * Splits a body into lines as they arrive.
 * @module
 */

/** Each line without its newline. */
export async function* lines(body: ReadableStream<Uint8Array>): AsyncGenerator<string, void, undefined> {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  let held = "";
  try {
    for (;;) {
      const { done, value } = await reader.read();
      held += done ? decoder.decode() : decoder.decode(value, { stream: true });
      const whole = held.split("\n");
      held = whole.pop() ?? "";
      yield* whole;
      if (done) break;
    }
    if (held !== "") yield held;
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}
