/**
 * Claims that an audit does not establish even for an intact log, because the bytes alone do not show them.
 * @module
 */
import type { AuditedCheckpoints, HeadAnchor, TreeAnchor } from "./report.ts";

/** The verifier's inputs. */
export interface Given {
  /** Whether the chain is keyed and the key was given. */
  readonly isKeyed: boolean;
  /** The keyed MAC of the head in the journal's directory, and the entry that it belongs to. */
  readonly headMac: { readonly sequence: number | undefined } | undefined;
  /** The last entry that an external head names, which a writer of the log could not have replaced; 0 without one. */
  readonly externalHead: number;
  /** The last entry that was not read because a snapshot replaces it and those before; 0 without one. */
  readonly fromSequence?: number;
}

/**
 * Each claim that is not established, with the reason, as the end of the sentence "It is not established …".
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

/** The verifier's inputs, from `AuditOptions`. */
export function givenOf({
  isKeyed = false,
  headMac,
  heads = [],
  trees = [],
}: Partial<Pick<Given, "isKeyed" | "headMac">> & {
  readonly heads?: readonly HeadAnchor[];
  readonly trees?: readonly TreeAnchor[];
}): Given {
  const external = trees.map(({ treeSize }) => treeSize);
  for (const { isExternal, sequence } of heads) if (isExternal === true) external.push(sequence);
  return { isKeyed, headMac, externalHead: Math.max(0, ...external) };
}

/** The content of a log that was read, and the inputs it was read with. */
export interface ContentRead {
  /** Whether a decision was drawn, or may have been a holdout. */
  readonly hasDraws: boolean;
  readonly isSeedGiven: boolean;
  /** Number of outcomes whose decisions lie too far back to be compared. */
  readonly unbound: number;
  /** Whether a request id was dropped that might still have been compared. */
  readonly hasForgotten: boolean;
}

/** Content that cannot be checked: the seed of its draws is missing, or it lies too far back. */
export function contentClaims({ hasDraws, isSeedGiven, unbound, hasForgotten }: ContentRead): readonly string[] {
  const claims: string[] = [];
  if (hasDraws && !isSeedGiven)
    claims.push("that draws and holdouts follow from the secret seed: the seed was not given");
  if (unbound > 0)
    claims.push(`that ${unbound} outcomes are of decisions that ran: the decisions lie too far back to compare`);
  if (hasForgotten)
    claims.push("that no request id was decided twice within the retention: some lie too far apart to compare");
  return claims;
}

/** Claims about checkpoints that an intact log does not establish. */
export function checkpointClaims(
  checkpoints: AuditedCheckpoints | undefined,
  areKeysGiven: boolean,
): readonly string[] {
  if (checkpoints === undefined) return [];
  const { count, rootsVerified } = checkpoints;
  const claims: string[] = [];
  if (!areKeysGiven) claims.push(`that a key of the log signed its ${count} checkpoints: no verifier key was given`);
  if (rootsVerified < count)
    claims.push(`that ${count - rootsVerified} checkpoints are of the entries before them: not all of these are known`);
  return claims;
}
