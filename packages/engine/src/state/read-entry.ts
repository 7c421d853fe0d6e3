/**
 * Reads an entry of the journal under the policies that precede it.
 * @module
 */
import {
  CalybrisError,
  type EntryBody,
  type EntryPolicyOf,
  JOURNAL_FORMAT,
  laterStageOf,
  parseEntryBody,
} from "@calybris/kernel";
import { EngineError } from "../engine-errors.ts";
import type { GoodEntry } from "../journal/recovery.ts";
import { segmentName } from "../journal/segment.ts";
import type { EngineState } from "./state.ts";

/** The policies at an entry's position. */
export function policiesAt(state: EngineState, sequence: number): EntryPolicyOf {
  return (policyId) => {
    const policy = policyId === undefined ? state.policyAt(sequence) : state.policy(policyId);
    if (policy === undefined) throw new RangeError(`no policy ${policyId} precedes it`);
    return policy.snapshot;
  };
}

/** The body of an entry; content unknown to this version is refused. */
export function readBody(entry: Omit<GoodEntry, "tree">, state: EngineState): EntryBody {
  const body = parseEntryBody(entry.head, entry.data, policiesAt(state, entry.head.sequence));
  if (body === undefined) {
    const what = `its kind ${entry.head.kind}`;
    throw new CalybrisError("CAL_JOURNAL_ENTRY_UNSUPPORTED", { sequence: entry.head.sequence, what });
  }
  if (body.kind === "genesis" && body.format !== JOURNAL_FORMAT) {
    throw new EngineError("CAL_JOURNAL_VERSION", {
      file: segmentName(entry.segment),
      found: String(body.format),
      expected: String(JOURNAL_FORMAT),
    });
  }
  const later = laterStageOf(body);
  if (later !== undefined)
    throw new CalybrisError("CAL_JOURNAL_ENTRY_UNSUPPORTED", { sequence: entry.head.sequence, what: later });
  return body;
}
