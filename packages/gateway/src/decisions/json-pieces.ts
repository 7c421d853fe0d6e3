/**
 * A JSON object with long lists, written piece by piece: the thread that decides goes on in between.
 * @module
 */
import { apiJson } from "../http/error-dialect.ts";

const PIECE_CHARACTERS = 16 * 1024;

/** @param lists - members that come last; each item is made when it is its turn. */
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
