/**
 * One decision in one synchronous step: from the policy in force to the entry in its order nothing waits, so number,
 * decision, reservation, state and order are one.
 * @module
 */
import { CalybrisError, DEFAULT_TENANT, type Kernel, type Policy } from "@calybris/kernel";
import { type Deciding, decide, type Proven, type TenantRoom } from "./decide.ts";
import type { EngineLearning } from "./engine-learning.ts";
import type { EngineLedger } from "./engine-ledger.ts";
import type { ResolvedRequest } from "./intake/client-request.ts";
import type { Journal } from "./journal/journal.ts";
import type { Account } from "./ledger/account.ts";
import { drive } from "./ledger/cells.ts";
import type { Draws } from "./router/draws.ts";
import type { EngineState } from "./state.ts";

/** What the step needs of the engine. */
export interface StepPorts {
  readonly state: EngineState;
  readonly journal: Journal;
  readonly ledger: EngineLedger;
  readonly learning: EngineLearning;
  readonly kernelFor: (policy: Policy) => Kernel;
  /** Once a policy learns. */
  readonly draws: () => Draws | undefined;
}

/** A decision that is ordered, and durable once the promise says so, with its entry's hash. */
export interface Ordered {
  readonly sequence: number;
  readonly durable: Promise<string>;
  readonly proven: Proven;
}

export class DecideStep {
  readonly #ports: StepPorts;
  #kernel: { readonly policyId: number; readonly kernel: Kernel } | undefined;

  constructor(ports: StepPorts) {
    this.#ports = ports;
  }

  /** @throws CalybrisError `CAL_JOURNAL_OVERLOADED`, `CAL_JOURNAL_FAILED`, `CAL_LEDGER_TENANT_UNKNOWN`; nothing was ordered. */
  run(resolved: ResolvedRequest, contentDigest: string | undefined): Ordered {
    const { journal, ledger, learning } = this.#ports;
    journal.assertRoom();
    const account = this.#accountOf(resolved.tenant);
    if (account !== undefined) ledger.roll(account);
    learning.freezeWhenDue();
    return this.#reserveAndAppend(resolved, contentDigest, account);
  }

  /**
   * Another thread may take the room that was decided with; then it is decided again with what is left. So it is, once,
   * when there was too little and another thread may have been about to give some back.
   */
  #reserveAndAppend(
    resolved: ResolvedRequest,
    contentDigest: string | undefined,
    account: Account | undefined,
  ): Ordered {
    const { state, journal } = this.#ports;
    const { ledger } = state;
    const deciding = this.#deciding();
    const undoneBefore = ledger.cells.undoneCount();
    let wasShort = false;
    for (;;) {
      const proven = decide(deciding, resolved, contentDigest, roomOf(account, ledger.room));
      const { entry } = proven;
      if (entry.short !== undefined && !wasShort) {
        wasShort = true;
        if (drive(ledger.cells.mayBeFalse(undoneBefore))) continue;
      }
      const cells = account === undefined || entry.decision.action === "reject" ? [] : ledger.cellsOf(account);
      const amount: bigint = entry.decision.costMicrocents;
      if (cells.length > 0 && !drive(ledger.cells.reserve(cells, amount))) continue;
      try {
        ledger.ranAhead(entry);
        return { ...journal.append(entry), proven };
      } catch (error) {
        if (cells.length > 0) drive(ledger.cells.undo(cells, amount));
        throw error;
      }
    }
  }

  #deciding(): Deciding {
    const { state, learning, draws } = this.#ports;
    const policy = state.current;
    const drawing = policy.snapshot.learning === undefined ? undefined : draws();
    if (drawing === undefined) return { policy, kernel: this.#currentKernel() };
    const learner = {
      router: state.router,
      draws: drawing,
      candidateTiers: policy.snapshot.candidateTiers,
      tableFor: learning.tableFor,
    };
    return { policy, kernel: this.#currentKernel(), learner };
  }

  /** Whose money it is. Once anybody has a limit, so has whoever may spend. */
  #accountOf(tenant: string | undefined): Account | undefined {
    const { ledger } = this.#ports.state;
    if (ledger.tenantCount === 0 && (tenant === undefined || tenant === DEFAULT_TENANT)) return undefined;
    const account = ledger.account(tenant ?? DEFAULT_TENANT);
    if (account === undefined)
      throw new CalybrisError("CAL_LEDGER_TENANT_UNKNOWN", { tenant: tenant ?? DEFAULT_TENANT });
    return account;
  }

  #currentKernel(): Kernel {
    const { id, snapshot } = this.#ports.state.current;
    if (this.#kernel?.policyId !== id) this.#kernel = { policyId: id, kernel: this.#ports.kernelFor(snapshot.policy) };
    return this.#kernel.kernel;
  }
}

function roomOf(account: Account | undefined, room: (account: Account) => bigint | undefined): TenantRoom | undefined {
  if (account === undefined) return undefined;
  return { tenant: account.tenant, roomMicrocents: room(account), whenShort: account.limit.whenShort };
}
