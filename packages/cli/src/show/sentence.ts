/**
 * An entry as one sentence: actor and action, with amounts in dollars and counts in units.
 * @module
 */
import {
  type BeliefEntry,
  type Action,
  actorText,
  type AttemptEntry,
  type Caused,
  checkpointIn,
  cost,
  decisionIdOfIdentity,
  type EntryBody,
  type HoldEntry,
  type LimitEntry,
  type OutcomeEntry,
  type PolicyEntry,
  PROPENSITY_ONE,
  type Reason,
  toHex,
} from "@calybris/kernel";
import { candidateName, type ReadBody, type ReadDecision } from "../journal/reader.ts";
import { exactDollars } from "../terminal/money-text.ts";
import { count, counted } from "../terminal/number-text.ts";
import { printable } from "../terminal/terminal-text.ts";
import { timeText } from "../terminal/time-text.ts";

/**
 * @param of - the decision that the entry refers to, if available.
 */
export function sentenceOf(read: ReadBody | ReadDecision, of?: ReadDecision): string {
  if ("snapshot" in read) return decisionSentence(read);
  const { entry, head } = read;
  if (entry === undefined) return `This version does not know entries of kind ${JSON.stringify(head.kind)}.`;
  return sentenceFor(entry, { read, decision: decisionText(entry, of), of });
}

/** The context of a sentence besides the members of the entry. */
interface Context {
  readonly read: ReadBody;
  /** The decision that the entry refers to: `decision 3-0a1b2c3d`. */
  readonly decision: string;
  readonly of: ReadDecision | undefined;
}

function sentenceFor(entry: EntryBody, { read, decision, of }: Context): string {
  const by = (caused: Caused): string => whoText(caused, read.keyName);
  switch (entry.kind) {
    case "genesis":
      return `The journal began, with policy 1 ${policyText(entry.snapshot)}.`;
    case "policy":
      return entry.change === "canary"
        ? canaryText(by(entry), entry)
        : `${by(entry)} ${POLICY_VERBS[entry.change]} policy ${entry.policyId}${entry.snapshot === undefined ? "" : ` ${policyText(entry.snapshot)}`}${entry.source === "file" ? ", from the policy file" : ""}.`;
    case "key":
      if (entry.change === "revoked") return `${by(entry)} revoked the key of entry ${entry.of}.`;
      return `${by(entry)} ${entry.change} the key ${JSON.stringify(entry.name)}, which may ${listText(entry.scopes)}${entry.tenants === undefined ? "" : ` for ${listText(entry.tenants.map((tenant) => JSON.stringify(tenant)))}`}.`;
    case "attempt":
      return attemptSentence(entry, decision, by);
    case "seal":
      return SEALS[entry.cause];
    case "state":
      return "A segment begins here; this is the digest of the state before it.";
    case "checkpoint": {
      const { origin, treeSize, root } = checkpointIn(entry);
      return `${printable(origin)} signed a checkpoint: the first ${counted(Number(treeSize), "entry", "entries")} have the Merkle root ${toHex(root)}.`;
    }
    case "clock":
      return entry.to < entry.from
        ? `${by(entry)} set the time of the journal back from ${timeText(entry.from)} to ${timeText(entry.to)}.`
        : `${by(entry)} confirmed that the clock is right: the time of the journal continues from ${timeText(entry.to)}, not from ${timeText(entry.from)}.`;
    case "limit":
      return limitSentence(entry, by(entry));
    case "grant":
      return `${by(entry)} granted $${exactDollars(entry.amountMicrocents)} to tenant ${JSON.stringify(entry.tenant)}, under ID ${JSON.stringify(entry.id)}.`;
    case "period":
      return `Period ${count(entry.index)} of tenant ${JSON.stringify(entry.tenant)} began, until ${timeText(entry.endsAt)}: $${exactDollars(entry.withdrawnMicrocents)} unspent was withdrawn, $${exactDollars(entry.allotmentMicrocents)} granted.`;
    case "settlement":
      return `${by(entry)} settled ${decision} at $${exactDollars(entry.actualMicrocents)}${reservedText(of)}.`;
    case "release":
      return `${by(entry)} released the reservation of ${decision}: the call never ran${reservedText(of)}.`;
    case "hold":
      return holdSentence(entry, decision, by(entry));
    case "expiry":
      return `The reservation of ${decision} expired and was settled in full: its cost was not reported in time${reservedText(of)}.`;
    case "reconciliation":
      return `${by(entry)} reconciled ${decision}, which was held, at $${exactDollars(entry.actualMicrocents)} in total.`;
    case "correction":
      return `${by(entry)} corrected the cost of ${decision} to $${exactDollars(entry.actualMicrocents)}.`;
    case "outcome":
      return outcomeSentence(entry, decision, by(entry));
    case "belief":
      return beliefSentence(entry);
    case "regimes":
      return `The eight regimes were fixed; their scores end at ${entry.boundaries.map((score) => count(score)).join(", ")}.`;
    case "prior":
      return `${by(entry)} activated the prior ${entry.digest}.`;
    case "certificate":
      return `${by(entry)} certified ${counted(entry.regimes, "regime", "regimes")} of 8 to be served below the top tier, at risk α ${bpsText(entry.alphaBps)} and failure probability δ ${bpsText(entry.deltaBps)}, on ${counted(entry.samples, "request", "requests")}.`;
    case "decision":
      return "The decision's policy is missing.";
  }
}

