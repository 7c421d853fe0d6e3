/**
 * What an audit leaves open, however intact the log is: the bytes alone do not show it.
 * @module
 */

/** What was at hand. */
export interface Given {
  /** The chain is keyed, and the key was given. */
  readonly isKeyed: boolean;
  /** The MAC under the key that the head in the journal's directory has, and the entry that it is of. */
  readonly headMac: { readonly sequence: number | undefined } | undefined;
  /** The last entry that a head names which a writer of the log could not have replaced; 0 without one. */
  readonly externalHead: number;
  /** The last entry that was not read, because a snapshot replaces it and those before; 0 without one. */
  readonly fromSequence?: number;
}

/**
 * Each says what is not established, and why, as the end of the sentence "It is not established …".
 *
 * @param last - the sequence of the last entry.
 */
export function unestablished(
  { isKeyed, headMac, externalHead, fromSequence = 0 }: Given,
  last: number,
): readonly string[] {
  const claims: string[] = [];
  if (fromSequence > 0)
    claims.push(
      `that entries 1 to ${fromSequence} say what is true, and add up to the state after them: a snapshot stands for them, which entry ${fromSequence + 1} binds`,
    );
  if (!isKeyed)
    claims.push("who wrote the entries: without a key, anyone who can write the files can write all of them anew");
  else if (headMac === undefined)
    claims.push("that the journal's own head is genuine: there is no head.mac, and without it anyone can write a head");
  else if (headMac.sequence !== undefined && headMac.sequence < last)
    claims.push(`that no entry was removed after entry ${headMac.sequence}: head.mac is of that one`);
  if (externalHead === 0)
    claims.push("that no entry was removed from the end or replaced: no head kept outside the journal was given");
  else if (externalHead < last)
    claims.push(
      `that no entry was removed after entry ${externalHead}, or replaced: the head kept elsewhere ends there`,
    );
  return claims;
}
