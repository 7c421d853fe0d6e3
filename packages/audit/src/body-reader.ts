/**
 * Reads the body of an entry as strictly as it was written: it is of this version, of a later version, or invalid.
 * @module
 */
import {
  CalybrisError,
  type EntryBody,
  type EntryHead,
  type EntryPolicyOf,
  JOURNAL_FORMAT,
  laterStageOf,
  parseEntryBody,
} from "@calybris/kernel";
import type { Report } from "./report.ts";

/** Reports about a body that cannot be read. */
export interface BodyProblems {
  readonly report: Report;
  /** The entry is not known to be invalid, but its effect is unknown. */
  readonly unsupported: (reason: string) => void;
}

/** `undefined` if the body cannot be read; this has then been reported. */
export function readBody(
  head: EntryHead,
  data: string,
  policyOf: EntryPolicyOf,
  { report, unsupported }: BodyProblems,
): EntryBody | undefined {
  try {
    const body = parseEntryBody(head, data, policyOf);
    const later = body === undefined ? `its kind ${head.kind}` : laterStageOf(body);
    if (body === undefined || later !== undefined) {
      unsupported(`entry ${head.sequence} uses what this version does not support: ${later}`);
      return undefined;
    }
    if (body.kind !== "genesis" || body.format === JOURNAL_FORMAT) return body;
    report("body", `format ${JOURNAL_FORMAT}`, `format ${body.format}`);
  } catch (error) {
    const isUnknown =
      error instanceof CalybrisError &&
      (error.code === "CAL_JOURNAL_MEMBER_UNKNOWN" || error.code === "CAL_JOURNAL_ENTRY_UNSUPPORTED");
    if (isUnknown) unsupported(error.message);
    else report("body", `the members of ${head.kind}`, error instanceof Error ? error.message : String(error));
  }
  return undefined;
}
