/**
 * Writes a JSON object with long lists in pieces, so that the deciding thread can continue in between.
 * @module
 */
import { apiJson } from "../http/error-dialect.ts";

const PIECE_CHARACTERS = 16 * 1024;

/** @param lists - the last members; each item is produced when it is written. */
export async function* jsonPieces(
  members: object,
  lists: { readonly [name: string]: Iterable<unknown> },
): AsyncGenerator<Buffer> {
  let text = apiJson(members).slice(0, -1);
  let between = text === "{" ? "" : ",";
  for (const [name, items] of Object.entries(lists)) {
    text += `${between}${JSON.stringify(name)}:[`;
    between = "";
    for (const item of items) {
      text += between + apiJson(item);
      between = ",";
      if (text.length < PIECE_CHARACTERS) continue;
      yield Buffer.from(text);
      text = "";
      await new Promise((resolve) => setImmediate(resolve));
    }
    text += "]";
    between = ",";
  }
  yield Buffer.from(`${text}}`);
}
