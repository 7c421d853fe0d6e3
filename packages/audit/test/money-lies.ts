/** Lies about money: a journal in which everything has happened once, with entries altered and all chained anew. */
import { type DecisionEntry, type EntryBody, type GrantEntry, type LimitEntry, microcents } from "@calybris/kernel";
import { expect } from "vitest";
import type { Finding } from "../src/index.ts";
import { moneyJournal } from "./money-journal.ts";
import { auditOf, type Written, written } from "./rechain.ts";

/** The journal as it was written. */
export const honest: readonly Written[] = written(await moneyJournal());

/** Where things stand in the journal. A test holds these to it. */
export const AT = {
  limitOrg: 2,
  periodOrg: 3,
  limitSolo: 4,
  limitTeam: 6,
  grantTeam: 7,
  grantSolo: 8,
  settled: 9,
  settlement: 10,
  released: 11,
  release: 12,
  held: 13,
  hold: 14,
  overrun: 15,
  refused: 16,
  overrunSettlement: 17,
  inDebt: 18,
  reconciliation: 19,
  correction: 20,
  left: 21,
  expiry: 22,
  unmetered: 23,
  secondPeriod: 24,
  inSecondPeriod: 25,
  secondSettlement: 26,
  thirdPeriod: 27,
  inThirdPeriod: 28,
  thirdSettlement: 29,
  seal: 30,
} as const;

export type Found = Pick<Finding, "sequence" | "problem" | "expected" | "found">;

/** The findings when entries are replaced; each is given what stands there. */
export function lie(changes: Readonly<Record<number, (body: EntryBody) => EntryBody>>): readonly Found[] {
  const report = auditOf(
    honest.map((entry, index) => {
      const change = changes[index + 1];
      return change === undefined ? entry : { ...entry, body: change(entry.body) };
    }),
  );
  expect(report.status).toBe(report.findingCount === 0 ? "intact" : "broken");
  return report.findings.map(({ sequence, problem, expected, found }) => ({ sequence, problem, expected, found }));
}

/** Other members in the entry that stands there. */
export function instead<Body extends EntryBody>(change: Partial<Body>): (body: EntryBody) => EntryBody {
  return (body) => ({ ...body, ...change }) as EntryBody;
}

export const another: (body: EntryBody) => () => EntryBody = (body) => () => body;
export const nothing: () => EntryBody = another({ kind: "seal", cause: "idle" });
export const settlement = (of: number, amount: bigint): EntryBody => ({
  kind: "settlement",
  of,
  actualMicrocents: microcents(amount),
  actor: "system:anna",
});
export const decision = (sequence: number): DecisionEntry => honest[sequence - 1]?.body as DecisionEntry;
export const grant = (change: Partial<GrantEntry>): EntryBody => ({
  kind: "grant",
  tenant: "team",
  amountMicrocents: microcents(1n),
  id: "another",
  actor: "system:anna",
  ...change,
});
/** Members in the order in which they are written. */
export const limit = ({
  tenant = "fresh",
  parent,
  metered = true,
  exposureCapMicrocents,
  ...rest
}: Partial<LimitEntry>): EntryBody => ({
  kind: "limit",
  tenant,
  ...(parent === undefined ? {} : { parent }),
  metered,
  ...(exposureCapMicrocents === undefined ? {} : { exposureCapMicrocents }),
  onShortfall: "substitute",
  reservationSeconds: rest.reservationSeconds ?? 600,
  actor: "system:anna",
});
