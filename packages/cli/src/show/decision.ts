/**
 * Explains a decision: request, caller, choice and reason, with all digests recomputed.
 * @module
 */
import {
  ALL_PROVIDERS,
  DEFAULT_TENANT,
  type Decision,
  type DecisionEntry,
  type Defaulted,
  actorText,
  cost,
  decisionDigests,
  decisionIdOf,
  type ExplainedRecommendation,
  explain,
  identityNumber,
  type Loss,
  NO_BUDGET_LIMIT,
  policyDigest,
  type PolicySnapshot,
  type Request,
  type Shortfall,
  shortfallOf,
  toHex,
} from "@calybris/kernel";
import { explainTable, explanationRows } from "../decide/explain-table.ts";
import { candidateName, type ReadDecision } from "../journal/reader.ts";
import { exactDollars } from "../terminal/money-text.ts";
import { count } from "../terminal/number-text.ts";
import { printable } from "../terminal/terminal-text.ts";
import { timeText } from "../terminal/time-text.ts";
import { labelledLine } from "./labelled-line.ts";
import { lossSentence, lossToTell } from "./loss-text.ts";
import { type FoundOutcome, outcomeJson, outcomeLines, recommendationLines } from "./recommendation.ts";
import { sentenceOf } from "./sentence.ts";

/** Cost of the requested candidate less that of the selected one; `undefined` if there is nothing to compare. */
function savedMicrocents({ entry, snapshot }: ReadDecision): bigint | undefined {
  const requested = snapshot.policy.candidates.find(({ id }) => id === entry.request.requestedId);
  // A decision that is only observed saves nothing.
  if (requested === undefined || entry.acted !== undefined || entry.decision.action === "reject") return undefined;
  return cost(entry.request, requested) - entry.decision.costMicrocents;
}

export function explanationJson(
  found: ReadDecision,
  learning: ExplainedRecommendation | undefined,
  outcome: FoundOutcome | undefined,
): object {
  const { entry, snapshot, head } = found;
  const explained = explain(snapshot.policy, entry.request);
  const digests = decisionDigests(policyDigest(snapshot.policy), entry.request, explained.decision);
  return {
    sequence: head.sequence,
    at: head.at,
    kind: head.kind,
    sentence: sentenceOf(found),
    decisionId: decisionIdOf(head.sequence, identityNumber(entry.identity)),
    id: entry.requestId,
    policy: found.policyId,
    actor: entry.actor,
    keyName: found.keyName,
    onBehalfOf: entry.onBehalfOf,
    useCase: entry.useCase,
    defaulted: entry.defaulted,
    tenant: entry.tenant,
    shortfall: shortfallOf(entry),
    asked: entry.asked,
    tags: entry.tags,
    session: entry.session,
    promptDigest: entry.promptDigest,
    request: entry.request,
    decision: { ...explained.decision, ...entry.decision },
    learning,
    outcome: outcome === undefined ? undefined : outcomeJson(outcome),
    savedMicrocents: savedMicrocents(found),
    rows: explanationRows(snapshot, explained),
    otherwise: otherwiseJson(found, explained.decision),
    digests: {
      policy: toHex(digests.policy),
      request: toHex(digests.request),
      decision: toHex(digests.decision),
      identity: toHex(digests.identity),
    },
    entryHash: found.entryHash,
    isChained: found.isChained,
  };
}

/** The counterfactual, if the kernel's choice equals the recorded one. */
function lossIn({ entry, snapshot }: ReadDecision, decision: Decision): Loss | undefined {
  return entry.decision.selectedId === decision.selectedId ? lossToTell(snapshot, entry.request, decision) : undefined;
}

function otherwiseJson(found: ReadDecision, decision: Decision): object | undefined {
  const loss = lossIn(found, decision);
  if (loss === undefined) return undefined;
  const { candidate, refusedBy, lostByMicrocents, changes } = loss;
  return { sentence: lossSentence(found.snapshot, loss), id: candidate.id, refusedBy, lostByMicrocents, changes };
}

function otherwiseLines(found: ReadDecision, decision: Decision): readonly string[] {
  const loss = lossIn(found, decision);
  return loss === undefined ? [] : [labelledLine("otherwise", lossSentence(found.snapshot, loss))];
}

/** The shortfall as text; the requested budget may be unlimited. */
function shortfallText(shortfall: Shortfall | undefined): string {
  if (shortfall === undefined) return "";
  const { headroomMicrocents, askedMicrocents } = shortfall;
  const asked = askedMicrocents === NO_BUDGET_LIMIT ? "no budget" : `a budget of $${exactDollars(askedMicrocents)}`;
  return `, with $${exactDollars(headroomMicrocents)} of headroom; the request had ${asked}`;
}

/** Members that the client did not send, with the values of its use case. */
function defaultLines({ defaulted, request, useCase }: DecisionEntry): readonly string[] {
  if (defaulted.length === 0) return [];
  const values: Readonly<Record<Defaulted, string>> = {
    value: `value $${exactDollars(request.valueMicrocents)}`,
    risk: `risk ${request.riskBps} bps`,
    confidence: `confidence ${request.confidenceBps} bps`,
    floor: `quality at least ${request.qualityMinBps} bps`,
    output: `output ${count(request.outputTokens)} tokens`,
    tenant: `tenant ${JSON.stringify(DEFAULT_TENANT)}`,
  };
  const list = defaulted.map((name) => values[name]).join(", ");
  return [labelledLine("defaults", `${list}: not sent by the client, taken from use case ${useCase}`)];
}

