/**
 * Corrections of the journal's time, each an entry with its actor: a repair sets the time back after a clock had run ahead;
 * a confirmation moves it forward after a step of more than 7 days that an operator found correct.
 *
 * Periods, expiries and retention continue from the later of the two times: the index of a period never decreases, and what
 * was due stays due.
 * @module
 */
import type { Caused } from "@calybris/kernel";
import type { FailStop } from "../journal/fail-stop.ts";
import type { Ordering } from "../journal/journal.ts";
import type { SystemClock } from "../system-clock.ts";
import type { Caller, EngineKeys } from "./keys.ts";

/** A clock entry: times in microseconds since the Unix epoch. */
export interface ClockCorrection {
  readonly sequence: number;
  /** `at` of the entry itself. */
  readonly from: number;
  /** The time from which `at` continues. */
  readonly to: number;
}

export interface ClockPorts {
  readonly journal: Ordering;
  readonly failStop: FailStop;
  readonly keys: EngineKeys;
  /** `at` of the last entry ordered. */
  readonly at: () => number;
  readonly nowUs: () => number;
  readonly clock: SystemClock | undefined;
}

export class EngineClock {
  readonly #ports: ClockPorts;

  constructor(ports: ClockPorts) {
    this.#ports = ports;
  }

  /** Sets the time back to the clock's; `undefined` if the last entry is not ahead of it. */
  async repair(caller: Caller): Promise<ClockCorrection | undefined> {
    const { journal, keys, at, nowUs } = this.#ports;
    const [from, to] = [at(), nowUs()];
    if (to >= from) return undefined;
    const { sequence, durable } = journal.append({ kind: "clock", from, to, ...keys.caused(caller) });
    await durable;
    return { sequence, from, to };
  }

  /** As `Engine.confirmClock`. */
  confirm(callerOf: () => Caller): Promise<ClockCorrection | undefined> {
    const { keys, failStop, clock } = this.#ports;
    return failStop.command(async () => {
      const ordered = clock?.confirm((confirmedUs) => this.#orderConfirmation(confirmedUs, keys.caused(callerOf())));
      if (ordered === undefined) return undefined;
      await ordered.durable;
      return ordered.correction;
    });
  }

  /** The entry, and a key entry before it, have the time without the step; later entries have the confirmed time. */
  #orderConfirmation(
    confirmedUs: number,
    caused: Caused,
  ): { readonly durable: Promise<unknown>; readonly correction: ClockCorrection } {
    const { journal } = this.#ports;
    return journal.step((from) => {
      const to = Math.max(from, confirmedUs);
      journal.establishRoom(1);
      const { sequence, durable } = journal.order({ kind: "clock", from, to, ...caused });
      return { durable, correction: { sequence, from, to } };
    });
  }
}
