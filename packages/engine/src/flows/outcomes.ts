/**
 * The observe flow in one line:
 *
 *     outcome → bind to its decision → entry → journal → beliefs and floors
 *
 * An outcome names its decision by id, which contains the start of the decision's identity, and carries the digest of both.
 * Only one outcome is accepted per decision. What is learned follows from the entry alone.
 * @module
 */
import {
  asActed,
  type BeliefEntry,
  type Caused,
  type DecisionEntry,
  fromHex,
  type Kernel,
  type Learning,
  type OutcomeEntry,
  type Outcome,
  outcomeCost,
  outcomeDigest,
  PROPENSITY_ONE,
  type Recommendation,
  runningId,
  selectionDigest,
  toHex,
} from "@calybris/kernel";
import { EngineError } from "../engine-errors.ts";
import { nodeSha256 } from "../journal/chain-hash.ts";
import type { FailStop } from "../journal/fail-stop.ts";
import type { WaiterOrdering } from "../journal/ordering.ts";
import { DurableWaiter, type EntryWaiter } from "../journal/waiting-list.ts";
import type { Ledger } from "../ledger/ledger.ts";
import { moneyOf } from "../ledger/outcome-money.ts";
import { rewardOf, successOf } from "../router/feedback.ts";
import type { Router } from "../router/router.ts";
import type { BeliefEntries } from "../state/belief-entries.ts";
import type { Observed } from "../state/observed.ts";
import { isSameReport, type OutcomeIndex } from "../state/outcome-index.ts";
import { type Settled, settledOf } from "../state/reservation-results.ts";
import type { PolicyVersion } from "../state/state.ts";
import { alternativesOf } from "./alternatives.ts";
import type { FirstResults } from "./first-results.ts";
import type { Caller } from "./keys.ts";
import type { EngineLedger } from "./ledger.ts";
import { type ClientOutcome, type Reported, readOutcome } from "./parsed-outcome.ts";
import type { Writable } from "./writable.ts";

/** The decision that an outcome refers to. */
export interface DecisionFound {
  readonly entry: DecisionEntry;
  readonly at: number;
  readonly policy: PolicyVersion;
}

/** The parts of the engine that the flow needs. */
export interface OutcomePorts {
  readonly router: Router;
  readonly outcomes: OutcomeIndex;
  readonly ledger: Ledger;
  readonly settle: EngineLedger["settle"];
  readonly caused: (caller: Caller) => Caused;
  readonly journal: WaiterOrdering;
  readonly failStop: FailStop;
  readonly firstResults: FirstResults;
  /** The answered decision with an id; `undefined` if there is none. */
  readonly find: (decisionId: string) => Promise<DecisionFound | undefined>;
  readonly beliefs: Pick<BeliefEntries, "kept" | "at">;
  /** The kernel of a policy, including superseded policies. */
  readonly kernelOf: (policy: PolicyVersion) => Kernel;
  readonly nowUs: () => number;
  /** Called after an outcome is ordered. */
  readonly onOrdered: () => void;
}

type RecommendedEntry = DecisionEntry & { readonly learning: Recommendation };

const MICROSECONDS = 1_000_000;

export class EngineOutcomes {
  readonly #ports: OutcomePorts;

  constructor(ports: OutcomePorts) {
    this.#ports = ports;
  }

