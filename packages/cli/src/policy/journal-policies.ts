/**
 * The policies of a journal, read without a lock: also while a service has it open. What is read is what stands there;
 * `verify` says whether it is true.
 * @module
 */
import { nodeSha256 } from "@calybris/engine/internal";
import {
  actorText,
  CalybrisError,
  type GenesisEntry,
  type KeyEntry,
  type PolicyEntry,
  type PolicySnapshot,
  parseEntryBody,
  snapshotDigest,
  snapshotFromJson,
  toHex,
} from "@calybris/kernel";
import { readEntries } from "../journal/entries.ts";
import { logFiles } from "../journal/log-lines.ts";

/** A policy that was activated. */
export interface JournalPolicy {
  readonly policyId: number;
  /** Of its entry. */
  readonly sequence: number;
  /** Microseconds since the Unix epoch. */
  readonly at: number;
  /** Who activated it, as text; `undefined` for the first. */
  readonly by: string | undefined;
  /** It was read from the file that the service is configured with; true of the first. */
  readonly isFromFile: boolean;
  readonly snapshot: PolicySnapshot;
  /** As `policy check` prints it. */
  readonly digest: string;
}

/** Every policy of a journal, in order; the last one is active. */
export function journalPolicies(directory: string): readonly JournalPolicy[] {
  const policies: JournalPolicy[] = [];
  const keyNames = new Map<number, string>();
  for (const file of logFiles(directory).files) {
    for (const { head, data } of readEntries(file)) {
      if (head.kind !== "genesis" && head.kind !== "policy" && head.kind !== "key") continue;
      const body = parseEntryBody(head, data, () => {
        throw new RangeError("a policy is read by itself");
      }) as GenesisEntry | PolicyEntry | KeyEntry;
      if (body.kind === "key") {
        if (body.change === "introduced") keyNames.set(head.sequence, body.name);
        continue;
      }
      const snapshot = snapshotFromJson(body.snapshot ?? null);
      policies.push({
        policyId: body.policyId,
        sequence: head.sequence,
        at: head.at,
        by:
          body.kind === "policy" ? actorText(body.actor, keyNames.get(Number(body.actor)), body.onBehalfOf) : undefined,
        isFromFile: body.kind === "genesis" || body.source === "file",
        snapshot,
        digest: toHex(snapshotDigest(snapshot, nodeSha256)),
      });
    }
  }
  return policies;
}

/** @throws CalybrisError `CAL_POLICY_UNKNOWN`. @param id - the active policy by default. */
export function journalPolicy(directory: string, id: number | undefined): JournalPolicy {
  const policies = journalPolicies(directory);
  const found = id === undefined ? policies.at(-1) : policies.find(({ policyId }) => policyId === id);
  if (found === undefined) throw new CalybrisError("CAL_POLICY_UNKNOWN", { directory, policyId: id ?? 1 });
  return found;
}
