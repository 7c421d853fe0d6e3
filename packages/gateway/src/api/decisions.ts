/**
 * Decisions over HTTP: one, many, and one that was made before. An answer leaves only when its entry is on the disk.
 * @module
 */
import { type ClientRequest, type Decided, membersOf, type ReadDecided } from "@calybris/engine";
import {
  CalybrisError,
  DEFAULT_TENANT,
  type ExactJson,
  explainCandidate,
  type ExplanationRow,
  type Mistake,
  parseEntryLine,
  type PolicySnapshot,
} from "@calybris/kernel";
import { apiJson, asCoded, errorJson } from "../http/answers.ts";
import type { Call, Reply, Route } from "../http/route.ts";
import type { Principal } from "../keys/keyring.ts";
import { batchShape, decisionShape, explainedShape } from "./answer-shapes.ts";
import { batchCall, decideCall } from "./call-shapes.ts";
import { decisionMembers, decisionText } from "./decision-text.ts";
import type { Desk } from "./desk.ts";
import { requestJson } from "./request-json.ts";
import { maySee, requireTenant } from "./tenancy.ts";

export function decisionRoutes(desk: Desk): readonly Route[] {
  return [
    {
      method: "POST",
      path: "/v1/decisions",
      name: "decide",
      summary: "Decide one request",
      description:
        "200 means that the decision is on the disk. A refusal by policy or budget is a decision too: its `action` is `reject` and its `reason` says why. The same `requestId` (or `idempotency-key` header) is decided once, and gets the same decision again, also after a restart.",
      planes: ["decide"],
      body: { schema: decideCall, byHand: true },
      answer: decisionShape,
      handle: (call) => decideOne(desk, call),
    },
    {
      method: "POST",
      path: "/v1/decisions:batch",
      name: "decideBatch",
      summary: "Decide many requests",
      description:
        "Each request is decided on its own, in order, as if it had been sent alone. 200 means that every decision in the answer is on the disk; a request that could not be decided has an error in its place. When the journal has no room for all of them, none is decided (429).",
      planes: ["decide"],
      body: { schema: batchCall, byHand: true },
      answer: batchShape,
      handle: (call) => decideMany(desk, call),
    },
    {
      method: "GET",
      path: "/v1/decisions/{id}",
      name: "decision",
      summary: "A decision, why it was decided so, and its proof",
      planes: ["decide", "audit"],
      answer: explainedShape,
      handle: (call) => explained(desk, call),
    },
  ];
}

function decideOne(desk: Desk, { principal, body, idempotencyKey }: Call): Promise<Reply> {
  const request = withKey(body, idempotencyKey);
  return decide(desk, principal, request).then((decided) => ({ text: told(desk, decided), isAscii: true }));
}

/** @throws CalybrisError when there is no decision; nothing was decided then, or a repetition finds out. */
function decide(desk: Desk, principal: Principal, request: ClientRequest): Promise<Decided> {
  return desk.engine.decide(allowed(principal, request));
}

/** The request, where the key may ask it. */
function allowed(principal: Principal, request: ClientRequest): ClientRequest {
  requireTenant(principal, membersOf(request)["tenant"]);
  return request;
}

function told(desk: Desk, decided: Decided): string {
  if (!decided.repeated) desk.metrics.decision(decided.decision.action, decided.decision.reason);
  return decisionText(decided, snapshotOf(desk, decided.policyId), remainingOf(desk, decided));
}

async function decideMany(desk: Desk, { principal, body, idempotencyKey }: Call): Promise<Reply> {
  const requests = requestsIn(body, desk.config.limits.batchMax, idempotencyKey);
  desk.rates.charge(principal, requests.length - 1);
  const refusals = new Map<number, string>();
  const taken: ClientRequest[] = [];
  for (const [index, request] of requests.entries()) {
    try {
      taken.push(allowed(principal, request as unknown as ClientRequest));
    } catch (error) {
      refusals.set(index, refused(error));
    }
  }
  const answers = (await desk.engine.decideMany(taken)).map((result) =>
    "decided" in result ? told(desk, result.decided) : errorJson(result.refused),
  );
  const results = requests.map((_, index) => refusals.get(index) ?? answers.shift());
  return { text: `{"results":[${results.join(",")}]}` };
}

/** Why one of many may not be asked; a bug is not told in its place but ends them all. */
function refused(error: unknown): string {
  const coded = asCoded(error);
  if (coded.code === "CAL_GATEWAY_BUG") throw error;
  return errorJson(coded);
}

