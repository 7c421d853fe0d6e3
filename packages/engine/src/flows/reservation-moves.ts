/**
 * Commands that move one reservation:
 *
 *     command → bind to its decision → first result, or check → entry → journal → answer
 *
 * @module
 */
import { type Caused, parseDecisionId, type ReservationEntry, type TenantProof } from "@calybris/kernel";
import { EngineError } from "../engine-errors.ts";
import type { FailStop } from "../journal/fail-stop.ts";
import type { Ordering } from "../journal/journal.ts";
import type { Ledger } from "../ledger/ledger.ts";
import { firstResult, type Settled, settledOf } from "../state/reservation-results.ts";
import type { FirstResults } from "./first-results.ts";
import type { Caller } from "./keys.ts";

/** The parts of the engine that the flow uses. */
export interface MovePorts {
  readonly ledger: Ledger;
  readonly journal: Ordering;
  readonly failStop: FailStop;
  readonly firstResults: FirstResults;
  /** The members of an entry that a caller causes. */
  readonly caused: (caller: Caller) => Caused;
}

/** Names the decision, and optionally its tenant: a different tenant is refused. */
export interface OfDecision {
  readonly decisionId: string;
  readonly tenant?: string | undefined;
}

export class ReservationMoves {
  readonly #ports: MovePorts;

  constructor(ports: MovePorts) {
    this.#ports = ports;
  }

  /**
   * Moves the reservation of a decision.
   *
   * @param read - checks the command, and returns the entry to order.
   * @param balance - of a tenant, once the entry is durable.
   */
  run(
    command: OfDecision,
    caller: Caller,
    read: () => (of: number, caused: Caused) => ReservationEntry,
    balance: (tenant: string) => TenantProof,
  ): Promise<Settled> {
    return this.#ports.failStop.command(async () => {
      const { ledger, firstResults } = this.#ports;
      const entryOf = read();
      const caused = this.#ports.caused(caller);
      const entry = entryOf(this.#bind(command), caused);
      const settled = await firstResults.once({
        first: () => firstResult(ledger, entry),
        order: () => this.#order(entry),
      });
      return { ...settled, balance: balance(settled.tenant) };
    });
  }

  /** The decision's sequence. */
  #bind(command: OfDecision): number {
    const parsed = parseDecisionId(command.decisionId);
    const { reservations } = this.#ports.ledger;
    const found = parsed === undefined ? undefined : (reservations.open(parsed.of) ?? reservations.closed(parsed.of));
    if (parsed === undefined || found === undefined || found.identity !== parsed.identity)
      throw new EngineError("CAL_LEDGER_RESERVATION_UNKNOWN", { decisionId: String(command.decisionId) });
    if (command.tenant !== undefined && command.tenant !== found.account.tenant) {
      const { decisionId, tenant } = command;
      throw new EngineError("CAL_LEDGER_RESERVATION_FOREIGN", { decisionId, tenant });
    }
    return parsed.of;
  }

  #order(entry: ReservationEntry): Settled {
    const { ledger, journal } = this.#ports;
    journal.step(() => {
      const refusal = ledger.refusalOf(entry);
      if (refusal !== undefined) throw refusal;
      journal.establishRoom(1);
      return journal.order(entry);
    });
    return settledOf(ledger, entry.of, false) as Settled;
  }
}
