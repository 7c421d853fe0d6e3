/**
 * Learning as a program uses it: outcomes, priors, certificates, and the tables derived from the learned state.
 * @module
 */
import {
  BPS_MAX,
  CalybrisError,
  type Caused,
  type CertificateEntry,
  parseExact,
  REGIME_COUNT,
  writeExact,
} from "@calybris/kernel";
import { EngineError } from "../engine-errors.ts";
import { digestField, refuseMistakes, wholeField } from "../intake/ledger-fields.ts";
import type { FailStop } from "../journal/fail-stop.ts";
import type { WaiterOrdering } from "../journal/ordering.ts";
import type { TierQuality } from "../router/floors.ts";
import type { Prior } from "../router/prior.ts";
import { loadPrior, scoreText } from "../router/prior-file.ts";
import type { Router } from "../router/router.ts";
import type { Observed } from "../state/observed.ts";
import type { Caller } from "./keys.ts";
import { type DecisionFound, EngineOutcomes, type OutcomePorts } from "./outcomes.ts";
import type { ClientOutcome } from "./parsed-outcome.ts";

export type { ClientOutcome } from "./parsed-outcome.ts";

/** The content of a certificate. */
export type Certificate = Omit<CertificateEntry, "kind" | keyof Caused>;

/** The parts of the engine that the flow uses. */
export interface LearningPorts extends Omit<OutcomePorts, "onOrdered"> {
  readonly router: Router;
  readonly caused: (caller: Caller) => Caused;
  readonly prior: () => Prior | undefined;
  /** Of the active policy. */
  readonly featureNames: () => readonly string[];
  readonly journal: WaiterOrdering;
  readonly failStop: FailStop;
}

/** Shortest interval between rebuilds of tables. */
const REFRESH_MS = 10;

export class EngineLearning {
  readonly #ports: LearningPorts;
  readonly #outcomes: EngineOutcomes;
  #refreshing: NodeJS.Timeout | undefined;

  constructor(ports: LearningPorts) {
    this.#ports = ports;
    this.#outcomes = new EngineOutcomes({ ...ports, onOrdered: () => this.#refreshSoon() });
  }

  /**
   * Records the outcome of a decision. With `settle`, the same entry settles the decision's reservation at the cost; a cost
   * beyond the tenant's overrun factor is held for an operator. Without a reservation, nothing is settled.
   *
   * @throws CalybrisError `CAL_OUTCOME_INVALID` with every mistake; `CAL_OUTCOME_UNBOUND` when no decision that ran has the
   *   id; `CAL_OUTCOME_DUPLICATE` when a different outcome was reported before; `CAL_OUTCOME_COST` for a cost that differs
   *   from the one in the ledger; with `settle`, `CAL_LEDGER_RESERVATION_STATE` and `CAL_LEDGER_OVERFLOW`. Nothing was
   *   changed.
   */
  observe(outcome: ClientOutcome, caller: Caller = {}): Promise<Observed> {
    return this.#outcomes.observe(outcome, caller);
  }

  /** Like {@link observe}, for a decision that the caller holds: for the call flow. */
  observeHeld(outcome: ClientOutcome, caller: Caller, held: DecisionFound): Promise<Observed> {
    return this.#outcomes.observe(outcome, caller, held);
  }

  /**
   * Activates a certificate: the number of regimes, 0 to 8, that may be served below the top tier. It applies to the regimes
   * of the prior that it names; once the regimes change it is void, and no regime may until a new certificate.
   *
   * @param certificate - its `prior` is the digest (`calypri1`, hexadecimal) of the prior it was determined with; omitted if
   *   it was determined without one.
   * @throws CalybrisError `CAL_LEDGER_INVALID` naming the field, also for regimes that are not known yet;
   *   `CAL_CERTIFICATE_PRIOR` when its prior is not the active one. Nothing was changed.
   */
  certify(certificate: Certificate, caller: Caller = {}): Promise<number> {
    return this.#ports.failStop.command(() => this.#certify(certificate, this.#ports.caused(caller)));
  }

