/**
 * Reads the policies of a journal without a lock, even while a service has it open. Entries are not verified; `verify` does
 * that.
 * @module
 */
import { nodeSha256 } from "@calybris/engine/internal";
import {
  activates,
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
import { readerOf } from "../journal/reader-of.ts";
import { clientOf, type TargetOptions } from "../service/target.ts";
import { logFiles } from "../journal/log-lines.ts";
import { CliError } from "../cli-errors.ts";

/** A policy of a journal. */
export interface JournalPolicy {
  readonly policyId: number;
  /** Sequence of the entry that added it. */
  readonly sequence: number;
  readonly state: "active" | "staged" | "inactive";
  /** Time of that entry, microseconds since the Unix epoch. */
  readonly at: number;
  /** The caller that added it, as text; `undefined` for the first. */
  readonly by: string | undefined;
  /** Whether it was read from the service's configured file; true for the first. */
  readonly isFromFile: boolean;
  readonly snapshot: PolicySnapshot;
  /** In the form that `policy check` prints. */
  readonly digest: string;
}

/** All policies of the journal or service in a command's options, ordered by ID. */
export async function policiesOf(options: TargetOptions): Promise<readonly JournalPolicy[]> {
  const client = clientOf(options);
  if (client === undefined) return journalPolicies((await placeOf(options)).directory);
  const reader = await readerOf(options);
  const { policies, activations, staged } = await client.policies();
  const active = activations.at(-1)?.policyId;
  return Promise.all(
    policies.map(async ({ sequence, policyId }) => {
      const { entry, head, keyName } = await reader.body(await reader.source.find(sequence));
      if (entry?.kind !== "genesis" && entry?.kind !== "policy")
        throw new CalybrisError("CAL_JOURNAL_ENTRY_MALFORMED", { sequence, problem: "it is not a policy" });
      return { ...brought(entry, head, keyName), state: stateOf(policyId, active, staged ?? undefined) };
    }),
  );
}

function stateOf(id: number, active: number | undefined, staged: number | undefined): JournalPolicy["state"] {
  if (id === active) return "active";
  return id === staged ? "staged" : "inactive";
}

function brought(
  body: GenesisEntry | PolicyEntry,
  { sequence, at }: EntryHead,
  keyName: string | undefined,
): Omit<JournalPolicy, "state"> {
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
  const policies: Omit<JournalPolicy, "state">[] = [];
  let active: number | undefined;
  let staged: number | undefined;
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
      const isActivated = activates(body);
      staged = isActivated ? undefined : body.policyId;
      if (isActivated) active = body.policyId;
      if (body.snapshot === undefined) continue;
      policies.push(brought(body, head, body.kind === "policy" ? keyNames.get(Number(body.actor)) : undefined));
    }
  }
  return policies.map((policy) => ({ ...policy, state: stateOf(policy.policyId, active, staged) }));
}

/** @throws CalybrisError `CAL_POLICY_UNKNOWN`. @param id - default: the active policy. */
export async function policyNamed(options: TargetOptions, id: number | undefined): Promise<JournalPolicy> {
  const policies = await policiesOf(options);
  const found = policies.find(({ policyId, state }) => (id === undefined ? state === "active" : policyId === id));
  if (found === undefined) {
    const directory = options.url ?? (await placeOf(options)).directory;
    throw new CliError("CAL_POLICY_UNKNOWN", { directory, policyId: id ?? 1 });
  }
  return found;
}
