/**
 * The journal over HTTP, for auditors: where it stands, and its lines as they are on the disk.
 * @module
 */
import { apiJson } from "../http/answers.ts";
import type { Route } from "../http/route.ts";
import { headShape } from "./answer-shapes.ts";
import { entriesQuery } from "./call-shapes.ts";
import type { Desk } from "./desk.ts";

export function journalRoutes({ engine }: Desk): readonly Route[] {
  return [
    {
      method: "GET",
      path: "/v1/journal/head",
      name: "journalHead",
      summary: "The last durable entry",
      planes: ["audit"],
      answer: headShape,
      handle: () => {
        const { sequence, hash, keyed } = engine.reading.head;
        return { text: apiJson({ sequence, entryHash: hash, keyed }) };
      },
    },
    {
      method: "GET",
      path: "/v1/journal/entries",
      name: "journalEntries",
      summary: "Entries of the journal, one a line, byte for byte as on the disk",
      description:
        "Only what is durable is shown. Concatenated from 1 on, the lines are a journal that `calybris verify` takes.",
      planes: ["audit"],
      query: entriesQuery,
      answer: "application/jsonl",
      handle: ({ query }) => {
        const from = Number(query["from"] ?? 1);
        const to = Number(query["to"] ?? engine.reading.head.sequence);
        return { text: engine.reading.lines(from, to), contentType: "application/jsonl" };
      },
    },
  ];
}
