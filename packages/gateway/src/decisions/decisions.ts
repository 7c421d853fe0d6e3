/**
 * Decisions over HTTP: one, many, and a past one. An answer is sent only when its entry is on disk.
 * @module
 */
import type { ReadDecided } from "@calybris/engine";
import { type ExplanationRow, explainCandidate, type PolicySnapshot, parseEntryLine } from "@calybris/kernel";
import { GatewayError } from "../gateway-errors.ts";
import { apiJson } from "../http/error-dialect.ts";
import type { Call, Handler, Reply } from "../http/route-contract.ts";
import { maySee } from "../keys/tenancy.ts";
import { actorJson } from "./actor-json.ts";
import type { ApiContext } from "./api-context.ts";
import { decideMany } from "./batch.ts";
import { headroomOf } from "./answer-buffer.ts";
import { decideOne } from "./decide.ts";
import { decisionMembers } from "./decision-text.ts";
import { receiptJson, requireReceipts } from "./receipts.ts";
import { requestJson } from "./request-json.ts";

type Handlers = { readonly [Name in "decide" | "decideBatch" | "decision"]: Handler };

export function decisionHandlers(context: ApiContext): Handlers {
  return {
    decide: (call, responder) => decideOne(context, call, responder),
    decideBatch: (call) => decideMany(context, call),
    decision: (call) => explained(context, call),
  };
}

async function explained(context: ApiContext, { principal, parameters, query }: Call): Promise<Reply> {
  const decisionId = parameters["id"] ?? "";
  const found = await context.engine.reading.decision(decisionId);
  if (found === undefined || !maySee(principal, found.decided.tenant))
    throw new GatewayError("CAL_GATEWAY_DECISION_UNKNOWN", { decisionId: decisionId.slice(0, SHOWN_MAX) });
  const { decided, at, snapshot } = found;
  const { request, decision, learning } = decided;
  const { texts } = context.policyAnswers.of(decided.policyId);
  const walked = decision.evaluatedCount === 0 ? [] : snapshot.policy.candidates;
  const more = {
    at,
    actor: await actorOf(context, decisionId),
    request: requestJson(request, snapshot),
    requested:
      request.requestedId === 0 ? null : { id: request.requestedId, name: nameOf(snapshot, request.requestedId) },
    learning: learning ?? null,
    spending: spendingOf(context, decisionId),
    explanation: walked.map((candidate) => rowJson(explainCandidate(snapshot.policy, request, candidate), snapshot)),
    proof: await proofOf(context, found),
  };
  const body = `${decisionMembers(decided, texts, headroomOf(context.engine, decided))},${apiJson(more).slice(1)}`;
  const entry = query["receipt"] === undefined ? undefined : await context.engine.reading.found(decisionId);
  if (entry === undefined) return { body };
  const receipt = await receiptJson(context.engine, entry, requireReceipts(context.receipts));
  return { body: `${body.slice(0, -1)},"receipt":${receipt.trimEnd()}}` };
}

function spendingOf({ engine }: ApiContext, decisionId: string): object | null {
  const { state, reservedMicrocents, costMicrocents } = engine.calls.standing(decisionId);
  return state === "unknown" ? null : { state, reservedMicrocents, costMicrocents };
}

async function actorOf({ engine }: ApiContext, decisionId: string): Promise<object | null> {
  const entry = (await engine.reading.found(decisionId))?.entry;
  if (entry?.actor === undefined) return null;
  const { actor, onBehalfOf } = entry;
  return actorJson(engine.keys, onBehalfOf === undefined ? { actor } : { actor, onBehalfOf });
}

function rowJson(row: ExplanationRow, snapshot: PolicySnapshot): object {
  const { id } = row.candidate;
  const name = nameOf(snapshot, id);
  if (row.refusedBy === undefined) return { id, name, refusedBy: null, ...row.terms };
  return { id, name, refusedBy: row.refusedBy, measured: row.measured, limit: row.limit };
}

async function proofOf(context: ApiContext, { decided }: ReadDecided): Promise<object> {
  const { reading } = context.engine;
  let text = "";
  for await (const line of reading.lines(decided.sequence, decided.sequence)) text = line.toString("utf8").trimEnd();
  const { sequence, hash } = reading.head;
  return {
    line: text,
    previousHash: parseEntryLine(text)?.previousHash ?? "",
    entryHash: decided.entryHash,
    head: { sequence, entryHash: hash },
  };
}

function nameOf(snapshot: PolicySnapshot, id: number): string {
  const index = snapshot.policy.candidates.findIndex((candidate) => candidate.id === id);
  return snapshot.candidateNames[index] ?? `candidate ${id}`;
}

const SHOWN_MAX = 64;