/** With the offsets method, the table of each decision follows from it. */
function beliefSentence(entry: BeliefEntry): string {
  const { regime, tiers } = entry;
  if (entry.method === undefined)
    return `The sampling table of ${regimeText(regime)} was computed: ${tiers.map((tier, index) => `tier ${tier} ${shareText(entry.table[index] ?? 0)}`).join(", ")}.`;
  const points = (sixteenths: number): string => (sixteenths / 16 / 100).toFixed(2);
  const each = tiers.map((tier, index) => {
    const mean = entry.means[index] ?? 0;
    const sign = entry.flat === true ? "" : mean < 0 ? "−" : "+";
    return `tier ${tier} ${sign}${points(Math.abs(mean))} ± ${points(entry.deviations[index] ?? 0)}`;
  });
  return entry.flat === true
    ? `The success of each tier in ${regimeText(regime)}, in percent: ${each.join(", ")}. The prior does not rank requests in that regime and is ignored.`
    : `The difference between the actual and the expected success of each tier in ${regimeText(regime)}, in percentage points: ${each.join(", ")}.`;
}

/** The reasons of rejections: a hard limit, or the gate that refused the most candidates. */
const REJECTIONS: Readonly<Partial<Record<Reason, string>>> = {
  risk_hard_limit: "its risk is at the policy's hard limit",
  confidence_hard_limit: "its confidence is below the policy's minimum",
  no_enabled_candidate: "no candidate is enabled",
  quality: "no candidate is admitted, mainly because of the quality floor",
  latency: "no candidate is admitted, mainly because of the latency limit",
  capability: "no candidate is admitted, mainly because of the required capabilities",
  provider: "no candidate is admitted, mainly because of the allowed providers",
  region: "no candidate is admitted, mainly because of the required regions",
  budget: "no candidate is admitted, mainly because of the budget",
  utility: "no candidate is admitted, mainly because their utility is not above 0",
  risk_ceiling: "no candidate is admitted, mainly because of their risk ceilings",
};

function decisionSentence({ entry, snapshot, keyName }: ReadDecision): string {
  const { request, decision, actor, onBehalfOf } = entry;
  const who =
    actor === undefined ? "A caller" : whoText({ actor, ...(onBehalfOf !== undefined && { onBehalfOf }) }, keyName);
  const isOpen = request.requestedId === 0;
  const asked = isOpen ? "left the choice to the policy" : `requested ${candidateName(snapshot, request.requestedId)}`;
  const got = candidateName(snapshot, decision.selectedId);
  const price = `at an estimated $${exactDollars(decision.costMicrocents)}`;
  // Observed: the policy's choice is recorded, but the requested candidate ran, or nothing.
  if (entry.acted !== undefined) {
    const ran = entry.acted === 0 ? "nothing ran" : `${candidateName(snapshot, entry.acted)} ran`;
    const chosen = decision.action === "reject" ? "refused it" : `chosen ${got}, ${price}`;
    return `${who} ${asked}, and ${ran}: observed only. The policy would have ${chosen}.`;
  }
  const sentences: Readonly<Record<Action, () => string>> = {
    execute: () => `and got it, ${price}`,
    substitute: () => `and got ${got}, ${price}${insteadText({ entry, snapshot })}`,
    reject: () => `and was rejected: ${REJECTIONS[decision.reason] ?? decision.reason}`,
  };
  return `${who} ${asked} ${sentences[decision.action]()}.`;
}

function insteadText({ entry, snapshot }: Pick<ReadDecision, "entry" | "snapshot">): string {
  const { request, decision } = entry;
  const requested = snapshot.policy.candidates.find(({ id }) => id === request.requestedId);
  if (requested === undefined) return "";
  const askedMicrocents = cost(request, requested);
  const saved = askedMicrocents - decision.costMicrocents;
  const difference =
    saved === 0n ? "the same" : saved > 0n ? `$${exactDollars(saved)} less` : `$${exactDollars(-saved)} more`;
  return ` instead of $${exactDollars(askedMicrocents)}: ${difference}`;
}

function canaryText(by: string, { policyId, shareBps = 0 }: PolicyEntry): string {
  if (shareBps === 0) return `${by} ended the canary of policy ${policyId}.`;
  return `${by} let policy ${policyId} decide for ${shareBps / 100} % of the tenants.`;
}

const POLICY_VERBS = {
  staged: "staged",
  promoted: "activated",
  "rolled-back": "rolled back to",
} as const;

const SEALS = {
  idle: "The write queue was empty: 100 ms passed without traffic.",
  rotation: "The write queue was empty: the segment is full and ends here.",
  close: "The write queue was empty: the journal was closed.",
} as const;