  /**
   * Implements `engine.learning.observe`.
   *
   * @param held - the decision, if the caller has it. By default it is looked up.
   */
  observe(outcome: ClientOutcome, caller: Caller, held?: DecisionFound): Promise<Observed> {
    const { failStop, nowUs, outcomes, beliefs, firstResults } = this.#ports;
    return failStop.command(async () => {
      const reported = readOutcome(outcome, nowUs());
      const { decisionId } = reported;
      const found = held ?? (await this.#ports.find(decisionId));
      if (found === undefined || runningId(found.entry) === 0)
        throw new EngineError("CAL_OUTCOME_UNBOUND", { decisionId });
      const of = Number(decisionId.split("-")[0]);
      const drawnFrom = outcomes.find(of) === undefined ? (found.entry.learning?.belief ?? 0) : 0;
      // A belief in memory is used without waiting, so that this entry is written together with one ordered just before it.
      const belief = drawnFrom === 0 ? undefined : (beliefs.kept(drawnFrom) ?? (await beliefs.at(drawnFrom)));
      // Checked only now, because the caller may have been revoked while the decision was read.
      const caused = this.#ports.caused(caller);
      const before = outcomes.find(of);
      if (before !== undefined) {
        const { sequence } = before;
        if (!isSameReport(before, reported)) throw new EngineError("CAL_OUTCOME_DUPLICATE", { decisionId, sequence });
        await firstResults.durable(sequence);
        const settlement = await this.#settled(of, reported, caller);
        return { ...before.observed, decisionId, repeated: true, settlement };
      }
      const waiter = new DurableWaiter();
      const observed = this.#order(reported, this.#entryOf(of, reported, found, belief, caused), waiter);
      await waiter.promise;
      return observed;
    });
  }

  #order({ decisionId, settle }: Reported, entry: OutcomeEntry, waiter: EntryWaiter): Observed {
    const { ledger, journal, onOrdered } = this.#ports;
    const move = moneyOf(entry);
    const refusal = move === undefined ? undefined : ledger.refusalOf(move);
    if (refusal !== undefined) throw refusal;
    const sequence = journal.appendFor(entry, waiter);
    onOrdered();
    const settlement = settle ? settledOf(ledger, entry.of, false) : undefined;
    const { successBps, rewardBps, learned, digest } = entry;
    return { decisionId, sequence, successBps, rewardBps, learned, digest, settlement, repeated: false };
  }

