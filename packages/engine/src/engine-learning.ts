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
  BPS_MAX,
  type CertificateEntry,
  CalybrisError,
  type DecisionEntry,
  DISPOSITIONS,
  type Disposition,
  type EntryBody,
  fromHex,
  type Learning,
  type Microcents,
  type Mistake,
  type OutcomeEntry,
  outcomeDigest,
  PROPENSITY_ONE,
  parseExact,
  REGIME_COUNT,
  selectionDigest,
  SIGNALS,
  type Signal,
  toHex,
  writeExact,
} from "@calybris/kernel";
import type { Amount } from "./intake/client-request.ts";
import { amountField, nameField, refuseMistakes, wholeField } from "./intake/ledger-fields.ts";
import { nodeSha256 } from "./journal/chain-hash.ts";
import { type OutcomeIndex, outcomeContent } from "./outcome-index.ts";
import { rewardOf, successOf } from "./router/feedback.ts";
import type { Prior } from "./router/prior.ts";
import { loadPrior, scoreText } from "./router/prior-file.ts";
import type { PolicyInForce } from "./state.ts";
import type { Router, Table } from "./router/router.ts";
import { maskOf } from "./router/router.ts";
import type { TierQuality } from "./router/floors.ts";

/** What became of a decision, as a client tells it. */
export interface ClientOutcome {
  readonly decisionId: string;
  /** Microseconds since the Unix epoch; now when left out. */
  readonly observedAt?: number | undefined;
  /** `applied` when left out. */
  readonly disposition?: Disposition | undefined;
  /** Whether it was good. Left out: the signals say. */
  readonly succeeded?: boolean | undefined;
  readonly signals?: readonly Signal[] | undefined;
  readonly costMicrocents?: Amount | undefined;
  readonly latencyMs?: number | undefined;
}

/** An outcome that is durable. */
export interface Observed {
  readonly decisionId: string;
  readonly sequence: number;
  readonly successBps: number;
  readonly rewardBps: number;
  /** Whether beliefs and floors took it in. */
  readonly learned: boolean;
  /** `calyout1`, hexadecimal. */
  readonly digest: string;
  readonly repeated: boolean;
}

/** A decision as an outcome finds it. */
export interface DecisionFound {
  readonly entry: DecisionEntry;
  readonly at: number;
  readonly policy: PolicyInForce;
}

/** What the flow needs of the engine. */
export interface LearningPorts {
  readonly router: Router;
  readonly outcomes: OutcomeIndex;
  readonly prior: () => Prior | undefined;
  /** Of the policy in force. */
  readonly featureNames: () => readonly string[];
  readonly append: (body: EntryBody) => { readonly sequence: number; readonly durable: Promise<unknown> };
  /** The decision of an id that was answered; `undefined` when there is none. */
  readonly find: (decisionId: string) => DecisionFound | undefined;
  readonly nowUs: () => number;
  readonly hasRoom: () => boolean;
}

/** Tables are made anew at most this often. */
const REFRESH_MS = 10;
const MICROSECONDS = 1_000_000;

export class EngineLearning {
  readonly #ports: LearningPorts;
  readonly #pending = new Map<number, Promise<unknown>>();
  #refreshing: NodeJS.Timeout | undefined;

  constructor(ports: LearningPorts) {
    this.#ports = ports;
  }