function attemptSentence(entry: AttemptEntry, decision: string, by: (caused: Caused) => string): string {
  if (entry.change === "begun")
    return `${by(entry)} began attempt ${entry.number} of ${decision}, for which $${exactDollars(entry.reservedMicrocents)} is reserved.`;
  const price = entry.costMicrocents === undefined ? "an unknown cost" : `$${exactDollars(entry.costMicrocents)}`;
  return `Attempt ${entry.number} of ${decision} ended with status ${entry.status} after ${count(entry.latencyMs)} ms, at ${price}.`;
}

function limitSentence(entry: LimitEntry, who: string): string {
  const { tenant, parent, metered, period, exposureCapMicrocents } = entry;
  const below = parent === undefined ? "" : ` below ${JSON.stringify(parent)}`;
  if (!metered) return `${who} made tenant ${JSON.stringify(tenant)}${below} unmetered: it limits nothing.`;
  const parts = [
    period === undefined
      ? "it spends what it is granted"
      : `$${exactDollars(period.allotmentMicrocents)} each ${period.every} (${period.timeZone})`,
    ...(exposureCapMicrocents === undefined
      ? []
      : [`at most $${exactDollars(exposureCapMicrocents)} reserved at once`]),
    `a reservation may stay open ${count(entry.reservationSeconds)} s`,
  ];
  return `${who} limited tenant ${JSON.stringify(tenant)}${below}: ${parts.join("; ")}.`;
}

const HOLD_CAUSES: Readonly<Record<HoldEntry["cause"], string>> = {
  client_gone: "the client disconnected",
  stream_cut: "the stream was cut",
  timeout: "the provider timed out",
  unknown: "the cause is unknown",
  overrun: "the claimed cost far exceeds the reservation",
};

function holdSentence({ cause, knownMicrocents, claimedMicrocents }: HoldEntry, decision: string, who: string): string {
  const known = knownMicrocents === undefined ? "" : `; $${exactDollars(knownMicrocents)} of it is known and settled`;
  const claimed = claimedMicrocents === undefined ? "" : ` ($${exactDollars(claimedMicrocents)})`;
  return `${who} held the reservation of ${decision} until its cost is known: ${HOLD_CAUSES[cause]}${claimed}${known}.`;
}

function outcomeSentence(entry: OutcomeEntry, decision: string, who: string): string {
  const { succeeded, signals = [], disposition, latencyMs, learned, settledMicrocents, costMicrocents } = entry;
  const said =
    disposition === "abandoned"
      ? "was abandoned"
      : disposition === "in_flight"
        ? "is still running"
        : succeeded === undefined
          ? `showed ${signals.length === 0 ? "no unusual signal" : listText(signals)}`
          : succeeded
            ? "succeeded"
            : "failed";
  const details = [
    ...(costMicrocents === undefined ? [] : [`at a cost of $${exactDollars(costMicrocents)}`]),
    ...(settledMicrocents === undefined ? [] : [`which is settled at $${exactDollars(settledMicrocents)}`]),
    ...(latencyMs === undefined ? [] : [`after ${count(latencyMs)} ms`]),
  ];
  return `${who} reported that ${decision} ${[said, ...details].join(", ")}; the learner ${learned ? "used it" : "did not use it"}.`;
}

/** The actor as the subject of a sentence; on whose behalf it acted is marked as claimed. */
export function whoText({ actor, onBehalfOf }: Caused, keyName: string | undefined): string {
  const text = actorText(actor, keyName, onBehalfOf).replace(/^key/, "Key");
  return onBehalfOf === undefined ? text : `${text},`;
}

function decisionText(entry: EntryBody, of: ReadDecision | undefined): string {
  if (of !== undefined) return `decision ${decisionIdOfIdentity(of.sequence, of.entry.identity)}`;
  return "of" in entry ? `the decision of entry ${entry.of}` : "";
}

function reservedText(of: ReadDecision | undefined): string {
  if (of === undefined) return "";
  const { reservedMicrocents, decision } = of.entry;
  return `; $${exactDollars(reservedMicrocents ?? decision.costMicrocents)} was reserved`;
}

function policyText(snapshot: unknown): string {
  const { name, policyEpoch, candidates } = (snapshot ?? {}) as {
    readonly name?: unknown;
    readonly policyEpoch?: unknown;
    readonly candidates?: unknown;
  };
  const details = [
    ...(policyEpoch === undefined ? [] : [`epoch ${String(policyEpoch)}`]),
    ...(Array.isArray(candidates) ? [counted(candidates.length, "candidate", "candidates")] : []),
  ];
  return `${JSON.stringify(name)}${details.length === 0 ? "" : ` (${details.join(", ")})`}`;
}

function regimeText(regime: number): string {
  return regime === 8 ? "the warm-up" : `regime ${regime}`;
}

function listText(words: readonly string[]): string {
  return words.length < 2 ? words.join() : `${words.slice(0, -1).join(", ")} and ${words.at(-1)}`;
}

function bpsText(bps: number): string {
  return `${bps / 100} %`;
}

function shareText(propensity: number): string {
  return `${((propensity / PROPENSITY_ONE) * 100).toFixed(2)} %`;
}
