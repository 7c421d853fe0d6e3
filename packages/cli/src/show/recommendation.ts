/**
 * Why a decision had the floor that it had, for a person: regime, floors, the tiers that could be drawn, the draw, and what
 * became of it where that stands near.
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
import { type ReadEntry, readEntries } from "../journal/entries.ts";
import { candidateName, type ReadDecision } from "../journal/reader.ts";
import { logFiles } from "../journal/log-lines.ts";

/** How far an outcome is looked for, in entries. */
const OUTCOME_WITHIN = 10_000;

const SOURCES: Readonly<Record<FloorSource, string>> = {
  tracker: "the tracker: what failed and succeeded in this regime",
  certified: "the certificate: this regime may not be served below the top tier",
  quality: "observed quality: a tier was shown to be too bad",
  anomaly: "the request is unlike its regime, so its use case's floor was raised",
  requested: "the quality of what was asked for: nothing dearer runs",
  warm_start: "the use case, as before anything is learned",
};

export interface FoundOutcome {
  readonly sequence: number;
  readonly entry: OutcomeEntry;
}

/** What became of a decision, when it stands among the next 10,000 entries; `undefined` otherwise. */
export function outcomeNear({ file, byteEnd, head }: ReadDecision, directory: string): FoundOutcome | undefined {
  const { files } = logFiles(directory);
  let looked = 0;
  for (const later of files.slice(files.indexOf(file))) {
    for (const read of readEntries(later, later === file ? byteEnd : 0)) {
      const entry = outcomeIn(read, head.sequence);
      if (entry !== undefined) return { sequence: read.head.sequence, entry };
      looked += 1;
      if (looked >= OUTCOME_WITHIN) return undefined;
    }
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

/** The lines of `show` about a recommendation; none for a decision without. */
export function recommendationLines(
  learning: ExplainedRecommendation | undefined,
  snapshot: PolicySnapshot,
): readonly string[] {
  if (learning === undefined) {
    if (snapshot.learning === undefined) return [];
    return ["  learned  nothing was asked of the learner: the client gave the floor"];
  }
  const { regime, score, floorBps, source, arms } = learning;
  const where = regime === WARM_UP_REGIME ? "in the warm-up: regimes are not known yet" : `regime ${regime} of 0 to 7`;
  return [
    `  regime   ${where}, score ${score}; ${featuresText(learning, snapshot)}`,
    `  floor    ${floorBps} bps by ${SOURCES[source]}`,
    ...(arms.length === 0
      ? ["  tiers    none is that good and has something that may run"]
      : armLines(arms, learning, snapshot)),
    `  draw     ${drawText(learning, snapshot)}`,
  ];
}

export function outcomeLines(outcome: FoundOutcome | undefined): readonly string[] {
  if (outcome === undefined) return [];
  const { sequence, entry } = outcome;
  const { disposition, succeeded, signals = [], successBps, rewardBps, learned } = entry;
  const said = succeeded === undefined ? `success ${successBps} bps by its signs` : succeeded ? "succeeded" : "failed";
  const signs = signals.length === 0 ? "" : ` (${signals.join(", ")})`;
  const taught = learned ? "it taught the learner" : "it teaches nothing";
  const what = disposition === "applied" ? "" : `${disposition.replace("_", " ")}, `;
  return [`  outcome  entry ${sequence}: ${what}${said}${signs}; net reward ${rewardBps} bps; ${taught}`];
}

/** The outcome for `--json`. */
export function outcomeJson({ sequence, entry }: FoundOutcome): object {
  const { kind: _kind, of: _of, ...told } = entry;
  return { sequence, ...told };
}

function featuresText({ features, textScore }: Recommendation, { learning }: PolicySnapshot): string {
  const names = learning?.features ?? ["input tokens", "output tokens"];
  const told = features.map(
    (value, index) => `${names[index] ?? `feature ${index}`} ${value === FEATURE_MISSING ? "missing" : value}`,
  );
  return [...told, ...(textScore === undefined ? [] : [`text ${textScore} bps`])].join(", ") || "no features";
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
    return `  ${lead.padEnd(9)}${name}: ${share(arm.propensity)}${drawn}`;
  });
}

function drawText(learning: ExplainedRecommendation, snapshot: PolicySnapshot): string {
  const { draw, tier, propensity, holdout, explored, belief, arms } = learning;
  if (holdout) return "none: held out, decided by the floor of the use case alone, to compare with; it teaches nothing";
  if (arms.length === 0) return "none: there was nothing to draw from";
  const how = explored ? "explored: not the tier that is believed to be best" : "the tier that is believed to be best";
  return `${(draw / PROPENSITY_ONE).toFixed(6)} falls on ${tierName(snapshot, tier)}, ${how}; what runs had ${share(propensity)} (table of entry ${belief})`;
}

function tierName({ tiers }: PolicySnapshot, tier: number): string {
  return tiers[tier] ?? `tier ${tier}`;
}

/** In percent; the entry holds it exactly. */
function share(propensity: number): string {
  return `${((propensity / PROPENSITY_ONE) * 100).toFixed(2)}%`;
}
