/**
 * The policies of a journal, read without a lock: also while a service has it open. Entries are not checked;
 * `verify` checks them.
 * @module
 */
import { nodeSha256 } from "@calybris/engine/internal";
import {
  actorText,
  CalybrisError,
  type EntryHead,
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
import { placeOf } from "../journal/place.ts";
import type { ReadBody } from "../journal/reader.ts";
import { readerOf } from "../journal/reader-of.ts";
import { clientOf, type TargetOptions } from "../service/target.ts";
import { logFiles } from "../journal/log-lines.ts";
import { CliError } from "../cli-errors.ts";

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

/** Every policy of the journal or the service that a command's options name, in order; the last one is active. */
export async function policiesOf(options: TargetOptions): Promise<readonly JournalPolicy[]> {
  const client = clientOf(options);
  if (client === undefined) return journalPolicies((await placeOf(options)).directory);
  const reader = await readerOf(options);
  const { policies } = await client.policies();
  return Promise.all(
    policies.map(async ({ sequence }) => policyOf(await reader.body(await reader.source.find(sequence)))),
  );
}

function policyOf({ entry, head, keyName }: ReadBody): JournalPolicy {
  if (entry?.kind !== "genesis" && entry?.kind !== "policy")
    throw new CalybrisError("CAL_JOURNAL_ENTRY_MALFORMED", { sequence: head.sequence, problem: "it is not a policy" });
  return activated(entry, head, keyName);
}

function activated(
  body: GenesisEntry | PolicyEntry,
  { sequence, at }: EntryHead,
  keyName: string | undefined,
): JournalPolicy {
  const snapshot = snapshotFromJson(body.snapshot ?? null);
  return {
    policyId: body.policyId,
    sequence,
    at,
    by: body.kind === "policy" ? actorText(body.actor, keyName, body.onBehalfOf) : undefined,
    isFromFile: body.kind === "genesis" || body.source === "file",
    snapshot,
    digest: toHex(snapshotDigest(snapshot, nodeSha256)),
  };
}

function journalPolicies(directory: string): readonly JournalPolicy[] {
  const policies: JournalPolicy[] = [];
  const keyNames = new Map<number, string>();
  for (const file of logFiles(directory).files) {
    for (const { head, data } of readEntries(file)) {
      if (head.kind !== "genesis" && head.kind !== "policy" && head.kind !== "key") continue;
      const body = parseEntryBody(head, data, () => {
        throw new RangeError("a policy is read by itself");
      }) as GenesisEntry | PolicyEntry | KeyEntry;
      if (body.kind === "key") {
        if (body.change !== "revoked") keyNames.set(head.sequence, body.name);
        continue;
      }
      policies.push(activated(body, head, body.kind === "policy" ? keyNames.get(Number(body.actor)) : undefined));
    }
  }
  return policies;
}

/** @throws CalybrisError `CAL_POLICY_UNKNOWN`. @param id - the active policy by default. */
export async function policyNamed(options: TargetOptions, id: number | undefined): Promise<JournalPolicy> {
  const policies = await policiesOf(options);
  const found = id === undefined ? policies.at(-1) : policies.find(({ policyId }) => policyId === id);
  if (found === undefined) {
    const directory = options.url ?? (await placeOf(options)).directory;
    throw new CliError("CAL_POLICY_UNKNOWN", { directory, policyId: id ?? 1 });
  }
  return found;
}
