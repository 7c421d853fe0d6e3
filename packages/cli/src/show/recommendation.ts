/**
 * Explains the floor of a decision: regime, floors, the tiers that could be drawn, the draw, and the outcome if its entry is
 * near.
 * @module
 */
import {
  type Arm,
  type ExplainedRecommendation,
  FEATURE_MISSING,
  type FloorSource,
  type OutcomeEntry,
  type PolicySnapshot,
  PROPENSITY_ONE,
  parseEntryBody,
  type Recommendation,
  WARM_UP_REGIME,
} from "@calybris/kernel";
import type { ReadEntry } from "../journal/entries.ts";
import { candidateName, type ReadDecision } from "../journal/reader.ts";
import type { JournalSource } from "../journal/source.ts";
import { labelledLine } from "./labelled-line.ts";

/** Entries that are searched for an outcome. */
const OUTCOME_WITHIN = 10_000;

const SOURCES: Readonly<Record<FloorSource, string>> = {
  tracker: "the tracker: outcomes in this regime",
  certified: "the certificate: this regime must be served by the top tier",
  quality: "observed quality: a tier was inadequate",
  anomaly: "anomaly: the request is unlike its regime, so its floor was raised",
  requested: "the quality of the requested candidate: nothing more expensive runs",
  warm_start: "the use case: nothing learned yet",
};

export interface FoundOutcome {
  readonly sequence: number;
  readonly entry: OutcomeEntry;
}

/** The outcome of a decision, if within the next 10,000 entries. */
export async function outcomeNear({ head }: ReadDecision, source: JournalSource): Promise<FoundOutcome | undefined> {
  for await (const read of source.from(head.sequence + 1)) {
    const entry = outcomeIn(read, head.sequence);
    if (entry !== undefined) return { sequence: read.head.sequence, entry };
    if (read.sequence - head.sequence >= OUTCOME_WITHIN) return undefined;
  }
  return undefined;
}

function outcomeIn({ head, data }: ReadEntry, of: number): OutcomeEntry | undefined {
  if (head.kind !== "outcome" || !data.includes(`"of":${of},`)) return undefined;
  const body = parseEntryBody(head, data, () => {
    throw new Error("an outcome names no policy");
  });
  return body?.kind === "outcome" && body.of === of ? body : undefined;
}

/** The lines of `show` about a recommendation; empty for a decision without one. */
export function recommendationLines(
  learning: ExplainedRecommendation | undefined,
  snapshot: PolicySnapshot,
): readonly string[] {
  if (learning === undefined) {
    if (snapshot.learning === undefined) return [];
    return [labelledLine("learned", "no learned floor: the client sent one")];
  }
  const { regime, score, floorBps, source, arms } = learning;
  const where = regime === WARM_UP_REGIME ? "warm-up: regimes are not known yet" : `regime ${regime} of 0 to 7`;
  return [
    labelledLine("regime", `${where}, score ${score}; ${featuresText(learning, snapshot)}`),
    labelledLine("floor", `${floorBps} bps by ${SOURCES[source]}`),
    ...(arms.length === 0
      ? [labelledLine("tiers", "no tier at this floor has an eligible candidate")]
      : armLines(arms, learning, snapshot)),
    labelledLine("draw", drawText(learning, snapshot)),
  ];
}

export function outcomeLines(outcome: FoundOutcome | undefined): readonly string[] {
  if (outcome === undefined) return [];
  const { sequence, entry } = outcome;
  const { disposition, succeeded, signals = [], successBps, rewardBps, learned } = entry;
  const said =
    succeeded === undefined ? `success ${successBps} bps, estimated from signals` : succeeded ? "succeeded" : "failed";
  const signs = signals.length === 0 ? "" : ` (${signals.join(", ")})`;
  const taught = learned ? "used by the learner" : "not used by the learner";
  const what = disposition === "applied" ? "" : `${disposition.replace("_", " ")}, `;
  return [labelledLine("outcome", `entry ${sequence}: ${what}${said}${signs}; net reward ${rewardBps} bps; ${taught}`)];
}

/** The outcome for `--json`. */
export function outcomeJson({ sequence, entry }: FoundOutcome): object {
  const { kind: _kind, of: _of, ...members } = entry;
  return { sequence, ...members };
}

function featuresText({ features, textScore }: Recommendation, { learning }: PolicySnapshot): string {
  const names = learning?.features ?? ["input tokens", "output tokens"];
  const members = features.map(
    (value, index) => `${names[index] ?? `feature ${index}`} ${value === FEATURE_MISSING ? "missing" : value}`,
  );
  return [...members, ...(textScore === undefined ? [] : [`text ${textScore} bps`])].join(", ") || "no features";
}

function armLines(
  arms: readonly Arm[],
  learning: ExplainedRecommendation,
  snapshot: PolicySnapshot,
): readonly string[] {
  return arms.map((arm, index) => {
    const lead = index === 0 ? "tiers" : "";
    const drawn = !learning.holdout && arm.tier === learning.tier ? "  <- drawn" : "";
    const name = `${tierName(snapshot, arm.tier)} -> ${candidateName(snapshot, arm.candidateId)}`;
    return labelledLine(lead, `${name}: ${share(arm.propensity)}${drawn}`);
  });
}

function drawText(learning: ExplainedRecommendation, snapshot: PolicySnapshot): string {
  const { draw, tier, propensity, holdout, explored, belief, arms } = learning;
  if (holdout) return "none: holdout, a baseline with the floor of the use case only; not used by the learner";
  if (arms.length === 0) return "none: no arm to draw from";
  const how = explored ? "exploration: not the tier with the greatest share" : "the tier with the greatest share";
  return `${(draw / PROPENSITY_ONE).toFixed(6)} falls on ${tierName(snapshot, tier)}, ${how}; probability of the selected candidate ${share(propensity)} (table of entry ${belief})`;
}

function tierName({ tiers }: PolicySnapshot, tier: number): string {
  return tiers[tier] ?? `tier ${tier}`;
}

/** A propensity in percent; the entry holds the exact value. */
function share(propensity: number): string {
  return `${((propensity / PROPENSITY_ONE) * 100).toFixed(2)}%`;
}
