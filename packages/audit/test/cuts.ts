/**
 * The state entries of a journal, with the engine's snapshot before each.
 * @module
 */
import { EngineState, JournalTree, nodeChain, policiesAt } from "@calybris/engine/internal";
import {
  type ChainedLine,
  type ChainHash,
  type EntryBody,
  type EntryHead,
  parseChainedLine,
  parseEntryBody,
  parseEntryHead,
} from "@calybris/kernel";
import { textsOf } from "../../engine/src/snapshot/snapshot-keeper.ts";

export interface Cut {
  /** Index of the state entry's line. */
  readonly at: number;
  readonly snapshot: readonly string[];
}

/** @param lines - of an honest journal. */
export function cutsOf(lines: readonly string[], chain: ChainHash = nodeChain()): readonly Cut[] {
  const state = new EngineState();
  const cuts: Cut[] = [];
  const tree = new JournalTree();
  for (const [at, line] of lines.entries()) {
    const { dataText, entryHash } = parseChainedLine(Buffer.from(line)) as ChainedLine;
    const head = parseEntryHead(dataText) as EntryHead;
    if (head.kind === "state") {
      const texts = textsOf({ ...state.snapshot(), tree: tree.frontier() }, chain);
      cuts.push({ at, snapshot: Array.from(texts, (text) => Buffer.from(text).toString()) });
    }
    state.apply(head.sequence, head.at, parseEntryBody(head, dataText, policiesAt(state, head.sequence)) as EntryBody);
    tree.apply(head.sequence, entryHash);
  }
  return cuts;
}
