/**
 * The observe flow, as the sentence it implements:
 *
 *     outcome → bind to its decision → entry → journal → beliefs and floors
 *
 * An outcome names its decision by its id, which holds the beginning of the decision's identity, and carries the digest of
 * both. It is taken once. What it teaches follows from the entry alone.
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
  outcomeCost,
  outcomeDigest,
  PROPENSITY_ONE,
  runningId,
  selectionDigest,
  toHex,
} from "@calybris/kernel";
import { EngineError } from "../engine-errors.ts";
import { nodeSha256 } from "../journal/chain-hash.ts";
import type { FailStop } from "../journal/fail-stop.ts";
import type { Ordering } from "../journal/journal.ts";
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

/** A decision as an outcome finds it. */
export interface DecisionFound {
  readonly entry: DecisionEntry;
  readonly at: number;
  readonly policy: PolicyVersion;
}

/** What the flow needs of the engine. */
export interface OutcomePorts {
  readonly router: Router;
  readonly outcomes: OutcomeIndex;
  readonly ledger: Ledger;
  readonly settle: EngineLedger["settle"];
  readonly caused: (caller: Caller) => Caused;
  readonly journal: Ordering;
  readonly failStop: FailStop;
  readonly firstResults: FirstResults;
  /** The decision of an id that was answered; `undefined` when there is none. */
  readonly find: (decisionId: string) => Promise<DecisionFound | undefined>;
  readonly beliefs: Pick<BeliefEntries, "kept" | "at">;
  /** The kernel of a policy, which may be a superseded one. */
  readonly kernelOf: (policy: PolicyVersion) => Kernel;
  readonly nowUs: () => number;
  /** Called once an outcome is ordered. */
  readonly onOrdered: () => void;
}

const MICROSECONDS = 1_000_000;

export class EngineOutcomes {
  readonly #ports: OutcomePorts;

  constructor(ports: OutcomePorts) {
    this.#ports = ports;
  }

  /**
   * As `engine.learning.observe`.
   *
   * @param held - the decision, where the caller has it; else it is looked for.
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
      // A belief that is kept is not waited for, so that this entry goes to the disk with one ordered just before it.
      const belief = drawnFrom === 0 ? undefined : (beliefs.kept(drawnFrom) ?? (await beliefs.at(drawnFrom)));
      // Only now: the caller may have been revoked while the decision was read.
      const caused = this.#ports.caused(caller);
      const observed = await firstResults.once<Observed>({
        first: () => {
          const before = outcomes.find(of);
          if (before === undefined) return undefined;
          const { sequence } = before;
          if (!isSameReport(before, reported)) throw new EngineError("CAL_OUTCOME_DUPLICATE", { decisionId, sequence });
          return { ...before.observed, decisionId, repeated: true, settlement: undefined };
        },
        order: () => this.#order(reported, { ...this.#entryOf(of, reported, found, belief), ...caused }),
      });
      return observed.repeated ? { ...observed, settlement: await this.#settled(of, reported, caller) } : observed;
    });
  }

  #order({ decisionId, settle }: Reported, entry: OutcomeEntry): Observed {
    const { ledger, journal, onOrdered } = this.#ports;
    const move = moneyOf(entry);
    const refusal = move === undefined ? undefined : ledger.refusalOf(move);
    if (refusal !== undefined) throw refusal;
    const { sequence } = journal.append(entry);
    onOrdered();
    const settlement = settle ? settledOf(ledger, entry.of, false) : undefined;
    const { successBps, rewardBps, learned, digest } = entry;
    return { decisionId, sequence, successBps, rewardBps, learned, digest, settlement, repeated: false };
  }

  /** Of an outcome that was reported before: it settles now, unless it or another command did. */
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
  ): Omit<OutcomeEntry, keyof Caused> {
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
    const optional = {
      ...(reported.latencyMs === undefined ? {} : { latencyMs: reported.latencyMs }),
      ...(succeeded === undefined ? {} : { succeeded }),
    };
    const digest = outcomeDigest(
      fromHex(entry.identity) as Uint8Array,
      selectionOf(entry),
      { observedAt, revision: 0, disposition, ...(own === undefined ? {} : { costMicrocents: own }), ...optional },
      nodeSha256,
    );
    return {
      kind: "outcome",
      of,
      disposition,
      ...costs,
      ...optional,
      ...(signals.length === 0 ? {} : { signals }),
      successBps,
      rewardBps: rewardOf(request.valueMicrocents, successBps, cost, penalty),
      useCase: entry.useCase,
      warmStartBps: snapshot.useCases[entry.useCase]?.qualityMinBps ?? request.qualityMinBps,
      ...(learning === undefined ? {} : { regime: learning.regime }),
      tier: snapshot.candidateTiers[decision.selectedIndex] ?? 0,
      candidate: decision.selectedId,
      ...this.#evidenceOf(entry, policy, belief),
      learned:
        learning !== undefined &&
        !learning.holdout &&
        !isLate &&
        this.#ports.router.canTeach(of, learning.regime) &&
        disposition === "applied",
      digest: toHex(digest),
      observedAt,
    };
  }

  /** What an estimator needs of a decision that was recommended. */
  #evidenceOf(
    entry: DecisionEntry,
    policy: PolicyVersion,
    belief: BeliefEntry | undefined,
  ): Pick<OutcomeEntry, "propensity" | "holdout" | "base" | "treated" | "expected"> {
    const { learning, decision } = entry;
    if (learning === undefined) return {};
    const { failStop, kernelOf } = this.#ports;
    const { baseId, treated } = failStop.stopOnError(() =>
      alternativesOf({ ...entry, learning }, policy, belief, kernelOf(policy)),
    );
    return {
      ...(learning.propensity === PROPENSITY_ONE ? {} : { propensity: learning.propensity }),
      ...(learning.holdout ? { holdout: true } : {}),
      ...(baseId === decision.selectedId ? {} : { base: baseId }),
      treated,
      ...(learning.expected === undefined ? {} : { expected: learning.expected }),
    };
  }

  /** The cost as the entry carries it: none once the ledger has it. */
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

function selectionOf({ decision, learning }: DecisionEntry): Uint8Array {
  return selectionDigest(
    {
      strategy: learning?.explored === true ? "explore" : "maximize_utility",
      actedId: decision.selectedId,
      propensityBps: propensityBps(learning?.propensity ?? PROPENSITY_ONE),
    },
    nodeSha256,
  );
}

/** In basis points: rounded down, at least 1. */
function propensityBps(propensity: number): number {
  return Math.max(1, Math.floor((propensity * 10_000) / PROPENSITY_ONE));
}
