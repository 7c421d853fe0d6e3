/**
 * A whole engine in memory as the subject of sequences: decisions come from the kernel, entries from its journal.
 * @module
 */
import { Engine } from "../../../src/engine.ts";
import type { EngineLedger } from "../../../src/flows/ledger.ts";
import { InlineDriver } from "../../../src/journal/thread-driver.ts";
import { segmentName } from "../../../src/journal/segment.ts";
import { Writer } from "../../../src/journal/writer.ts";
import type { Reserved, Subject } from "./sequences.ts";
import { MemoryDisk } from "../../support/memory-disk.ts";
import { sampleSnapshot } from "../../support/sample-snapshot.ts";

/** At 250 microcents per million, so many input tokens of the more expensive candidate cost one microcent. */
const TOKENS_PER_MICROCENT = 4_000;
const AMOUNT_MAX = 500_000n;
/** The other candidate costs a tenth. */
const CHEAPER = 10n;

export class LedgerInEngine implements Subject {
  readonly sweepsAtStart: boolean = true;
  readonly entries: undefined;
  now: number;
  /** Not played: the faults of whole journals have tests of their own. */
  refusesNext = 0;
  readonly #disk: MemoryDisk;
  #engine: Engine | undefined;

  private constructor(now: number, disk: MemoryDisk) {
    this.now = now;
    this.#disk = disk;
  }

  static async begin(now: number, disk: MemoryDisk = new MemoryDisk()): Promise<LedgerInEngine> {
    const subject = new LedgerInEngine(now, disk);
    // A clock that is far behind the journal refuses a start; one that falls behind later does not.
    const openedAt = Math.max(now, subject.at);
    let isOpen = false;
    subject.#engine = await Engine.open({
      unknownTenants: "refuse",
      directory: "memory",
      policy: sampleSnapshot(),
      disk,
      nowUs: () => (isOpen ? subject.now : openedAt),
      driver: (start) => new InlineDriver(new Writer(disk, start, undefined, () => 0)),
    });
    isOpen = true;
    subject.#engine.unknownTenants = "refuse";
    return subject;
  }

  get commands(): EngineLedger {
    return this.engine.ledger;
  }

  get at(): number {
    const text = Buffer.from(this.#disk.files.get(segmentName(1)) ?? []).toString("latin1");
    return Number(/"at":([0-9]+)/.exec(text.slice(text.lastIndexOf('"at":')))?.[1] ?? 0);
  }

  get engine(): Engine {
    if (this.#engine === undefined) throw new Error("the engine is open");
    return this.#engine;
  }

  async reserve(tenant: string, amount: bigint, seconds: number | undefined): Promise<Reserved | undefined> {
    const asked = amount < AMOUNT_MAX ? amount : AMOUNT_MAX;
    const { decision, decisionId, shortfall } = await this.engine.decide({
      tenant,
      inputTokens: Number(asked) * TOKENS_PER_MICROCENT,
      outputTokens: 0,
      valueMicrocents: 100_000_000,
      requested: "better",
      reservationSeconds: seconds,
    });
    if (decision.action !== "reject") return { decisionId, costMicrocents: decision.costMicrocents };
    const cheapest = (asked + CHEAPER - 1n) / CHEAPER;
    if (shortfall === undefined || shortfall.headroomMicrocents >= cheapest)
      throw new Error(`refused although there was headroom`);
    return undefined;
  }

  /** The state is the same, unless the new process had something overdue to settle. */
  async restarted(): Promise<LedgerInEngine> {
    const [digest, sequence] = [this.engine.stateDigest(), this.commands.prove().sequence];
    const disk = this.#disk.copy();
    await this.engine.close();
    const again = await LedgerInEngine.begin(this.now, disk);
    if (again.commands.prove().sequence === sequence && again.engine.stateDigest() !== digest)
      throw new Error("the state of an engine that starts again differs");
    return again;
  }
}
