/**
 * Measures regret while the service runs and the active policy learns: every 15 seconds while the metrics are read,
 * otherwise every hour. It logs a warning if predictions of a regime and tier are shown to be biased. It changes nothing.
 * @module
 */
import type { Engine, MeasuredRegret } from "@calybris/engine";
import { CalybrisError } from "@calybris/kernel";
import type { Logger } from "./log.ts";
import type { Gauge } from "./metrics.ts";

const EVERY_MS = 15_000;
/** Measuring takes two threads and their memory. If the metrics are not read, a warning is logged within an hour. */
const UNREAD_EVERY_MS = 3_600_000;
const BPS = 10_000;

export class RegretWatch {
  readonly #engine: Engine;
  readonly #log: Logger;
  readonly #timer: NodeJS.Timeout;
  readonly #biased = new Set<string>();
  #flat: ReadonlySet<number> = new Set();
  #latest: MeasuredRegret | undefined;
  #isMeasuring = false;
  #isRead = false;
  #dueMs = performance.now() + UNREAD_EVERY_MS;
  #problem: string | undefined;

  constructor(engine: Engine, log: Logger) {
    this.#engine = engine;
    this.#log = log;
    this.#timer = setInterval(() => {
      this.warnOfFlat();
      if (this.#isRead || performance.now() >= this.#dueMs) void this.measure();
    }, EVERY_MS);
    this.#timer.unref();
  }

  close(): void {
    clearInterval(this.#timer);
  }

  /** Logs each regime that has begun to ignore the prior. */
  warnOfFlat(): void {
    const flat = new Set(this.#engine.learning.flatRegimes);
    for (const regime of flat)
      if (!this.#flat.has(regime))
        this.#log.warn(
          { regime },
          "success in a regime falls where the prior expects it to rise: the prior is left out there",
        );
    this.#flat = flat;
  }

  /** Measures new entries, unless a measurement is running. Does not wait for a journal that takes long to read. */
  async measure(): Promise<void> {
    const { reading, snapshot } = this.#engine;
    const isNew = this.#latest?.sequence !== reading.head.sequence;
    if (this.#isMeasuring || snapshot.learning === undefined || !isNew) return;
    this.#isMeasuring = true;
    this.#isRead = false;
    this.#dueMs = performance.now() + UNREAD_EVERY_MS;
    try {
      this.#take(await this.#engine.regret.report({ waitMs: EVERY_MS }));
      this.#problem = undefined;
    } catch (error) {
      this.#failed(error);
    } finally {
      this.#isMeasuring = false;
    }
  }

  #take(measured: MeasuredRegret): void {
    this.#latest = measured;
    for (const { regime, tier, rows, predicted, observed, isBiased } of measured.report.calibration) {
      const cell = `${regime}:${tier}`;
      if (!isBiased) this.#biased.delete(cell);
      else if (!this.#biased.has(cell)) {
        this.#biased.add(cell);
        const figures = { regime, tier, outcomes: rows, predicted, observed };
        this.#log.warn(figures, "predictions of a regime and tier are biased: nothing was changed");
      }
    }
  }

  /** Logs each problem once, because it persists until it is fixed. */
  #failed(error: unknown): void {
    const problem = error instanceof CalybrisError ? error.code : String(error);
    if (problem !== this.#problem && problem !== "CAL_ENGINE_CLOSED")
      this.#log.warn({ problem }, "regret could not be measured: decisions go on");
    this.#problem = problem;
  }

  /** The latest measurement. Reading it triggers the next one. */
  gauges(): readonly Gauge[] {
    this.#isRead = true;
    const { report, sequence = 0 } = this.#latest ?? {};
    const all = report?.all;
    const gauge = (name: string, help: string, value: number): Gauge => ({ name, type: "gauge", help, value });
    return [
      gauge("calybris_regret_outcomes", "Outcomes of learned decisions that regret is measured from.", all?.rows ?? 0),
      gauge(
        "calybris_regret_sequence",
        "Last entry of the journal that regret is measured from; 0 where the policy does not learn.",
        sequence,
      ),
      gauge(
        "calybris_regret_reward_bps",
        "Mean reward of learned decisions, of the largest there is; NaN before the first outcome.",
        bpsOf(all?.ran.value),
      ),
      gauge(
        "calybris_regret_bps",
        "Mean reward of the best policy that can be estimated, less that of what ran; NaN while none can be.",
        bpsOf(all?.regret),
      ),
      gauge(
        "calybris_calibration_biased_cells",
        "Regimes and tiers whose predicted rewards are shown to be biased.",
        report?.calibration.filter(({ isBiased }) => isBiased).length ?? 0,
      ),
    ];
  }
}

function bpsOf(share: number | null | undefined): number {
  return share === null || share === undefined ? Number.NaN : share * BPS;
}
