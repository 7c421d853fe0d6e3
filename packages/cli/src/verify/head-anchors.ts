/**
 * The heads that a journal is checked against: the one in its own directory, with its MAC, and one kept elsewhere.
 * @module
 */
import { readFileSync, realpathSync, statSync } from "node:fs";
import { join } from "node:path";
import type { HeadAnchor, HeadMacCheck } from "@calybris/audit";
import {
  HEAD_FILE,
  HEAD_MAC_FILE,
  type Head,
  HeadMacSearch,
  nodeChain,
  parseHead,
  parseHeadFile,
  readFileBytes,
  unreadable,
} from "@calybris/engine/internal";
import { CalybrisError } from "@calybris/kernel";
import { EngineError } from "@calybris/engine";

export interface KeyedAnchor extends HeadAnchor {
  readonly keyed: boolean;
}

/** The head in a journal's directory. */
export interface OwnHead {
  readonly head?: KeyedAnchor;
  /** Description of a missing or invalid head that no write of the engine can leave. */
  readonly missing?: string;
  /** Explanation of a torn head, from a write that a machine failure cut off. It proves nothing about the end. */
  readonly torn?: string;
  readonly mac?: HeadMacCheck;
}

/** @param key - the key of a keyed journal, to check the head's MAC. */
export function readOwnHead(directory: string, key: Uint8Array | undefined): OwnHead {
  const file = join(directory, HEAD_FILE);
  const text = smallFile(file);
  const parsed = text === undefined ? undefined : parseHeadFile(text);
  const head = parsed?.state === "whole" ? parsed.head : undefined;
  const mac = key === undefined ? undefined : smallFile(join(directory, HEAD_MAC_FILE));
  return {
    ...(head !== undefined && { head: anchorOf(head, file) }),
    ...(parsed === undefined && { missing: `no ${HEAD_FILE}` }),
    ...(parsed?.state === "none" && { missing: `${parsed.found} in ${HEAD_FILE}` }),
    ...(parsed?.state === "torn" && {
      torn: `${file} is torn: whether entries were removed from the end is unknown`,
    }),
    ...(mac !== undefined && { mac: new HeadMacSearch(mac, nodeChain(key), head) }),
  };
}

/** Reads a kept anchor. The journal's own head file does not count as external. */
export async function headGiven(file: string, journal: string): Promise<KeyedAnchor> {
  const head = parseHead(Buffer.from(await readFileBytes(file)).toString("utf8"));
  if (head === undefined)
    throw new CalybrisError("CAL_INPUT_MALFORMED", { file, problem: "is not an anchor (calybris.wal-anchor.v1)" });
  return { ...anchorOf(head, file), isExternal: realPath(file) !== realPath(join(journal, HEAD_FILE)) };
}

function anchorOf({ sequence, hash, keyed }: Head, source: string): KeyedAnchor {
  return { sequence, lastHash: hash, keyed, source };
}

/** The text of a small file, decoded as Latin-1; `undefined` if it does not exist. */
function smallFile(file: string): string | undefined {
  try {
    const stats = statSync(file, { throwIfNoEntry: false });
    if (stats === undefined) return undefined;
    if (stats.isFile()) return readFileSync(file, "latin1");
  } catch (cause) {
    throw unreadable(file, cause);
  }
  throw new EngineError("CAL_JOURNAL_UNREADABLE", { path: file, problem: "it is not a regular file" });
}

function realPath(file: string): string {
  try {
    return realpathSync(file);
  } catch {
    return file;
  }
}
