/**
 * Planted bugs of the ledger: each is one text of the source replaced by another, and each must turn the named search red.
 * @module
 */

export type LedgerSearch = "interleavings" | "sequences" | "threads";

export interface LedgerMutant {
  /** What the bug does. */
  readonly name: string;
  /** Where it is planted, below `packages/engine/src/`. */
  readonly file: string;
  /** Stands exactly once in the file. */
  readonly find: string;
  readonly replace: string;
  readonly search: LedgerSearch;
}

const SWAP = "if (Atomics.compareExchange(this.#cells, cell, seen, seen - amount) === seen) return true;";
const STALE = "Atomics.store(this.#cells, cell, seen - amount);\n      return true;";
const ORDERED = "      journal.establishRoom(1);\n      return journal.order(entry);\n";

export const LEDGER_MUTANTS: readonly LedgerMutant[] = [
  { name: "a stale compare-and-swap", file: "ledger/cells.ts", find: SWAP, replace: STALE, search: "interleavings" },
  {
    name: "a stale compare-and-swap, on real threads",
    file: "ledger/cells.ts",
    find: SWAP,
    replace: STALE,
    search: "threads",
  },
  {
    name: "a debit that takes one microcent more than there is",
    file: "ledger/cells.ts",
    find: "if (seen < amount) return false;",
    replace: "if (seen < amount - 1n) return false;",
    search: "interleavings",
  },
  {
    name: "a debit that does not try again when another was faster",
    file: "ledger/cells.ts",
    find: "=== seen) return true;",
    replace: "=== seen) return true;\n      return false;",
    search: "interleavings",
  },
  {
    name: "an undo that forgets a level",
    file: "ledger/cells.ts",
    find: "    for (const index of path) {\n      yield;\n      Atomics.add(this.#cells, cellOf(index), amount);",
    replace:
      "    for (const index of path.slice(1)) {\n      yield;\n      Atomics.add(this.#cells, cellOf(index), amount);",
    search: "interleavings",
  },
  {
    name: "a level that refuses, and those above it are not undone",
    file: "ledger/cells.ts",
    find: "if (!isWhole && debited > 0) yield* this.undo(path.slice(0, debited), amount);",
    replace: "",
    search: "interleavings",
  },
  {
    name: "a refusal seen during another's attempt is not tried again",
    file: "ledger/cells.ts",
    find: "if (!(yield* this.mayBeFalse(undoneBefore))) return false;",
    replace: "if (undoneBefore >= 0n) return false;",
    search: "interleavings",
  },
  {
    name: "an attempt that nobody can see",
    file: "ledger/cells.ts",
    find: "return attempting !== 0n || this.undoneCount() !== undoneBefore;",
    replace: "return attempting < 0n || this.undoneCount() !== undoneBefore;",
    search: "interleavings",
  },
  {
    name: "an entry that is ordered without a look at what was ordered since its debit",
    file: "ledger/ledger.ts",
    find: "headroomOf(part.account) >= amount)",
    replace: "amount >= 0n)",
    search: "interleavings",
  },
  {
    name: "an entry that is ordered on other levels than were debited",
    file: "ledger/ledger.ts",
    find: "parts.length === levels.length &&",
    replace: "",
    search: "interleavings",
  },
  {
    name: "a debit that ran ahead is made again when its entry is ordered",
    file: "ledger/ledger.ts",
    find: "if (isAhead)\n      for",
    replace: "if (isAhead && amount < 0n)\n      for",
    search: "interleavings",
  },
  {
    name: "a headroom that shrinks, and its cell does not",
    file: "ledger/ledger.ts",
    find: "drive(this.cells.credit(account.index, headroomOf(account) - before));",
    replace: "if (headroomOf(account) > before) drive(this.cells.credit(account.index, headroomOf(account) - before));",
    search: "interleavings",
  },
  {
    name: "a refund before sequencing",
    file: "flows/reservation-moves.ts",
    find: ORDERED,
    replace: `
      const early = entry.kind === "release" ? ledger.reservations.open(entry.of) : undefined;
      const credit = (sign: bigint) => {
        for (const { account } of early?.parts ?? [])
          for (const _ of ledger.cells.credit(account.index, sign * (early?.amountMicrocents ?? 0n)));
      };
      credit(1n);
      journal.establishRoom(1);
      const ordered = journal.order(entry);
      credit(-1n);
      return ordered;
    `,
    search: "sequences",
  },
  {
    name: "off by one at the cap",
    file: "ledger/account.ts",
    find: "cap - account.reservedMicrocents;",
    replace: "cap - account.reservedMicrocents + 1n;",
    search: "sequences",
  },
  {
    name: "settled twice",
    file: "ledger/reservations.ts",
    find: 'settled: ["correction"],',
    replace: 'settled: ["correction", "settlement"],',
    search: "sequences",
  },
  {
    name: "a wrapped addition",
    file: "ledger/account.ts",
    find: "if (account.grantedMicrocents + granted > I64_MAX)",
    replace: "if (BigInt.asIntN(64, account.grantedMicrocents + granted) > I64_MAX)",
    search: "sequences",
  },
  {
    name: "an amount of 2^63 is taken",
    file: "intake/ledger-fields.ts",
    find: "exact >= least && exact <= I64_MAX",
    replace: "exact >= least",
    search: "sequences",
  },
  {
    name: "a period that begins without an entry",
    file: "flows/ledger.ts",
    find: "      for (const period of periods) journal.order(period);\n",
    replace: "      for (const period of periods) ledger.apply(0, at, period);\n",
    search: "sequences",
  },
  {
    name: "a period that leaves what is unspent",
    file: "ledger/account.ts",
    find: "return account.period === undefined ? 0n : account.remainingMicrocents;",
    replace: "return account.period === undefined ? 0n : account.remainingMicrocents * 0n;",
    search: "sequences",
  },
  {
    name: "a refund of a past period that is kept",
    file: "ledger/account.ts",
    find: "if (endedCount === account.endedCount) payIn(",
    replace: "if (endedCount >= 0) payIn(",
    search: "sequences",
  },
  {
    name: "a refund from before the first period that is withdrawn in it",
    file: "ledger/account.ts",
    find: "if (account.period !== undefined) account.endedCount += 1;",
    replace: "account.endedCount += 1;",
    search: "sequences",
  },
  {
    name: "a debt that does not close",
    file: "ledger/account.ts",
    find: "account.debtMicrocents += amount - covered;",
    replace: "",
    search: "sequences",
  },
  {
    name: "a debt that a grant does not pay",
    file: "ledger/account.ts",
    find: "  const paid = amount < account.debtMicrocents ? amount : account.debtMicrocents;\n",
    replace: "  const paid = 0n * amount;\n",
    search: "sequences",
  },
  {
    name: "an expiry that frees money",
    file: "ledger/ledger.ts",
    find: 'body.kind === "expiry" ? full : 0n;',
    replace: 'body.kind === "expiry" ? 0n : 0n;',
    search: "sequences",
  },
  {
    name: "a grant that is applied twice",
    file: "ledger/ledger.ts",
    find: "this.#tenants.grant({ id: body.id, sequence, tenant: body.tenant, amountMicrocents: body.amountMicrocents });",
    replace: "",
    search: "sequences",
  },
  {
    name: "a hold that gives its money back",
    file: "ledger/ledger.ts",
    find: "    this.#change(accountsOf(open), (account) => settleKnown(account, knownMicrocents));\n",
    replace: "    this.#change(accountsOf(open), (account) => settleKnown(account, open.amountMicrocents));\n",
    search: "sequences",
  },
  {
    name: "what is known of a held cost stays reserved",
    file: "ledger/ledger.ts",
    find: "    this.#change(accountsOf(open), (account) => settleKnown(account, knownMicrocents));\n",
    replace: "",
    search: "sequences",
  },
  {
    name: "a reconciliation that states what was not known yet, not the total",
    file: "ledger/account.ts",
    find: "actual > known ? actual - known : 0n",
    replace: "actual",
    search: "sequences",
  },
  {
    name: "a total below what was known that is not corrected",
    file: "ledger/account.ts",
    find: "  if (actual < known) correct(account, known, endedCount, actual);\n",
    replace: "",
    search: "sequences",
  },
  {
    name: "a cost far beyond its reservation that becomes a debt",
    file: "ledger/overruns.ts",
    find: "actualMicrocents > amountMicrocents * BigInt(overrunFactor)",
    replace: "actualMicrocents > amountMicrocents * BigInt(overrunFactor) * 2n ** 63n",
    search: "sequences",
  },
  {
    name: "a debt of a tenant below another",
    file: "ledger/overruns.ts",
    find: "  return parts.some((part) => part.account.remainingMicrocents < more);",
    replace: "  return parts.length > more;",
    search: "sequences",
  },
  {
    name: "a tenant at the top has no debt",
    file: "ledger/overruns.ts",
    find: "if (more <= 0n || parts.every((part) => part.account === account)) return false;",
    replace: "if (more <= 0n || parts.every((part) => part.account !== account)) return false;",
    search: "sequences",
  },
  {
    name: "an overrun that is held below the floor",
    file: "ledger/overruns.ts",
    find: "actualMicrocents > overrunFloorMicrocents &&",
    replace: "overrunFloorMicrocents >= 0n &&",
    search: "sequences",
  },
  {
    name: "another tenant settles it",
    file: "flows/reservation-moves.ts",
    find: "command.tenant !== undefined && command.tenant !== found.account.tenant",
    replace: "command.tenant === found.account.tenant && command.tenant !== found.account.tenant",
    search: "sequences",
  },
  {
    name: "the level above is spared",
    file: "ledger/metered.ts",
    find: "const levels = account.path.filter(",
    replace: "const levels = account.path.slice(-1).filter(",
    search: "sequences",
  },
];
