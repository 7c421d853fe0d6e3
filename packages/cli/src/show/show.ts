/**
 * `calybris show`: explains one decision of a journal for a person.
 * @module
 */

import { explainedRecommendation } from "@calybris/engine/internal";
import {
  actorText,
  type ChainHash,
  cost,
  decisionDigests,
  decisionIdOf,
  type ExplainedRecommendation,
  explain,
  identityNumber,
  NO_BUDGET_LIMIT,
  policyDigest,
  type ShortOfRoom,
  shortOf,
  toHex,
} from "@calybris/kernel";
import { Command, InvalidArgumentError } from "commander";
import { explainTable, explanationRows } from "../decide/explain-table.ts";
import { candidateName, JournalReader, type ReadDecision } from "../journal/reader.ts";
import { type JournalOptions, journalOption, placeOf } from "../journal/place.ts";
import { configOption } from "../service/config-file.ts";
import { jsonText } from "../terminal/json-text.ts";
import { chainOfJournal, keyFileOption } from "../journal/key-file.ts";
import { dollars } from "../terminal/money-text.ts";
import { type FoundOutcome, outcomeJson, outcomeLines, outcomeNear, recommendationLines } from "./recommendation.ts";
import type { Terminal } from "../terminal/terminal.ts";
import { printable } from "../terminal/terminal-text.ts";

export function showCommand(terminal: Terminal): Command {
  return new Command("show")
    .description("explain one decision of a journal")
    .argument("<sequence>", "sequence of the entry", wholeSequence)
    .addOption(journalOption())
    .addOption(configOption())
    .addOption(keyFileOption())
    .option("--json", "print JSON")
    .action(async (sequence: number, options: JournalOptions & { readonly json?: true }) => {
      const { directory, keyFile } = await placeOf(options);
      const found = findDecision(directory, sequence, chainOfJournal(directory, keyFile));
      const learning = learningOf(found, directory);
      const outcome = outcomeNear(found, directory);
      terminal.print(
        options.json === true
          ? jsonText(explanationJson(found, learning, outcome))
          : explanationText(found, learning, outcome),
      );
    });
}

function wholeSequence(text: string): number {
  if (!/^[1-9][0-9]{0,14}$/.test(text)) throw new InvalidArgumentError("a sequence is a whole number from 1");
  return Number(text);
}

/** @throws CalybrisError when the journal has no such entry, or the entry is no decision. */
export function findDecision(directory: string, sequence: number, chain?: ChainHash): ReadDecision {
  const reader = new JournalReader(directory, chain);
  return reader.decision(reader.find(sequence));
}

/** How the floor came about, with what follows from the table that was drawn from. */
export function learningOf(found: ReadDecision, directory: string): ExplainedRecommendation | undefined {
  const { entry, snapshot } = found;
  if (entry.learning === undefined) return undefined;
  return explainedRecommendation(entry, entry.learning, snapshot, new JournalReader(directory).table(found));
}

/** Cost of what was asked for, minus what was chosen; `undefined` when there is nothing to compare. */
function savedMicrocents({ entry, snapshot }: ReadDecision): bigint | undefined {
  const requested = snapshot.policy.candidates.find(({ id }) => id === entry.request.requestedId);
  if (requested === undefined || entry.decision.action === "reject") return undefined;
  return cost(entry.request, requested) - entry.decision.costMicrocents;
}

function explanationJson(
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
    decisionId: decisionIdOf(head.sequence, identityNumber(entry.identity)),
    id: entry.requestId,
    policy: found.policyId,
    actor: entry.actor,
    keyName: found.keyName,
    onBehalfOf: entry.onBehalfOf,
    useCase: entry.useCase,
    defaulted: entry.defaulted,
    tenant: entry.tenant,
    short: shortOf(entry),
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

/** A budget may have been none at all. */
function shortText(short: ShortOfRoom | undefined): string {
  if (short === undefined) return "";
  const { roomMicrocents, askedMicrocents } = short;
  const asked =
    askedMicrocents === NO_BUDGET_LIMIT ? "without a budget" : `with a budget of $${dollars(askedMicrocents)}`;
  return `, which had room for $${dollars(roomMicrocents)} and asked ${asked}`;
}

/** Who asked, and what the caller said of the request beside what is decided by. */
function callerLines({ entry, keyName }: ReadDecision): readonly string[] {
  const { actor, onBehalfOf, tags, session, promptDigest } = entry;
  const said = [
    ...Object.entries(tags ?? {}).map(([name, tag]) => `${name}=${tag}`),
    ...(session === undefined ? [] : [`session ${JSON.stringify(session)}`]),
    ...(promptDigest === undefined ? [] : [`prompt SHA-256 ${promptDigest}`]),
  ];
  return [
    ...(actor === undefined ? [] : [`  by       ${actorText(actor, keyName, onBehalfOf)}`]),
    ...(said.length === 0 ? [] : [`  tags     ${said.join(", ")}`]),
  ];
}

const CHAINED: Readonly<Record<string, string>> = {
  true: "",
  false: "DOES NOT FOLLOW from its data: it was altered",
  undefined: "(not checked: that takes the journal's head, and its key when it is keyed)",
};

/** The decision for a person. */
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
      : `${candidateName(snapshot, decision.selectedId)} for $${dollars(decision.costMicrocents)} (${decision.reason})`;
  const isSame = toHex(digests.identity) === entry.identity;
  const rows = [
    `Entry ${head.sequence}, decision ${request.sequence} (${decisionIdOf(head.sequence, identityNumber(entry.identity))}), ${new Date(head.at / 1000).toISOString()}`,
    `  asked    ${candidateName(snapshot, request.requestedId)}, ${request.inputTokens} tokens in, ${request.outputTokens} out, worth $${dollars(request.valueMicrocents)}`,
    `  under    policy ${found.policyId} (${snapshot.name}), use case ${entry.useCase}; risk ${request.riskBps} bps, confidence ${request.confidenceBps} bps, quality at least ${request.qualityMinBps} bps`,
    ...(entry.requestId === undefined ? [] : [`  id       ${JSON.stringify(entry.requestId)}`]),
    ...(entry.tenant === undefined ? [] : [`  tenant   ${JSON.stringify(entry.tenant)}${shortText(shortOf(entry))}`]),
    ...(entry.defaulted.length === 0 ? [] : [`  left to the policy: ${entry.defaulted.join(", ")}`]),
    `  ${decision.action.padEnd(9)} ${chosen}`,
    ...(saved === undefined ? [] : [`  saved    $${dollars(saved)} against what was asked for; quality not measured`]),
    ...(decision.counterfactualId === 0
      ? []
      : [
          `  next best ${candidateName(snapshot, decision.counterfactualId)}, utility $${dollars(decision.counterfactualUtilityMicrocents)}`,
        ]),
    ...callerLines(found),
    ...recommendationLines(learning, snapshot),
    ...outcomeLines(outcome),
    ...(explained.rows.length === 0
      ? ["  a hard limit: no candidate was looked at"]
      : explainTable(snapshot, explained).split("\n")),
    `  policy   ${toHex(digests.policy)}`,
    `  request  ${toHex(digests.request)}`,
    `  decision ${toHex(digests.decision)}`,
    `  identity ${entry.identity}${isSame ? "" : ` DIFFERS from ${toHex(digests.identity)}`}`,
    `  entry    ${found.entryHash} ${CHAINED[String(found.isChained)] ?? ""}`.trimEnd(),
  ];
  return rows.map(printable).join("\n");
}
