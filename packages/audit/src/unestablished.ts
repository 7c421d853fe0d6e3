/**
 * What an audit leaves open, however intact the log is: nobody can tell it from the bytes alone.
 * @module
 */

/** What was at hand. */
export interface Given {
  /** The chain is keyed, and the key was given. */
  readonly isKeyed: boolean;
  /** A head was given that is kept where a writer of the log could not have replaced it. */
  readonly hasExternalHead: boolean;
}

/** Each says what is not established, and why, as the end of the sentence "It is not established …". */
export function unestablished(given: Given): readonly string[] {
  const claims: string[] = [];
  if (!given.isKeyed)
    claims.push("who wrote the entries: without a key, anyone who can write the files can write all of them anew");
  if (!given.hasExternalHead)
    claims.push("that no entry was removed from the end or replaced: no head kept outside the journal was given");
  return claims;
}