  /**
   * Takes what became of a decision.
   *
   * @throws CalybrisError `CAL_OUTCOME_INVALID` with every mistake; `CAL_OUTCOME_UNBOUND` when no decision that ran goes by
   *   the id; `CAL_OUTCOME_DUPLICATE` when it was told already, otherwise. Nothing was changed.
   */
  async observe(outcome: ClientOutcome): Promise<Observed> {
    const told = readOutcome(outcome, this.#ports.nowUs());
    const found = this.#ports.find(told.decisionId);
    if (found === undefined || found.entry.decision.action === "reject")
      throw new CalybrisError("CAL_OUTCOME_UNBOUND", { decisionId: told.decisionId });
    const of = Number(told.decisionId.split("-")[0]);
    const entry = this.#entryOf(of, told, found);
    const content = outcomeContent(entry);
    const before = this.#ports.outcomes.find(of);
    if (before !== undefined) {
      if (before.content !== content)
        throw new CalybrisError("CAL_OUTCOME_DUPLICATE", { decisionId: told.decisionId, sequence: before.sequence });
      await this.#pending.get(before.sequence);
      return { ...before.observed, decisionId: told.decisionId, repeated: true };
    }
    const { sequence, durable } = this.#ports.append(entry);
    const { successBps, rewardBps, learned, digest } = entry;
    const observed = { decisionId: told.decisionId, sequence, successBps, rewardBps, learned, digest, repeated: false };
    this.#pending.set(sequence, durable);
    // One that failed stays, so that a repetition fails too: only a new process finds out whether it is durable.
    durable.then(
      () => this.#pending.delete(sequence),
      () => undefined,
    );
    this.#refreshSoon();
    await durable;
    return observed;
  }

  /**
   * Puts a certificate in force: how many regimes, 0 to 8, may be served below the top tier.
   *
   * @throws CalybrisError `CAL_LEDGER_INVALID` naming the field; nothing was changed.
   */
  async certify(certificate: Omit<CertificateEntry, "kind">): Promise<number> {
    refuseMistakes({
      regimes: wholeField("regimes", certificate.regimes, REGIME_COUNT),
      alphaBps: wholeField("alphaBps", certificate.alphaBps, BPS_MAX),
      deltaBps: wholeField("deltaBps", certificate.deltaBps, BPS_MAX),
      samples: wholeField("samples", certificate.samples, Number.MAX_SAFE_INTEGER),
      by: nameField("by", certificate.by),
    });
    const { sequence, durable } = this.#ports.append({ kind: "certificate", ...certificate });
    await durable;
    return sequence;
  }

  /**
   * Puts a prior in force: its predictions are the scores from the next decision on, its quantiles the regimes.
   *
   * @param file - the JSON that `calybris train` wrote.
   * @throws CalybrisError `CAL_PRIOR_INVALID` when it is none, or when it reads other features than the policy names.
   */
  async setPrior(file: unknown, by: string): Promise<number> {
    const name = refuseMistakes({ by: nameField("by", by) }).by;
    const prior = loadPrior(file);
    const wanted = this.#ports.featureNames();
    if (writeExact(prior.featureNames) !== writeExact(wanted)) {
      const problem = `are ${prior.featureNames.join(", ") || "none"}, and the policy has ${wanted.join(", ") || "none"}`;
      const remedy = "Name the same features in the same order in the policy's `learning.features`.";
      throw new CalybrisError("CAL_PRIOR_INVALID", { mistakes: [{ path: "features", problem, remedy }] });
    }
    const { sequence, durable } = this.#ports.append({
      kind: "prior",
      digest: prior.digestHex,
      prior: parseExact(writeExact(file)),
      by: name,
    });
    await durable;
    return sequence;
  }

  /** What the prior in force makes of a text, for a request's `textScore`; 0 without one. The text is not kept. */
  scoreText(text: string): number {
    const prior = this.#ports.prior();
    return prior === undefined ? 0 : scoreText(prior, text);
  }

  /** What is known of a tier; in a regime, 0 to 7, or 8 for the warm-up. */
  quality(useCase: string, regime: number, tier: number): TierQuality {
    return this.#ports.router.quality(useCase, regime, tier);
  }

  /** Makes tables anew whose beliefs have changed; by itself at most every 10 ms. */
  refresh(): void {
    for (const { regime, tiers } of this.#ports.router.staleTables()) {
      if (!this.#ports.hasRoom()) return;
      this.#ports.append(this.#ports.router.beliefEntry(regime, tiers));
    }
  }

  /** The table for a regime and its tiers; puts one in force where there is none. */
  readonly tableFor = (regime: number, tiers: readonly number[]): Table => {
    const { router } = this.#ports;
    const mask = maskOf(tiers);
    const known = router.table(regime, mask);
    if (known !== undefined) return known;
    this.#ports.append(router.beliefEntry(regime, tiers));
    return router.table(regime, mask) as Table;
  };

  /** Freezes the regimes when the warm-up is over. */
  freezeWhenDue(): void {
    const regimes = this.#ports.router.regimesDue();
    if (regimes !== undefined) this.#ports.append(regimes);
  }

  close(): void {
    clearTimeout(this.#refreshing);
  }

  #refreshSoon(): void {
    if (this.#refreshing !== undefined) return;
    this.#refreshing = setTimeout(() => {
      this.#refreshing = undefined;
      try {
        this.refresh();
      } catch {
        // The journal refuses: whoever decides next is told why.
      }
    }, REFRESH_MS);
    this.#refreshing.unref();
  }

  #entryOf(of: number, told: Told, { entry, at, policy }: DecisionFound): OutcomeEntry {
    const { decision, request, learning } = entry;
    const { snapshot } = policy;
    const successBps = successOf(told.succeeded, told.signals);
    const cost = told.costMicrocents ?? decision.costMicrocents;
    const candidate = snapshot.policy.candidates[decision.selectedIndex];
    const latencyMs = told.latencyMs ?? candidate?.latencyP95Ms ?? 0;
    const penalty = BigInt(latencyMs) * snapshot.policy.latencyPenaltyMicrocentsPerMs;
    const settings: Learning | undefined = snapshot.learning;
    const isLate = settings === undefined || told.observedAt - at > settings.attributionSeconds * MICROSECONDS;
    const selection = selectionDigest(
      {
        strategy: learning?.explored === true ? "explore" : "maximize_utility",
        actedId: decision.selectedId,
        propensityBps: propensityBps(learning?.propensity ?? PROPENSITY_ONE),
      },
      nodeSha256,
    );
    const identity = fromHex(entry.identity) as Uint8Array;
    const { observedAt, disposition, succeeded, costMicrocents, latencyMs: told95 } = told;
    const digest = outcomeDigest(
      identity,
      selection,
      {
        observedAt,
        revision: 0,
        disposition,
        ...(costMicrocents === undefined ? {} : { costMicrocents }),
        ...(told95 === undefined ? {} : { latencyMs: told95 }),
        ...(succeeded === undefined ? {} : { succeeded }),
      },
      nodeSha256,
    );
    return {
      kind: "outcome",
      of,
      disposition,
      ...(costMicrocents === undefined ? {} : { costMicrocents }),
      ...(told95 === undefined ? {} : { latencyMs: told95 }),
      ...(succeeded === undefined ? {} : { succeeded }),
      ...(told.signals.length === 0 ? {} : { signals: told.signals }),
      successBps,
      rewardBps: rewardOf(request.valueMicrocents, successBps, cost, penalty),
      useCase: entry.useCase,
      warmStartBps: snapshot.useCases[entry.useCase]?.qualityMinBps ?? request.qualityMinBps,
      ...(learning === undefined ? {} : { regime: learning.regime }),
      tier: snapshot.candidateTiers[decision.selectedIndex] ?? 0,
      learned: learning !== undefined && !learning.holdout && !isLate && disposition === "applied",
      digest: toHex(digest),
      observedAt,
    };
  }
}

