import { OPEN_RECORDS, SnapshotMembers } from "@calybris/kernel";
import fc from "fast-check";
import { expect, test } from "vitest";
import { type Account as LedgerAccount, newAccount } from "../../engine/src/ledger/account.ts";
import { OpenTable } from "../../engine/src/ledger/open-table.ts";
import { OpenPages } from "../src/open-pages.ts";
import { Account } from "../src/account.ts";

// Goal: the audit's fold of what is open is the engine's, line for line, over pages that age, halve and go, also when either
// continues from a snapshot.
// Method: the same random operations on both; steps between sequences are often as large as a page.

const LIMIT = {
  kind: "limit",
  tenant: "acme",
  metered: true,
  onShortfall: "reject",
  reservationSeconds: 60,
  actor: "system:test",
} as const;

const operation = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant("add" as const), step: fc.oneof(fc.nat(3), fc.nat(700)) }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant("close" as const), which: fc.nat() }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("hold" as const), which: fc.nat() }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("restore" as const) }) },
);

class Both {
  engine = new OpenTable();
  audit = new OpenPages();
  sequence = 0;
  readonly open: number[] = [];
  readonly #account: LedgerAccount = newAccount(0, LIMIT, undefined);
  readonly #ours: Account = new Account(LIMIT, undefined, 0);

  get lines(): readonly string[] {
    return this.engine.lines().map((line) => Buffer.from(line.bytes()).toString());
  }

  /** Entries that open nothing, then one that does. */
  add(step: number): void {
    for (let passed = 0; passed <= step; passed++) {
      const of = this.sequence + 1;
      if (passed === step) this.#open(of);
      this.#took();
    }
  }

  #open(of: number): void {
    const [amountMicrocents, expiresAt] = [BigInt(of * 7), of * 1_000];
    const parts = [{ account: this.#account, endedCount: 0 }];
    this.engine.add({ of, identity: of, account: this.#account, parts, amountMicrocents, expiresAt });
    const taken = new Set([this.#ours]);
    this.audit.add({ of, tenant: 0, levels: this.#ours.levels, taken, amountMicrocents, expiresAt });
    this.open.push(of);
  }

  close(which: number): void {
    const [of] = this.open.splice(which % Math.max(1, this.open.length), 1);
    if (of === undefined) return;
    this.engine.delete(of);
    this.audit.close(of);
    this.#took();
  }

  hold(which: number): void {
    const of = this.open[which % Math.max(1, this.open.length)];
    if (of === undefined || this.engine.get(of)?.held !== undefined) return;
    const [knownMicrocents, expiresAt] = [BigInt(which % 5), which % 3 === 0 ? of * 2_000 : undefined];
    const held = { cause: "timeout", knownMicrocents, claimedMicrocents: undefined, expiresAt } as const;
    this.engine.hold(of, { ...held, sequence: this.sequence + 1 });
    this.audit.hold(of, this.sequence + 1, held);
    this.#took();
  }

  restore(): void {
    const [engine, audit] = [new OpenTable(), new OpenPages()];
    for (const line of this.lines) {
      const members = new SnapshotMembers(line);
      const part = members.text("part");
      if (part === "live") {
        engine.restoreLive(members);
        audit.restoreLive(members);
      } else if (part === "held") {
        engine.restoreHeld(members, () => undefined);
        audit.restoreHeld(members);
      } else {
        engine.restore(members, [this.#account], this.sequence, () => undefined);
        const bytes = members.bytes("bytes", OPEN_RECORDS.byteLength);
        for (let at = 0; at < bytes.byteLength; at += OPEN_RECORDS.byteLength)
          audit.restore(OPEN_RECORDS.read(new DataView(bytes.buffer), at), this.sequence);
      }
    }
    this.engine = engine;
    this.audit = audit;
  }

  #took(): void {
    this.sequence += 1;
    if (this.sequence % 1_024 === 0) this.engine.reached(this.sequence);
    this.audit.reached(this.sequence);
  }
}

test("the audit folds the lines of what is open as the engine does, over old pages and from snapshots", () => {
  let looked = 0;
  fc.assert(
    fc.property(fc.array(operation, { minLength: 50, maxLength: 150 }), (operations) => {
      const both = new Both();
      for (const each of operations) {
        if (each.kind === "add") both.add(each.step);
        else if (each.kind === "close") both.close(each.which);
        else if (each.kind === "hold") both.hold(each.which);
        else both.restore();
        const lines = both.lines;
        expect([...both.audit.lines()]).toEqual(lines);
        if (lines.some((line) => line.includes("open"))) looked += 1;
      }
      expect([...both.engine.all()].map(({ of }) => of)).toEqual(both.open);
    }),
    { numRuns: 60 },
  );
  expect(looked).toBeGreaterThan(1_000);
});
