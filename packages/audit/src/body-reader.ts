/**
 * The body of an entry, read as strictly as it was written: it is this version's, or a later one's, or wrong.
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

/** What is said of a body that cannot be read. */
export interface BodyProblems {
  readonly report: Report;
  /** Nothing says that the entry is wrong, but what it does is not known. */
  readonly unsupported: (reason: string) => void;
}

/** `undefined` where it cannot be read, which was said then. */
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
