/**
 * `POST /v1/ledger/reconcile`: held decisions are reconciled from a provider's export of usage, while the service runs.
 * @module
 */
import { createHash } from "node:crypto";
import { reconcileExport } from "@calybris/engine";
import { apiJson } from "../http/error-dialect.ts";
import type { Handler } from "../http/route-contract.ts";
import { type ClaimBody, callerOf } from "../keys/caller.ts";
import type { ApiContext } from "./api-context.ts";

interface ExportBody extends ClaimBody {
  readonly usageExport: string;
  readonly completeUntil?: number;
}

/** Named in errors, in front of the line. */
const NAME = "usageExport";

export function usageExportHandlers({ engine }: ApiContext): { readonly reconcileUsage: Handler } {
  let last: Promise<unknown> = Promise.resolve();
  return {
    reconcileUsage: async ({ principal, body }) => {
      const { failure } = engine.reading;
      if (failure !== undefined) throw failure;
      const { usageExport, completeUntil: completeUntilUs, ...claim } = body as ExportBody;
      const caller = callerOf(engine, principal, claim);
      const exportDigest = createHash("sha256").update(usageExport).digest("hex");
      // What one bill has settled counts in the next, so that two are not spread over the same decisions at once.
      const before = last;
      const done = (async () => {
        await before;
        return reconcileExport(engine, usageExport, { exportDigest, file: NAME, completeUntilUs }, caller);
      })();
      last = done.catch(() => undefined);
      return { body: apiJson({ exportDigest, ...(await done) }) };
    },
  };
}
