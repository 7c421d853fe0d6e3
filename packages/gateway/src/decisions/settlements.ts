/**
 * What became of a decision: what it cost, and how good it was.
 * @module
 */
import type { ClientOutcome, Settled } from "@calybris/engine";
import { CalybrisError, type HoldCause } from "@calybris/kernel";
import { apiJson } from "../http/error-dialect.ts";
import type { Call, Handler, Reply } from "../http/route-contract.ts";
import { maySee, tenantOfDecision, visibleError } from "../keys/tenancy.ts";
import type { ApiContext } from "./api-context.ts";

type Handlers = {
  readonly [Name in "observe" | "settle" | "release" | "hold" | "reconcile" | "correct"]: Handler;
};

export function settlementHandlers({ engine }: ApiContext): Handlers {
  const { ledger, learning, reading } = engine;
  const command =
    (done: (command: Command) => Promise<Settled>): Handler =>
    (call) =>
      done(commandOf(call)).then(settledReply, (error: unknown) => {
        throw visibleError(call.principal, error);
      });
  return {
    observe: async ({ principal, body }) => {
      const outcome = body as ClientOutcome;
      const found = principal.tenants === undefined ? undefined : reading.decision(outcome.decisionId);
      if (principal.tenants !== undefined && (found === undefined || !maySee(principal, found.decided.tenant)))
        throw new CalybrisError("CAL_OUTCOME_UNBOUND", { decisionId: outcome.decisionId });
      return { body: apiJson(await learning.observe(outcome)) };
    },
    settle: command((settlement) => ledger.settle(settlement)),
    release: command((release) => ledger.release(release)),
    hold: command((hold) => ledger.hold(hold)),
    reconcile: command((reconciliation) => ledger.reconcile(reconciliation)),
    correct: command((correction) => ledger.correct(correction)),
  };
}

interface Command {
  readonly decisionId: string;
  readonly tenant: string | undefined;
  readonly actualMicrocents: string;
  readonly cause: HoldCause;
  readonly by: string;
}

/** The contract's schema has checked the members that each operation takes. */
function commandOf({ principal, body }: Call): Command {
  const members = body as Command;
  return { ...members, tenant: tenantOfDecision(principal, members.tenant) };
}

function settledReply({ balance, ...settled }: Settled): Reply {
  return { body: apiJson({ ...settled, budget: balance }) };
}
