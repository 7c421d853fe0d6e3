/**
 * The journal over HTTP, for auditors: its head, and its lines byte for byte.
 * @module
 */
import { apiJson } from "../http/error-dialect.ts";
import type { Handler } from "../http/route-contract.ts";
import type { ApiContext } from "./api-context.ts";

export function journalHandlers({ engine }: ApiContext): {
  readonly journalHead: Handler;
  readonly journalEntries: Handler;
} {
  return {
    journalHead: () => {
      const { sequence, hash, keyed } = engine.reading.head;
      return { body: apiJson({ sequence, entryHash: hash, keyed }) };
    },
    journalEntries: ({ query }) => {
      const from = Number(query["from"] ?? 1);
      const to = Number(query["to"] ?? engine.reading.head.sequence);
      return { body: engine.reading.lines(from, to), contentType: "application/jsonl" };
    },
  };
}