function requestsIn(body: ExactJson, batchMax: number, idempotencyKey: string | undefined): readonly ExactJson[] {
  const mistakes: Mistake[] = [];
  const members = typeof body === "object" && body !== null && !Array.isArray(body) ? body : {};
  const { requests, ...others } = members as { readonly [key: string]: ExactJson };
  for (const path of Object.keys(others))
    mistakes.push({ path, problem: "is not known here", remedy: 'Known here: "requests".' });
  if (!Array.isArray(requests) || requests.length === 0)
    mistakes.push({ path: "requests", problem: "is not a list of requests", remedy: "Send at least one." });
  else if (requests.length > batchMax)
    mistakes.push({ path: "requests", problem: `has ${requests.length}`, remedy: `Send at most ${batchMax} at once.` });
  if (idempotencyKey !== undefined)
    mistakes.push({
      path: "idempotency-key",
      problem: "stands above many requests",
      remedy: "Give each request its own `requestId`.",
    });
  if (mistakes.length > 0) throw new CalybrisError("CAL_GATEWAY_REQUEST_INVALID", { mistakes });
  return requests as readonly ExactJson[];
}

/** The header is the request id, said in another place. */
function withKey(body: ExactJson, idempotencyKey: string | undefined): ClientRequest {
  if (idempotencyKey === undefined || typeof body !== "object" || body === null || Array.isArray(body))
    return body as unknown as ClientRequest;
  const request = body as unknown as ClientRequest;
  if (request.requestId === undefined) return { ...request, requestId: idempotencyKey };
  if (request.requestId === idempotencyKey) return request;
  const mistake: Mistake = {
    path: "requestId",
    problem: "is another than the `idempotency-key` header",
    remedy: "Say it once, or the same twice.",
  };
  throw new CalybrisError("CAL_REQUEST_INVALID", { mistakes: [mistake] });
}

function explained(desk: Desk, { principal, parameters }: Call): Reply {
  const decisionId = parameters["id"] ?? "";
  const found = desk.engine.reading.decision(decisionId);
  if (found === undefined || !maySee(principal, found.decided.tenant))
    throw new CalybrisError("CAL_GATEWAY_DECISION_UNKNOWN", { decisionId: decisionId.slice(0, SHOWN_MAX) });
  const { decided, at, snapshot } = found;
  const { request, decision, learning } = decided;
  const walked = decision.evaluatedCount === 0 ? [] : snapshot.policy.candidates;
  const more = {
    at,
    request: requestJson(request, snapshot),
    requested:
      request.requestedId === 0 ? null : { id: request.requestedId, name: nameOf(snapshot, request.requestedId) },
    learning: learning ?? null,
    explanation: walked.map((candidate) => rowJson(explainCandidate(snapshot.policy, request, candidate), snapshot)),
    proof: proofOf(desk, found),
  };
  return { text: `${decisionMembers(decided, snapshot, remainingOf(desk, decided))},${apiJson(more).slice(1)}` };
}

function rowJson(row: ExplanationRow, snapshot: PolicySnapshot): object {
  const { id } = row.candidate;
  const name = nameOf(snapshot, id);
  if (row.refusedBy === undefined) return { id, name, refusedBy: null, ...row.terms };
  return { id, name, refusedBy: row.refusedBy, measured: row.measured, limit: row.limit };
}

function proofOf(desk: Desk, { decided }: ReadDecided): object {
  const { reading } = desk.engine;
  const [line] = reading.lines(decided.sequence, decided.sequence);
  const text = line?.toString("utf8").trimEnd() ?? "";
  const { sequence, hash } = reading.head;
  return {
    line: text,
    previousHash: parseEntryLine(text)?.previousHash ?? "",
    entryHash: decided.entryHash,
    head: { sequence, entryHash: hash },
  };
}

function remainingOf({ engine }: Desk, { tenant }: Decided): bigint | undefined {
  return engine.reading.room(tenant ?? DEFAULT_TENANT);
}

function snapshotOf({ engine }: Desk, policyId: number): PolicySnapshot {
  return engine.reading.policy(policyId)?.snapshot ?? engine.snapshot;
}

function nameOf(snapshot: PolicySnapshot, id: number): string {
  const index = snapshot.policy.candidates.findIndex((candidate) => candidate.id === id);
  return snapshot.candidateNames[index] ?? `candidate ${id}`;
}

const SHOWN_MAX = 64;