  /** Settles an outcome that was reported before, unless it or another command has already settled the reservation. */
  async #settled(
    of: number,
    { decisionId, settle, costMicrocents }: Reported,
    caller: Caller,
  ): Promise<Settled | undefined> {
    if (!settle || costMicrocents === undefined) return undefined;
    const { ledger } = this.#ports;
    if (ledger.reservations.open(of) === undefined) return settledOf(ledger, of, true);
    return this.#ports.settle({ decisionId, actualMicrocents: costMicrocents }, caller);
  }

  #entryOf(
    of: number,
    reported: Reported,
    found: DecisionFound,
    belief: BeliefEntry | undefined,
    caused: Caused,
  ): OutcomeEntry {
    const { at, policy } = found;
    const { snapshot } = policy;
    const entry = asActed(found.entry, snapshot.policy);
    const { decision, request, learning } = entry;
    const { observedAt, disposition, succeeded, signals } = reported;
    const successBps = successOf(succeeded, signals);
    const costs = this.#costsOf(of, reported);
    const own = outcomeCost(costs);
    const cost = own ?? this.#ports.ledger.closedCost(of) ?? decision.costMicrocents;
    const candidate = snapshot.policy.candidates[decision.selectedIndex];
    const latencyMs = reported.latencyMs ?? candidate?.latencyP95Ms ?? 0;
    const penalty = BigInt(latencyMs) * snapshot.policy.latencyPenaltyMicrocentsPerMs;
    const settings: Learning | undefined = snapshot.learning;
    const isLate = settings === undefined || observedAt - at > settings.attributionSeconds * MICROSECONDS;
    const digested: Writable<Outcome> = { observedAt, revision: 0, disposition };
    if (own !== undefined) digested.costMicrocents = own;
    if (reported.latencyMs !== undefined) digested.latencyMs = reported.latencyMs;
    if (succeeded !== undefined) digested.succeeded = succeeded;
    const identity = fromHex(entry.identity) as Uint8Array;
    const digest = outcomeDigest(identity, selectionOf(entry), digested, nodeSha256);
    const ended: Writable<OutcomeEntry> = {
      kind: "outcome",
      of,
      disposition,
      successBps,
      rewardBps: rewardOf(request.valueMicrocents, successBps, cost, penalty),
      useCase: entry.useCase,
      warmStartBps: snapshot.useCases[entry.useCase]?.qualityMinBps ?? request.qualityMinBps,
      tier: snapshot.candidateTiers[decision.selectedIndex] ?? 0,
      candidate: decision.selectedId,
      learned:
        learning !== undefined &&
        !learning.holdout &&
        !isLate &&
        this.#ports.router.canTeach(of, learning.regime) &&
        disposition === "applied",
      digest: toHex(digest),
      observedAt,
      ...caused,
    };
    Object.assign(ended, costs);
    if (reported.latencyMs !== undefined) ended.latencyMs = reported.latencyMs;
    if (succeeded !== undefined) ended.succeeded = succeeded;
    if (signals.length > 0) ended.signals = signals;
    if (isRecommended(entry)) this.#addEvidence(ended, entry, policy, belief);
    return ended;
  }

  /** Adds the evidence that estimators need, for a recommended decision. */
  #addEvidence(
    ended: Writable<OutcomeEntry>,
    entry: RecommendedEntry,
    policy: PolicyVersion,
    belief: BeliefEntry | undefined,
  ): void {
    const { learning, decision } = entry;
    const { failStop, kernelOf } = this.#ports;
    const { baseId, treated } = failStop.stopOnError(() => alternativesOf(entry, policy, belief, kernelOf(policy)));
    ended.regime = learning.regime;
    if (learning.propensity !== PROPENSITY_ONE) ended.propensity = learning.propensity;
    if (learning.holdout) ended.holdout = true;
    if (baseId !== decision.selectedId) ended.base = baseId;
    ended.treated = treated;
    if (learning.expected !== undefined) ended.expected = learning.expected;
  }

  /** The cost members of the entry: omitted if the ledger already has the cost. */
  #costsOf(
    of: number,
    { decisionId, costMicrocents, settle }: Reported,
  ): Pick<OutcomeEntry, "costMicrocents" | "settledMicrocents" | "claimedMicrocents"> {
    const { ledger } = this.#ports;
    const closed = ledger.reservations.closed(of);
    if (costMicrocents === undefined) return {};
    if (closed !== undefined) {
      const { state, sequence, actualMicrocents } = closed;
      if (costMicrocents === actualMicrocents) return {};
      throw new EngineError("CAL_OUTCOME_COST", { decisionId, costMicrocents, state, sequence, actualMicrocents });
    }
    if (!settle || ledger.reservations.open(of) === undefined) return { costMicrocents };
    return ledger.isOverrun(of, costMicrocents)
      ? { claimedMicrocents: costMicrocents }
      : { settledMicrocents: costMicrocents };
  }
}

function isRecommended(entry: DecisionEntry): entry is RecommendedEntry {
  return entry.learning !== undefined;
}

/** A cache of selection digests, because most calls share a few. */
const SELECTIONS = new Map<number, Uint8Array>();
const SELECTIONS_MAX = 4_096;

function selectionOf({ decision, learning }: DecisionEntry): Uint8Array {
  const { selectedId: actedId } = decision;
  const strategy = learning?.explored === true ? "explore" : "maximize_utility";
  const shareBps = propensityBps(learning?.propensity ?? PROPENSITY_ONE);
  // Ids have 32 bits and shares 14, so the key is exact in a double.
  const key = (actedId * 2 ** 14 + shareBps) * 2 + (strategy === "explore" ? 1 : 0);
  let digest = SELECTIONS.get(key);
  if (digest === undefined) {
    digest = selectionDigest({ strategy, actedId, propensityBps: shareBps }, nodeSha256);
    if (SELECTIONS.size >= SELECTIONS_MAX) SELECTIONS.clear();
    SELECTIONS.set(key, digest);
  }
  return digest;
}

/** In basis points: rounded down, at least 1. */
function propensityBps(propensity: number): number {
  return Math.max(1, Math.floor((propensity * 10_000) / PROPENSITY_ONE));
}
