/**
 * Work of the deciding thread at a rotation: the digests of the state and of its snapshot, with many open reservations, once
 * after a segment whose closings touched every page of them, and once without changes.
 * @module
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { EngineState } from "@calybris/engine/internal";
import { markdownTable } from "./harness.ts";

const VECTOR = join(import.meta.dirname, "..", "conformance", "vectors", "state-snapshot.json");
const FIRST = 1_000_000;
/** A prime, so that closings touch every page. */
const STRIDE = 7_919;
const CLOSINGS = 5_000;

/** Prints a table; processor time of one thread. */
export function snapshotPauses(openCounts: readonly number[]): string {
  return markdownTable(
    ["open reservations", "closings", "digest, ms", "snapshot, ms", "digest again, ms", "snapshot again, ms"],
    openCounts.map((open) => {
      const state = stateWith(open);
      state.snapshot();
      state.digest();
      const closings = Math.min(CLOSINGS, open >> 1);
      for (let closing = 0; closing < closings; closing++) close(state, FIRST + ((closing * STRIDE) % open));
      const times = [() => state.digest(), () => state.snapshot(), () => state.digest(), () => state.snapshot()].map(
        timed,
      );
      return [open.toLocaleString("en"), closings.toLocaleString("en"), ...times.map((each) => each.toFixed(1))];
    }),
  );
}

function stateWith(open: number): EngineState {
  const { lines } = JSON.parse(readFileSync(VECTOR, "utf8")) as { readonly lines: readonly string[] };
  const state = new EngineState();
  // The tree is not part of the state: the thread that chains entries holds it.
  state.restore(lines.slice(0, -1).filter((line) => !line.startsWith('{"part":"tree"')));
  const { ledger } = state;
  const [tenant] = ledger.accounts().filter((account) => ledger.metered(account).length > 0);
  if (tenant === undefined) throw new Error("the vector has a metered tenant");
  for (let index = 0; index < open; index++) {
    ledger.reservations.reached(FIRST + index - 1);
    ledger.reservations.add({
      of: FIRST + index,
      identity: index,
      account: tenant,
      parts: ledger.metered(tenant),
      amountMicrocents: 1n,
      expiresAt: Number.MAX_SAFE_INTEGER,
    });
  }
  return state;
}

function close({ ledger }: EngineState, of: number): void {
  const open = ledger.reservations.open(of);
  if (open === undefined) return;
  const { identity, account, parts } = open;
  const closed = { of, identity, account, parts, state: "settled" as const, sequence: of, actualMicrocents: 1n };
  ledger.reservations.close(of, closed);
}

function timed(work: () => unknown): number {
  const before = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1_000;
}
