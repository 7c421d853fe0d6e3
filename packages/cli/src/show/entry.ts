/**
 * An entry other than a decision: one sentence, then its members.
 * @module
 */
import { decisionIdOfIdentity, type ExactJson, parseExact, writeExact } from "@calybris/kernel";
import type { ReadBody, ReadDecision } from "../journal/reader.ts";
import { printable } from "../terminal/terminal-text.ts";
import { timeText } from "../terminal/time-text.ts";
import { CHAINED } from "./decision.ts";
import { sentenceOf } from "./sentence.ts";

/** Members of every entry; the others belong to the kind. */
const COMMON: readonly string[] = ["sequence", "durable", "at", "kind"];
/** Maximum length of a printed value; `--json` prints it completely. */
const VALUE_CHARACTERS_MAX = 120;

export function entryText(read: ReadBody, of: ReadDecision | undefined): string {
  const { head, entryHash, isChained } = read;
  const members = Object.entries(membersOf(read));
  const width = Math.max(...["entry", ...members.map(([name]) => name)].map((name) => name.length));
  const row = (name: string, value: string): string => `  ${name.padEnd(width)}  ${value}`;
  const rows = [
    sentenceOf(read, of),
    `Entry ${head.sequence}, ${head.kind}, ${timeText(head.at)}`,
    ...members.map(([name, value]) => row(name, shortened(writeExact(value)))),
    row("entry", `${entryHash} ${CHAINED[String(isChained)] ?? ""}`.trimEnd()),
  ];
  return rows.map(printable).join("\n");
}

export function entryJson(read: ReadBody, of: ReadDecision | undefined): object {
  const { head, keyName, entryHash, isChained } = read;
  return {
    sequence: head.sequence,
    at: head.at,
    kind: head.kind,
    sentence: sentenceOf(read, of),
    decisionId: of === undefined ? undefined : decisionIdOfIdentity(of.sequence, of.entry.identity),
    keyName,
    members: membersOf(read),
    entryHash,
    isChained,
  };
}

function membersOf({ data }: ReadBody): { readonly [name: string]: ExactJson } {
  const all = parseExact(data) as { readonly [name: string]: ExactJson };
  return Object.fromEntries(Object.entries(all).filter(([name]) => !COMMON.includes(name)));
}

function shortened(text: string): string {
  return text.length <= VALUE_CHARACTERS_MAX ? text : `${text.slice(0, VALUE_CHARACTERS_MAX)}… (--json prints it all)`;
}
