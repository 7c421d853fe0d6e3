/**
 * Limits of tenants, and the expiry of reservations that were not closed in time. Each limit is a step of its own.
 * @module
 */
import { type Caused, LEVELS_MAX } from "@calybris/kernel";
import type { Budgets, TenantLimit } from "../intake/budgets-file.ts";
import type { Ordered, Ordering } from "../journal/journal.ts";
import type { Account } from "../ledger/account.ts";
import { periodsDue } from "../ledger/due-periods.ts";
import type { Ledger } from "../ledger/ledger.ts";
import type { FirstResults } from "./first-results.ts";
import { limitChanges } from "./limit-changes.ts";

/** The parts of the engine that the flow uses. */
export interface LimitPorts {
  readonly ledger: Ledger;
  readonly journal: Ordering;
  readonly firstResults: FirstResults;
}

/** A limit, and a period on each level. */
export const LIMIT_ENTRIES_MAX: number = 1 + LEVELS_MAX;

export class TenantLimits {
  readonly #ports: LimitPorts;

  constructor(ports: LimitPorts) {
    this.#ports = ports;
  }

  /** As `engine.ledger.apply`. Limits may already be as requested because of entries that are not durable yet. */
  async apply(budgets: Budgets, caused: () => Caused): Promise<readonly string[]> {
    const { journal, ledger, firstResults } = this.#ports;
    const changes = limitChanges(budgets, ledger);
    const by = caused();
    for (const limit of changes) {
      if (!journal.hasRoom(LIMIT_ENTRIES_MAX)) await firstResults.settled();
      this.order(limit, by);
    }
    await firstResults.settled();
    return changes.map(({ tenant }) => tenant);
  }

  /** Settles overdue reservations in full. Returns their number; durable when it resolves. */
  async sweep(): Promise<number> {
    const { journal, firstResults } = this.#ports;
    let count = 0;
    for (;;) {
      if (!journal.hasRoom(1)) await firstResults.settled();
      if (this.#orderExpiry() === undefined) break;
      count += 1;
    }
    if (count > 0) await firstResults.settled();
    return count;
  }

  /** Orders one of `limitChanges`, with the periods that are due under it: at most {@link LIMIT_ENTRIES_MAX}. */
  order(limit: TenantLimit, caused: Caused): Ordered {
    const { ledger, journal } = this.#ports;
    return journal.step((at) => {
      journal.establishRoom(LIMIT_ENTRIES_MAX);
      let last = journal.order({ kind: "limit", ...limit, ...caused });
      for (const period of periodsDue(ledger.account(limit.tenant) as Account, at)) last = journal.order(period);
      return last;
    });
  }

  /** Orders the expiry of the reservation that has been overdue longest; `undefined` if none is. */
  #orderExpiry(): Ordered | undefined {
    const { ledger, journal } = this.#ports;
    return journal.step((at) => {
      const due = ledger.reservations.overdue(at);
      if (due === undefined) return undefined;
      journal.establishRoom(1);
      return journal.order({ kind: "expiry", of: due.of });
    });
  }
}
