/**
 * Reports on decisions over HTTP: their cost and their outcome.
 * @module
 */
import type { Caller, ClientOutcome, Observed, Settled } from "@calybris/engine";
import type { HoldCause } from "@calybris/kernel";
import { EngineError } from "@calybris/engine";
import { apiJson } from "../http/error-dialect.ts";
import type { Call, Handler, Reply } from "../http/route-contract.ts";
import { type ClaimBody, callerOf } from "../keys/caller.ts";
import { maySee, tenantOfDecision, visibleError } from "../keys/tenancy.ts";
import type { ApiContext } from "./api-context.ts";

type Handlers = {
  readonly [Name in "observe" | "settle" | "release" | "hold" | "reconcile" | "correct"]: Handler;
};

export function settlementHandlers({ engine }: ApiContext): Handlers {
  const { ledger, learning, reading } = engine;
  const command =
    (done: (command: Command, caller: Caller) => Promise<Settled>): Handler =>
    async (call) => {
      const named = commandOf(call);
      try {
        return settledReply(await done(named, callerOf(engine, call.principal, named)));
      } catch (error) {
        throw visibleError(call.principal, error);
      }
    };
  return {
    observe: async ({ principal, body }) => {
      const { by: _by, onBehalfOf: _onBehalfOf, ...outcome } = body as ClientOutcome & ClaimBody;
      const found = principal.tenants === undefined ? undefined : await reading.decision(outcome.decisionId);
      if (principal.tenants !== undefined && (found === undefined || !maySee(principal, found.decided.tenant)))
        throw new EngineError("CAL_OUTCOME_UNBOUND", { decisionId: outcome.decisionId });
      const observed = await learning.observe(outcome, callerOf(engine, principal, body as ClaimBody));
      return { body: apiJson(observedJson(observed)) };
    },
    settle: command((settlement, caller) => ledger.settle(settlement, caller)),
    release: command((release, caller) => ledger.release(release, caller)),
    hold: command((hold, caller) => ledger.hold(hold, caller)),
    reconcile: command((reconciliation, caller) => ledger.reconcile(reconciliation, caller)),
    correct: command((correction, caller) => ledger.correct(correction, caller)),
  };
}

interface Command extends ClaimBody {
  readonly decisionId: string;
  readonly tenant: string | undefined;
  readonly actualMicrocents: string;
  readonly cause: HoldCause;
  readonly knownMicrocents: string | undefined;
}

/** The command in a body, which the contract's schema has validated. */
function commandOf({ principal, body }: Call): Command {
  const members = body as Command;
  return { ...members, tenant: tenantOfDecision(principal, members.tenant) };
}

function settledReply(settled: Settled): Reply {
  return { body: apiJson(settledJson(settled)) };
}

function settledJson({ balance, ...settled }: Settled): object {
  return { ...settled, budget: balance };
}

function observedJson({ settlement, ...observed }: Observed): object {
  return { ...observed, settlement: settlement === undefined ? null : settledJson(settlement) };
}