interface Told {
  readonly decisionId: string;
  readonly observedAt: number;
  readonly disposition: Disposition;
  readonly succeeded: boolean | undefined;
  readonly signals: readonly Signal[];
  readonly costMicrocents: Microcents | undefined;
  readonly latencyMs: number | undefined;
}

function readOutcome(outcome: ClientOutcome, now: number): Told {
  const { disposition = "applied", signals = [], succeeded } = outcome;
  const mistakes: Mistake[] = [];
  const known = ["decisionId", "observedAt", "disposition", "succeeded", "signals", "costMicrocents", "latencyMs"];
  for (const key of Object.keys(outcome))
    if (!known.includes(key))
      mistakes.push({ path: key, problem: "is not known here", remedy: `Send ${known.join(", ")}.` });
  if (!DISPOSITIONS.includes(disposition))
    mistakes.push({
      path: "disposition",
      problem: `is ${String(disposition)}`,
      remedy: `Send one of ${DISPOSITIONS.join(", ")}.`,
    });
  if (succeeded !== undefined && typeof succeeded !== "boolean")
    mistakes.push({
      path: "succeeded",
      problem: "is neither true nor false",
      remedy: "Send true or false, or leave it out.",
    });
  if (
    !Array.isArray(signals) ||
    signals.some((signal) => !SIGNALS.includes(signal)) ||
    new Set(signals).size !== signals.length
  )
    mistakes.push({
      path: "signals",
      problem: "is no list of signals",
      remedy: `Send each at most once: ${SIGNALS.join(", ")}.`,
    });
  if (mistakes.length > 0) throw new CalybrisError("CAL_OUTCOME_INVALID", { mistakes });
  const fields = refuseMistakes(
    {
      decisionId: nameField("decisionId", outcome.decisionId),
      observedAt: wholeField(
        "observedAt",
        outcome.observedAt === undefined ? now : outcome.observedAt,
        Number.MAX_SAFE_INTEGER,
      ),
      costMicrocents:
        outcome.costMicrocents === undefined
          ? { value: undefined }
          : amountField("costMicrocents", outcome.costMicrocents, 0n),
      latencyMs:
        outcome.latencyMs === undefined
          ? { value: undefined }
          : wholeField("latencyMs", outcome.latencyMs, 0xffff_ffff),
    },
    "CAL_OUTCOME_INVALID",
  );
  return { ...fields, disposition, succeeded, signals: SIGNALS.filter((signal) => signals.includes(signal)) };
}

/** In basis points: rounded down, at least 1. */
function propensityBps(propensity: number): number {
  return Math.max(1, Math.floor((propensity * 10_000) / PROPENSITY_ONE));
}
