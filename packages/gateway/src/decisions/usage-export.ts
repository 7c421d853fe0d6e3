/**
 * `POST /v1/ledger/reconcile`: reconciles held decisions from a provider's usage export while the service runs.
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

/** The name of the export in errors. */
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
      // One export at a time, because each must see the decisions that the one before has settled.
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