/** Values that the client sent and the decision replaced. */
function replacedLines({ entry, snapshot }: ReadDecision): readonly string[] {
  const { asked, request } = entry;
  if (asked === undefined) return [];
  const { budgetMicrocents, providers, qualityMinBps } = asked;
  const replaced = (name: string, sent: string, used: string): string =>
    labelledLine("replaced", `${name}: the client sent ${sent}, decided with ${used}`);
  return [
    ...(budgetMicrocents === undefined
      ? []
      : [replaced("budget", budgetText(budgetMicrocents), budgetText(request.budgetLimitMicrocents))]),
    ...(providers === undefined
      ? []
      : [replaced("providers", providersText(providers, snapshot), providersText(request.providersAllowed, snapshot))]),
    ...(qualityMinBps === undefined
      ? []
      : [replaced("quality floor", `${qualityMinBps} bps`, `${request.qualityMinBps} bps`)]),
  ];
}

function budgetText(microcents: bigint): string {
  return microcents === NO_BUDGET_LIMIT ? "no limit" : `$${exactDollars(microcents)}`;
}

function providersText(mask: Request["providersAllowed"], { providers }: PolicySnapshot): string {
  if (mask === ALL_PROVIDERS) return "any";
  return providers.filter((_name, index) => ((mask >> BigInt(index)) & 1n) === 1n).join(", ") || "none";
}

/** The caller and its labels of the request, which do not affect the decision. */
function callerLines({ entry, keyName }: ReadDecision): readonly string[] {
  const { actor, onBehalfOf, tags, session, promptDigest } = entry;
  const said = [
    ...Object.entries(tags ?? {}).map(([name, tag]) => `${name}=${tag}`),
    ...(session === undefined ? [] : [`session ${JSON.stringify(session)}`]),
    ...(promptDigest === undefined ? [] : [`prompt SHA-256 ${promptDigest}`]),
  ];
  return [
    ...(actor === undefined ? [] : [labelledLine("by", actorText(actor, keyName, onBehalfOf))]),
    ...(said.length === 0 ? [] : [labelledLine("tags", said.join(", "))]),
  ];
}

export const CHAINED: Readonly<Record<string, string>> = {
  true: "",
  false: "DOES NOT FOLLOW from its data: it was altered",
  undefined: "(not checked: this needs the journal's head, and its key if it is keyed)",
};

/** The decision as text. */
export function explanationText(
  found: ReadDecision,
  learning?: ExplainedRecommendation,
  outcome?: FoundOutcome,
): string {
  const { entry, snapshot, head } = found;
  const { request } = entry;
  const explained = explain(snapshot.policy, request);
  const decision = { ...explained.decision, ...entry.decision };
  const digests = decisionDigests(policyDigest(snapshot.policy), request, explained.decision);
  const saved = savedMicrocents(found);
  const chosen =
    decision.action === "reject"
      ? `nothing: ${decision.reason}`
      : `${candidateName(snapshot, decision.selectedId)} for $${exactDollars(decision.costMicrocents)} (${decision.reason})`;
  const isSame = toHex(digests.identity) === entry.identity;
  const rows = [
    sentenceOf(found),
    `Entry ${head.sequence}, decision ${request.sequence} (${decisionIdOf(head.sequence, identityNumber(entry.identity))}), ${timeText(head.at)}`,
    labelledLine(
      "requested",
      `${candidateName(snapshot, request.requestedId)}, ${count(request.inputTokens)} tokens in, ${count(request.outputTokens)} out, worth $${exactDollars(request.valueMicrocents)}`,
    ),
    labelledLine(
      "under",
      `policy ${found.policyId} (${snapshot.name}), use case ${entry.useCase}; risk ${request.riskBps} bps, confidence ${request.confidenceBps} bps, quality at least ${request.qualityMinBps} bps`,
    ),
    ...(entry.requestId === undefined ? [] : [labelledLine("id", JSON.stringify(entry.requestId))]),
    ...(entry.tenant === undefined
      ? []
      : [labelledLine("tenant", `${JSON.stringify(entry.tenant)}${shortfallText(shortfallOf(entry))}`)]),
    ...defaultLines(entry),
    ...replacedLines(found),
    labelledLine(decision.action, chosen),
    ...(saved === undefined
      ? []
      : [labelledLine("saved", `$${exactDollars(saved)} against the requested candidate; quality not measured`)]),
    ...(decision.counterfactualId === 0
      ? []
      : [
          labelledLine(
            "runner-up",
            `${candidateName(snapshot, decision.counterfactualId)}, utility $${exactDollars(decision.counterfactualUtilityMicrocents)}`,
          ),
        ]),
    ...otherwiseLines(found, explained.decision),
    ...callerLines(found),
    ...recommendationLines(learning, snapshot),
    ...outcomeLines(outcome),
    ...(explained.rows.length === 0
      ? ["  a hard limit: no candidate was evaluated"]
      : explainTable(snapshot, explained).split("\n")),
    labelledLine("policy", toHex(digests.policy)),
    labelledLine("request", toHex(digests.request)),
    labelledLine("decision", toHex(digests.decision)),
    labelledLine("identity", `${entry.identity}${isSame ? "" : ` DIFFERS from ${toHex(digests.identity)}`}`),
    labelledLine("entry", `${found.entryHash} ${CHAINED[String(found.isChained)] ?? ""}`).trimEnd(),
  ];
  return rows.map(printable).join("\n");
}
