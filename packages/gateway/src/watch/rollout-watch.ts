/**
 * Compares the staged policy while the service runs and new entries arrive, for the metrics. It changes nothing.
 * @module
 */
import type { Engine, RolloutStatus } from "@calybris/engine";
import { CalybrisError } from "@calybris/kernel";
import type { Logger } from "./log.ts";
import type { Gauge } from "./metrics.ts";

const EVERY_MS = 15_000;
/** The deciding thread spends at most about one part in this many of its time on comparing. */
const PAUSE_PER_WORK = 20;

export class RolloutWatch {
  readonly #engine: Engine;
  readonly #log: Logger;
  readonly #timer: NodeJS.Timeout;
  #latest: RolloutStatus | undefined;
  #isComparing = false;
  #notBeforeMs = 0;
  #problem: string | undefined;

  constructor(engine: Engine, log: Logger) {
    this.#engine = engine;
    this.#log = log;
    this.#timer = setInterval(() => void this.compare(), EVERY_MS);
    this.#timer.unref();
  }

  close(): void {
    clearInterval(this.#timer);
  }

  /** Compares new entries, unless a comparison is running, or a long one has just finished. */
  async compare(): Promise<void> {
    const { rollout, reading } = this.#engine;
    const { staged } = rollout.now();
    const isNew = this.#latest?.staged !== staged || this.#latest?.compared?.sequence !== reading.head.sequence;
    const startedMs = performance.now();
    if (this.#isComparing || staged === undefined || !isNew || startedMs < this.#notBeforeMs) return;
    this.#isComparing = true;
    try {
      this.#latest = await rollout.status();
      this.#problem = undefined;
    } catch (error) {
      this.#failed(error);
    } finally {
      this.#isComparing = false;
      const endedMs = performance.now();
      this.#notBeforeMs = endedMs + PAUSE_PER_WORK * (endedMs - startedMs);
    }
  }

  /** Logs each problem once, because it persists until it is fixed. */
  #failed(error: unknown): void {
    const problem = error instanceof CalybrisError ? error.code : String(error);
    if (problem !== this.#problem && problem !== "CAL_ENGINE_CLOSED")
      this.#log.warn({ problem }, "the staged policy could not be compared: decisions go on");
    this.#problem = problem;
  }

  gauges(): readonly Gauge[] {
    const { staged, canaryBps, counts, shadowSeconds = Number.NaN } = this.#engine.rollout.now();
    const isStaged = staged !== undefined;
    const compared = isStaged && this.#latest?.staged === staged ? this.#latest.compared : undefined;
    const gauge = (name: string, help: string, value: number): Gauge => ({
      name: `calybris_rollout_${name}`,
      type: "gauge",
      help,
      value,
    });
    return [
      gauge("staged_policy", "The id of the staged policy; 0 for none.", staged?.id ?? 0),
      gauge("canary_bps", "Share of the tenants that the staged policy decides for.", canaryBps),
      gauge("canary_decisions", "Decisions that it made for them.", isStaged ? counts.canaryDecisions : 0),
      gauge("shadow_decisions", "Decisions in shadow since the staging.", isStaged ? counts.decisions : 0),
      gauge("action_mismatches", "Of them with another action.", isStaged ? counts.actionMismatches : 0),
      gauge("mismatches", "Of them with another action or candidate.", isStaged ? counts.mismatches : 0),
      gauge(
        "shadow_seconds",
        "Mean time of the shadow of a decision, measured of one in 16 since the staging; NaN before the first.",
        isStaged ? shadowSeconds : Number.NaN,
      ),
      gauge(
        "compared_sequence",
        "Last entry of the journal that is compared; 0 without a staged policy.",
        compared?.sequence ?? 0,
      ),
      gauge("outcomes", "Outcomes that are compared.", compared?.outcomes ?? 0),
      gauge(
        "reward_lower",
        "Lower bound of the net reward of the staged policy less that of the active one; NaN without a comparison.",
        compared?.reward.lower ?? Number.NaN,
      ),
      gauge("reward_upper", "Upper bound of the same.", compared?.reward.upper ?? Number.NaN),
      gauge("gate_passed", "1 once the staged policy passes a gate.", compared?.passes === undefined ? 0 : 1),
    ];
  }
}
