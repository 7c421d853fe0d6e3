/**
 * An engine in memory that is asked for calls: its time is set by hand, and it can be killed and started again.
 * @module
 */
import type { PolicySnapshot } from "@calybris/kernel";
import { Engine, type EngineOptions } from "../../src/engine.ts";
import type { Call } from "../../src/flows/call.ts";
import type { Begun, CandidateBound, ClientCall } from "../../src/flows/client-call.ts";
import { parseBudgets } from "../../src/intake/budgets-file.ts";
import { segmentName } from "../../src/journal/segment.ts";
import { InlineDriver } from "../../src/journal/thread-driver.ts";
import { Writer } from "../../src/journal/writer.ts";
import { MemoryDisk } from "./memory-disk.ts";
import { sampleSnapshot } from "./sample-snapshot.ts";

export const DIGEST: string = "A".repeat(43);
const START_US = Date.UTC(2026, 0, 15, 12) * 1_000;

/** Of both candidates: so much beside the output by bytes, a third of it by estimate, and so much a token of output. */
export function boundsOf(bytesMicrocents: bigint, outputMicrocents = 1n): readonly CandidateBound[] {
  const input = [
    { basis: "bytes", microcents: bytesMicrocents },
    { basis: "estimate", microcents: bytesMicrocents / 3n },
  ] as const;
  return [1, 2].map((candidate) => ({ candidate, input, outputPriceMicrocents: outputMicrocents * 1_000_000n }));
}

export const ASKED: ClientCall = {
  tenant: "team",
  requested: "better",
  inputTokens: 1_000,
  outputTokens: 500,
  promptDigest: DIGEST,
  mode: "enforce",
  outputTokensMax: 500,
  policyId: 1,
  bounds: boundsOf(9_000n),
};

export class CallWorld {
  engine!: Engine;
  now: number = START_US;
  disk: MemoryDisk = new MemoryDisk();
  readonly #policy: PolicySnapshot;
  readonly #options: Partial<EngineOptions>;

  constructor(policy: PolicySnapshot = sampleSnapshot(), options: Partial<EngineOptions> = {}) {
    this.#policy = policy;
    this.#options = options;
  }

  async open(): Promise<this> {
    const { disk } = this;
    this.engine = await Engine.open({
      directory: "memory",
      policy: this.#policy,
      disk,
      user: "system:anna",
      nowUs: () => this.now,
      driver: (start) => new InlineDriver(new Writer(disk, start, undefined, () => 0)),
      ...this.#options,
    });
    return this;
  }

  /** Limits a tenant without a parent, and gives it money. */
  async fund(tenant: string, amount: bigint, limit: object = {}): Promise<void> {
    const budgets = { tenants: { [tenant]: { reservationSeconds: 600, ...limit } } };
    await this.engine.ledger.apply(parseBudgets(budgets));
    if (amount > 0n) await this.engine.ledger.grant({ tenant, amountMicrocents: amount, id: `${tenant} ${amount}` });
  }

  /** A new process on what is durable, without an end of the one before. */
  async killed(): Promise<void> {
    const disk = this.disk.copy();
    await this.engine.close();
    this.disk = disk;
    await this.open();
  }

  /** A call that runs. */
  async call(asked: Partial<ClientCall> = {}): Promise<Call> {
    const begun = await this.engine.calls.begin({ ...ASKED, ...asked });
    if ("call" in begun) return begun.call;
    throw new Error(`rejected: ${begun.rejected.reason}`);
  }

  begin(asked: Partial<ClientCall> = {}): Promise<Begun<Call>> {
    return this.engine.calls.begin({ ...ASKED, ...asked });
  }

  balance(tenant = "team"): { readonly [key: string]: bigint } {
    const { remainingMicrocents, reservedMicrocents, settledMicrocents, debtMicrocents } =
      this.engine.ledger.balance(tenant);
    return {
      remaining: remainingMicrocents,
      reserved: reservedMicrocents,
      settled: settledMicrocents,
      debt: debtMicrocents,
    };
  }

  /** The lines of the journal so far. */
  get lines(): readonly string[] {
    return Buffer.from(this.disk.files.get(segmentName(1)) ?? [])
      .toString("utf8")
      .split("\n")
      .filter((line) => line !== "");
  }
}
