/**
 * The calls of a journal, read from its entries alone: which attempts were begun, and for which tenants.
 * @module
 */
import { type AttemptEntry, decisionIdOfIdentity, type DecisionEntry } from "@calybris/kernel";
import { readEntries } from "../../src/journal/entries.ts";
import { logFiles } from "../../src/journal/log-lines.ts";

export interface JournaledCalls {
  /** Decision, slash, number: as each attempt is sent to its provider. With the tenant. */
  readonly attempts: ReadonlyMap<string, string>;
  /** How often each request id was decided, by tenant and id. */
  readonly requestIds: ReadonlyMap<string, number>;
  /** Calls by what their reservation was made by. */
  readonly bases: ReadonlyMap<string, number>;
  readonly rejected: number;
}

/** What is read of an entry, as the journal has it. */
type Data = { readonly sequence: number } & (DecisionData | AttemptEntry);
type DecisionData = Pick<DecisionEntry, "kind" | "identity" | "tenant" | "requestId" | "basis" | "acted"> & {
  readonly decision: { readonly selected?: number };
};

export function journaledCalls(directory: string): JournaledCalls {
  const attempts = new Map<string, string>();
  const requestIds = new Map<string, number>();
  const bases = new Map<string, number>();
  const ids = new Map<number, { readonly decisionId: string; readonly tenant: string }>();
  let rejected = 0;
  for (const file of logFiles(directory).files)
    for (const { data } of readEntries(file)) {
      const entry = JSON.parse(data) as Data;
      if (entry.kind === "decision") {
        const { sequence, identity, tenant = "", requestId, basis = "none" } = entry;
        const decisionId = decisionIdOfIdentity(sequence, Buffer.from(identity, "base64url").toString("hex"));
        ids.set(sequence, { decisionId, tenant });
        if (requestId !== undefined) count(requestIds, `${tenant} ${requestId}`);
        if ((entry.acted ?? entry.decision.selected ?? 0) === 0) rejected += 1;
        else {
          count(bases, basis);
          attempts.set(`${decisionId}/1`, tenant);
        }
      } else if (entry.kind === "attempt" && entry.change === "begun") {
        const call = ids.get(entry.of);
        if (call === undefined) throw new Error(`an attempt of ${entry.of}, which is no decision`);
        attempts.set(`${call.decisionId}/${entry.number}`, call.tenant);
      }
    }
  return { attempts, requestIds, bases, rejected };
}

function count(counts: Map<string, number>, name: string): void {
  counts.set(name, (counts.get(name) ?? 0) + 1);
}
