/**
 * What an audit leaves open, however whole the log is: nobody can tell it from the bytes alone, and a reader who is not told
 * would believe it.
 * @module
 */

/** What was at hand, and what was met. */
export interface Given {
  /** The chain is keyed, and the key was given. */
  readonly isKeyed: boolean;
  /** A head was given that is kept where a writer of the log could not have replaced it. */
  readonly hasExternalHead: boolean;
  /** Decisions were drawn, and the seed was not given. */
  readonly hasUncheckedDraws: boolean;
  /** Outcomes whose decisions lie too far back. */
  readonly unboundOutcomes: number;
  /** Request ids were let go that might still have been compared. */
  readonly hasForgottenIds: boolean;
}

/** Each says what is not established, and why, as the end of the sentence "It is not established …". */
export function unestablished(given: Given): readonly string[] {
  const claims: string[] = [];
  if (!given.isKeyed)
    claims.push("who wrote the entries: without a key, anyone who can write the files can write all of them anew");
  if (!given.hasExternalHead)
    claims.push("that no entry was removed from the end or replaced: no head kept outside the journal was given");
  if (given.hasUncheckedDraws)
    claims.push("that draws and holdouts follow from the secret seed: the seed was not given");
  if (given.unboundOutcomes > 0)
    claims.push(`that ${given.unboundOutcomes} outcomes are of decisions that ran: they lie too far back to compare`);
  if (given.hasForgottenIds)
    claims.push("that no request id was decided twice within the retention: some lie too far apart to compare");
  return claims;
}
