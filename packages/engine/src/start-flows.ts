/**
 * The flows of an engine, connected to its state and journal. Each flow gets only what it uses.
 * @module
 */
import type { Actor, Caused } from "@calybris/kernel";
import { EngineCalls } from "./flows/calls.ts";
import { EngineClock } from "./flows/clock.ts";
import type { UnknownTenants } from "./flows/decide-step.ts";
import { EngineDecisions } from "./flows/decisions.ts";
import { makeSeed } from "./flows/draw-seed.ts";
import { FirstResults } from "./flows/first-results.ts";
import { type Caller, EngineKeys, processUser } from "./flows/keys.ts";
import { EngineLearning } from "./flows/learning.ts";
import { EngineLedger } from "./flows/ledger.ts";
import { EnginePolicies } from "./flows/policies.ts";
import { EngineRollout } from "./flows/rollout.ts";
import type { FailStop } from "./journal/fail-stop.ts";
import type { EngineSettings, Folded, Ports } from "./opening.ts";
import type { StartedJournal } from "./start-journal.ts";
import { RequestIds } from "./state/request-ids.ts";
import type { Storage } from "./storage/storage.ts";

/** Default of `openReservationsMax`; about 20 MB for one tenant. */
export const OPEN_RESERVATIONS_MAX = 100_000;

export interface Flows {
  readonly keys: EngineKeys;
  readonly clock: EngineClock;
  readonly ledger: EngineLedger;
  readonly learning: EngineLearning;
  readonly policies: EnginePolicies;
  readonly rollout: EngineRollout;
  readonly decisions: EngineDecisions;
  readonly calls: EngineCalls;
}

interface Started extends Pick<StartedJournal, "journal" | "beliefs" | "reading"> {
  readonly failStop: FailStop;
  /** Read at each decision. */
  readonly unknownTenants: () => UnknownTenants;
}

export function startFlows(
  storage: Storage,
  { seed, journal: { state, stored } }: Folded,
  options: EngineSettings,
  ports: Ports,
  { journal, beliefs, reading, failStop, unknownTenants }: Started,
): Flows {
  const whenDurable = (sequence: number): Promise<void> => journal.whenDurable(sequence);
  const shared = { journal, failStop, firstResults: new FirstResults(journal), nowUs: ports.nowUs };
  const keys = new EngineKeys({ ...shared, book: state.keys, user: options.user ?? processUser() });
  const clock = new EngineClock({ ...shared, keys, at: () => state.at, clock: ports.clock });
  const caused = (caller: Caller): Caused => keys.caused(caller);
  const ledger = new EngineLedger({ ...shared, caused, ledger: state.ledger, position: () => state });
  const learning = new EngineLearning({
    ...shared,
    caused,
    ledger: state.ledger,
    settle: (command, caller) => ledger.settle(command, caller),
    router: state.router,
    outcomes: state.outcomes,
    prior: () => state.prior,
    featureNames: () => state.current.snapshot.learning?.features ?? [],
    find: (decisionId) => reading.found(decisionId),
    beliefs,
    kernelOf: (policy) => state.policies.kernelOf(policy),
  });
  const policies = new EnginePolicies({
    ...shared,
    ...{ state, ledger, keys, seed, entries: stored, signers: options.changeSigners },
    makeSeed: () => makeSeed(storage.seed, ports.randomBytes),
  });
  const rollout = new EngineRollout({
    state,
    policies,
    linesFrom: (sequence) => reading.lines(sequence, reading.head.sequence),
    beliefAt: (sequence) => beliefs.at(sequence),
  });
  const deciding = {
    ...shared,
    state,
    requestIds: new RequestIds({ state, entries: stored, nowUs: ports.nowUs, whenDurable }),
    entries: stored,
    draws: () => policies.draws,
    unknownTenants,
    openReservationsMax: options.openReservationsMax ?? OPEN_RESERVATIONS_MAX,
    actorOf: (given: Actor | undefined) => keys.actorOf(given),
  };
  const decisions = new EngineDecisions(deciding);
  const { heldCallSeconds } = options;
  const calls = new EngineCalls({ ...deciding, caused, heldCallSeconds, ledger, learning });
  return { keys, clock, ledger, learning, policies, rollout, decisions, calls };
}
