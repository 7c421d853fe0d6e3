/**
 * Small races of the ledger, each explored over all its schedules.
 * @module
 */
import type { Facts, LedgerScenario, Work } from "./threads.ts";

const ACME = [{ tenant: "acme", grant: 100n }];
const TEAM = (orgGrant: bigint, teamGrant: bigint): LedgerScenario["tenants"] => [
  { tenant: "org", grant: orgGrant },
  { tenant: "team", parent: "org", grant: teamGrant },
];
const settling =
  (amount: bigint, actual: bigint): Work =>
  (worker) =>
    worker.reserveAndSettle("acme", [0], amount, actual);

export const SCENARIOS: readonly LedgerScenario[] = [
  {
    name: "three reserve, are ordered and settle, where two fit",
    tenants: ACME,
    workers: [settling(40n, 10n), settling(40n, 20n), settling(40n, 40n)],
    checkEnd: (_ordering, workers) => atLeastSettled(workers, 2),
  },
  {
    name: "two who together want one microcent more than there is",
    tenants: ACME,
    workers: [settling(60n, 60n), settling(41n, 41n)],
    checkEnd: (ordering, workers) => {
      atLeastSettled(workers, 1);
      if (!workers.some(({ doing }) => doing === "refused")) throw new Error("both were served");
      if ((ordering.balances[0]?.remaining ?? 0n) < 40n) throw new Error("less remains than either leaves");
    },
  },
  {
    name: "a grant while two reserve, of whom one fits",
    tenants: ACME,
    workers: [settling(60n, 60n), settling(60n, 0n), (worker): void => void worker.ask("grant acme 50")],
    checkEnd: (ordering, workers) => {
      atLeastSettled(workers.slice(0, 2), 1);
      if (ordering.balances[0]?.granted !== 150n) throw new Error("the grant is lost");
    },
  },
  {
    name: "release against settle of one reservation, while another waits for its headroom",
    tenants: ACME,
    workers: [
      (worker): void => {
        if (!worker.reserve([0], 70n)) {
          worker.share("", [0], 0n, 2);
          return;
        }
        const sequence = worker.order("acme", [0], 70n) as string;
        worker.share(sequence, [0], 70n, 2);
        worker.settleShared(sequence, [0], 50n);
      },
      (worker): void => {
        const sequence = worker.receive();
        if (sequence !== "") worker.tell(`release ${sequence}`);
      },
      settling(80n, 5n),
    ],
  },
  {
    name: "an exposure cap under contention, far below the money there is",
    tenants: [{ tenant: "acme", grant: 1_000n, cap: 100n }],
    workers: [settling(60n, 1n), settling(40n, 2n), settling(50n, 50n)],
    checkEnd: (_ordering, workers) => atLeastSettled(workers, 1),
  },
  {
    name: "a journal that refuses one of three entries",
    tenants: ACME,
    takes: (sequence) => sequence !== 1,
    workers: [settling(60n, 60n), settling(60n, 60n), (worker): void => worker.own("acme", 60n)],
  },
  {
    name: "a period begins while two reserve",
    tenants: [{ tenant: "acme", grant: 20n, allotment: 80n }],
    workers: [settling(70n, 30n), settling(50n, 50n), (worker): void => worker.tell("period acme")],
  },
  {
    name: "a cap is lowered while two reserve",
    tenants: ACME,
    workers: [settling(40n, 40n), settling(50n, 10n), (worker): void => worker.tell("cap acme 45")],
  },
  {
    name: "an overrun takes the headroom that another debited",
    tenants: ACME,
    workers: [settling(40n, 90n), settling(50n, 10n)],
  },
  {
    name: "four levels, the last without headroom, against one who needs all of the first",
    tenants: [
      { tenant: "org", grant: 50n },
      { tenant: "team", parent: "org", grant: 50n },
      { tenant: "key", parent: "team", grant: 50n },
      { tenant: "user", parent: "key", grant: 10n },
    ],
    workers: [
      (worker): void => worker.reserveAndSettle("user", [0, 1, 2, 3], 20n, 20n),
      (worker): void => worker.reserveAndSettle("team", [0, 1], 50n, 50n),
    ],
  },
  {
    name: "a level is no longer metered while one reserves on it",
    tenants: TEAM(50n, 50n),
    workers: [
      (worker): void => worker.reserveAndSettle("team", [0, 1], 40n, 40n),
      (worker): void => worker.tell("unmeter org"),
      (worker): void => worker.reserveAndSettle("team", [1], 20n, 0n),
    ],
  },
  {
    name: "two levels are undone while two others reserve on both and on the first",
    tenants: TEAM(100n, 60n),
    takes: (sequence) => sequence !== 1,
    workers: [
      (worker): void => worker.reserveAndSettle("team", [0, 1], 60n, 60n),
      (worker): void => worker.reserveAndSettle("team", [0, 1], 40n, 40n),
    ],
  },
];

function atLeastSettled(workers: readonly Facts[], least: number): void {
  const settled = workers.filter(({ doing }) => doing !== "refused").length;
  if (settled < least) throw new Error(`${settled} were served; ${least} fit`);
}
