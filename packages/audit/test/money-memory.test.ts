import { Ledger, nodeSha256 } from "@calybris/engine/internal";
import { expect, test } from "vitest";
import { MoneyFold } from "../src/money.ts";
import { moneyJournal } from "./money-journal.ts";
import { written } from "./rechain.ts";

// Fewer would forget what the journal corrects.
test.each([4, 5])("of closed reservations, the engine and the audit remember the same %i", async (closedMax) => {
  const ledger = new Ledger(closedMax);
  const money = new MoneyFold(nodeSha256, closedMax);
  let forgotten = 0;
  for (const { head, body } of written(await moneyJournal())) {
    ledger.apply(head.sequence, head.at, body);
    money.take(head.sequence, head.at, body, (_problem, expected, found) => expect(found).toBe(expected));
    for (let of = 1; of <= head.sequence; of++) {
      const engines = ledger.reservations.open(of) ?? ledger.reservations.closed(of);
      expect(money.claims.get(of) !== undefined).toBe(engines !== undefined);
      if (body.kind === "seal" && engines === undefined && [9, 11, 13].includes(of)) forgotten += 1;
    }
  }
  expect(forgotten).toBeGreaterThan(0);
});
