/**
 * An entry of the journal, read back under the policies that stand before it.
 * @module
 */
import { CalybrisError, type EntryBody, JOURNAL_FORMAT, type Policy, parseEntryBody } from "@calybris/kernel";
import type { GoodEntry } from "./journal/recovery.ts";
import { segmentName } from "./journal/segment.ts";
import type { EngineState } from "./state.ts";

/** The policy that an entry was decided under. */
export function policyOf(state: EngineState, policyId: number): Policy {
  return (state.policy(policyId) ?? state.current).snapshot.policy;
}

/** The body of an entry; what this version does not know is refused. */
export function readBody(entry: GoodEntry, state: EngineState): EntryBody {
  const body = parseEntryBody(entry.head, entry.data, (id) => policyOf(state, id));
  if (body === undefined) {
    throw new CalybrisError("CAL_JOURNAL_ENTRY_MALFORMED", {
      sequence: entry.head.sequence,
      problem: `its kind ${entry.head.kind} is not one of this version's`,
    });
  }
  if (body.kind === "genesis" && body.format !== JOURNAL_FORMAT) {
    throw new CalybrisError("CAL_JOURNAL_VERSION", {
      file: segmentName(entry.segment),
      found: String(body.format),
      expected: String(JOURNAL_FORMAT),
    });
  }
  return body;
}