  async #certify(certificate: Certificate, caused: Caused): Promise<number> {
    const { prior, regimes } = certificate;
    const active = this.#ports.prior()?.digestHex;
    const fields = refuseMistakes({
      regimes: wholeField("regimes", regimes, REGIME_COUNT),
      alphaBps: wholeField("alphaBps", certificate.alphaBps, BPS_MAX),
      deltaBps: wholeField("deltaBps", certificate.deltaBps, BPS_MAX),
      samples: wholeField("samples", certificate.samples, Number.MAX_SAFE_INTEGER),
      prior: prior === undefined ? { value: prior } : digestField("prior", prior),
    });
    if (prior !== active) throw new EngineError("CAL_CERTIFICATE_PRIOR", { named: prior ?? "", active: active ?? "" });
    if (regimes > 0 && this.#ports.router.boundaries === undefined) {
      const problem = `is ${regimes}, and no regimes are known yet`;
      const remedy = "Activate a prior first, or wait for the end of the warm-up; 0 is allowed at any time.";
      throw new EngineError("CAL_LEDGER_INVALID", { mistakes: [{ path: "regimes", problem, remedy }] });
    }
    const { alphaBps, deltaBps, samples } = fields;
    const named = prior === undefined ? {} : { prior };
    // Copied member by member, so that the entry reads back the same whatever else the caller passed.
    const { sequence, durable } = this.#ports.journal.append({
      kind: "certificate",
      regimes,
      alphaBps,
      deltaBps,
      samples,
      ...named,
      ...caused,
    });
    await durable;
    return sequence;
  }

  /** The share of the last 1,000 recommendations whose floor was raised for an anomaly, in basis points. */
  get anomalyRaisedShareBps(): number {
    return this.#ports.router.anomalyRaisedShareBps;
  }

  /**
   * Number of regimes that the certificate allows below the top tier, 0 if it is void; `undefined` if there never was one.
   */
  get certifiedRegimes(): number | undefined {
    return this.#ports.router.certifiedRegimes;
  }

  /**
   * Regimes, ascending, whose active belief is flat: success falls where the prior predicts a rising advantage, so the prior
   * is ignored there.
   */
  get flatRegimes(): readonly number[] {
    return this.#ports.router.tables.flatRegimes();
  }

  /**
   * Activates a prior: from the next decision on, its predictions are the scores and its quantiles the regimes. A different
   * prior voids the certificate; the same prior again changes nothing.
   *
   * @param file - the JSON that `calybris train` wrote.
   * @throws CalybrisError `CAL_PRIOR_INVALID` when it is not a prior, or when its features differ from those of the policy.
   */
  setPrior(file: unknown, caller: Caller = {}): Promise<number> {
    return this.#ports.failStop.command(() => this.#setPrior(file, this.#ports.caused(caller)));
  }

  async #setPrior(file: unknown, caused: Caused): Promise<number> {
    const prior = loadPrior(file);
    const wanted = this.#ports.featureNames();
    if (writeExact(prior.featureNames) !== writeExact(wanted)) {
      const problem = `are ${prior.featureNames.join(", ") || "none"}, and the policy has ${wanted.join(", ") || "none"}`;
      const remedy = "Name the same features in the same order in the policy's `learning.features`.";
      throw new EngineError("CAL_PRIOR_INVALID", { mistakes: [{ path: "features", problem, remedy }] });
    }
    const { sequence, durable } = this.#ports.journal.append({
      kind: "prior",
      digest: prior.digestHex,
      prior: parseExact(writeExact(file)),
      ...caused,
    });
    await durable;
    return sequence;
  }

  /** The active prior's score of a text, for a request's `textScore`; 0 without a prior. The text is not stored. */
  scoreText(text: string): number {
    const prior = this.#ports.prior();
    return prior === undefined ? 0 : scoreText(prior, text);
  }

  /** The estimated quality of a tier in a regime, 0 to 7, or 8 for the warm-up. */
  quality(useCase: string, regime: number, tier: number): TierQuality {
    return this.#ports.router.quality(useCase, regime, tier);
  }

  /**
   * Rebuilds the tables whose beliefs have changed, as far as the journal has room; otherwise done automatically, at most
   * every 10 ms.
   *
   * @throws CalybrisError `CAL_ENGINE_STOPPED`, `CAL_JOURNAL_FAILED`, `CAL_ENGINE_CLOSED`.
   */
  refresh(): void {
    const { router, journal, failStop } = this.#ports;
    failStop.assertRunning();
    for (const { regime, tiers } of router.staleTables()) {
      if (!journal.hasRoom(1)) return;
      journal.append(router.beliefEntry(regime, tiers));
    }
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
      } catch (error) {
        // The next caller gets a coded error from the journal or the engine too; any other error stops the engine.
        if (!(error instanceof CalybrisError)) this.#ports.failStop.stop(error);
      }
    }, REFRESH_MS);
    this.#refreshing.unref();
  }
}
