/**
 * What became of a decision: what it cost, and how good it was.
 * @module
 */
import type { ClientOutcome, Settled } from "@calybris/engine";
import type { ExactJson, HoldCause } from "@calybris/kernel";
import { CalybrisError } from "@calybris/kernel";
import { apiJson } from "../http/answers.ts";
import type { BodyRule, Call, Reply, Route } from "../http/route.ts";
import type { Plane } from "../keys/keyring.ts";
import { observedShape, settledShape } from "./answer-shapes.ts";
import { correctCall, holdCall, observeCall, releaseCall, settleCall } from "./call-shapes.ts";
import type { Desk } from "./desk.ts";
import { maySee, tenantOfDecision } from "./tenancy.ts";

export function settlementRoutes(desk: Desk): readonly Route[] {
  const { ledger, learning, reading } = desk.engine;
  const move = (
    name: string,
    path: string,
    summary: string,
    body: BodyRule["schema"],
    planes: readonly Plane[],
    done: (command: Command) => Promise<Settled>,
  ): Route => ({
    method: "POST",
    path,
    name,
    summary,
    planes,
    body: { schema: body },
    answer: settledShape,
    handle: (call) => done(commandOf(call)).then(settledReply),
  });
  return [
    {
      method: "POST",
      path: "/v1/outcomes",
      name: "observe",
      summary: "Tell what became of a decision",
      description: "The learner takes it in. Told again, it changes nothing; told otherwise, it is refused.",
      planes: ["decide"],
      body: { schema: observeCall },
      answer: observedShape,
      handle: async ({ principal, body }) => {
        const outcome = body as unknown as ClientOutcome;
        const found = principal.tenants === undefined ? undefined : reading.decision(outcome.decisionId);
        if (principal.tenants !== undefined && !maySee(principal, found?.decided.tenant))
          throw new CalybrisError("CAL_OUTCOME_UNBOUND", { decisionId: outcome.decisionId });
        return { text: apiJson(await learning.observe(outcome)) };
      },
    },
    move("settle", "/v1/settlements", "Say what a decision cost", settleCall, ["decide"], (command) =>
      ledger.settle(command),
    ),
    move("release", "/v1/settlements/release", "Say that it never ran", releaseCall, ["decide"], (command) =>
      ledger.release(command),
    ),
    move("hold", "/v1/settlements/hold", "Say that its cost is not known yet", holdCall, ["decide"], (command) =>
      ledger.hold(command),
    ),
    move("reconcile", "/v1/settlements/reconcile", "Say what a held one cost", correctCall, ["operate"], (command) =>
      ledger.reconcile(command),
    ),
    move(
      "correct",
      "/v1/settlements/correct",
      "Say what a settled one cost in truth",
      correctCall,
      ["operate"],
      (command) => ledger.correct(command),
    ),
  ];
}

interface Command {
  readonly decisionId: string;
  readonly tenant: string | undefined;
  readonly actualMicrocents: string;
  readonly cause: HoldCause;
  readonly by: string;
}

/** The route's schema has checked the members that each operation takes. */
function commandOf({ principal, body }: Call): Command {
  const members = body as { readonly [key: string]: ExactJson } as unknown as Command;
  return { ...members, tenant: tenantOfDecision(principal, members.tenant) };
}

function settledReply({ balance, ...settled }: Settled): Reply {
  return { text: apiJson({ ...settled, budget: balance }) };
}
