/**
 * Reads the journal entries of a running service over HTTP. They are the lines of its files, so reading gives the same
 * result as from the directory.
 * @module
 */
import type { CalybrisClient } from "@calybris/client";
import { parseEntryHead, parseEntryLine, type PolicySnapshot } from "@calybris/kernel";
import { EngineError } from "@calybris/engine";
import { malformed, type PolicyAt, policyChangeIn } from "@calybris/engine/internal";
import type { ReadEntry } from "./entries.ts";
import type { JournalSource } from "./source.ts";

/** Entries per request when reading backwards. */
const BLOCK_ENTRIES = 1_000;

interface Activated {
  readonly sequence: number;
  readonly policyId: number;
  readonly broughtAt: number;
}

export class ServiceSource implements JournalSource {
  readonly #client: CalybrisClient;
  readonly #url: string;
  readonly #policies = new Map<number, PolicySnapshot>();
  /** Activations of policies up to an entry, and the entries that added the policies. */
  #activated: {
    readonly upTo: number;
    readonly activations: readonly Activated[];
    readonly broughtAt: ReadonlyMap<number, number>;
  } = { upTo: 0, activations: [], broughtAt: new Map() };
  /** The last sequence that was read. */
  #last = 0;

  /** @param url - reported as the origin of the entries. */
  constructor(client: CalybrisClient, url: string) {
    this.#client = client;
    this.#url = url;
  }

  async find(sequence: number): Promise<ReadEntry> {
    for await (const entry of this.#range(sequence, sequence)) return entry;
    throw new EngineError("CAL_JOURNAL_ENTRY_UNKNOWN", { sequence });
  }

  from(sequence: number): AsyncGenerator<ReadEntry> {
    return this.#range(sequence, undefined);
  }

  async *backwards(): AsyncGenerator<ReadEntry> {
    this.#last = (await this.#client.journalHead()).sequence;
    for (let to = this.#last; to > 0; to -= BLOCK_ENTRIES)
      yield* (await Array.fromAsync(this.#range(Math.max(1, to - BLOCK_ENTRIES + 1), to))).toReversed();
  }

  async *following(): AsyncGenerator<ReadEntry> {
    const { sequence } = await this.#client.journalHead();
    if (sequence <= this.#last) return;
    for await (const entry of this.#range(this.#last + 1, sequence)) {
      this.#last = entry.sequence;
      yield entry;
    }
  }

  async policyAt(before: ReadEntry): Promise<PolicyAt> {
    await this.#readPolicies(before);
    const active = this.#activated.activations.findLast(({ sequence }) => sequence < before.sequence);
    if (active === undefined) throw malformed(before.sequence, "no policy precedes it");
    const { policyId: id, sequence, broughtAt } = active;
    return { id, sequence, snapshot: await this.#snapshot(id, broughtAt) };
  }

  async policyOf(id: number, before: ReadEntry): Promise<PolicyAt> {
    await this.#readPolicies(before);
    const sequence = this.#activated.broughtAt.get(id);
    if (sequence === undefined) throw malformed(before.sequence, `no policy ${id} precedes it`);
    return { id, sequence, snapshot: await this.#snapshot(id, sequence) };
  }

  async #readPolicies(before: ReadEntry): Promise<void> {
    if (before.sequence > this.#activated.upTo) {
      // The head first, so that a policy activated in between is in the list.
      const { sequence } = await this.#client.journalHead();
      const { policies, activations } = await this.#client.policies();
      const broughtAt = new Map(policies.map((policy) => [policy.policyId, policy.sequence]));
      this.#activated = {
        upTo: sequence,
        broughtAt,
        activations: activations.map((one) => ({ ...one, broughtAt: broughtAt.get(one.policyId) ?? one.sequence })),
      };
    }
  }

  async #snapshot(id: number, broughtAt: number): Promise<PolicySnapshot> {
    const snapshot = this.#policies.get(id) ?? policyChangeIn(await this.find(broughtAt))?.snapshot;
    if (snapshot === undefined) throw malformed(broughtAt, "it brings no policy");
    this.#policies.set(id, snapshot);
    return snapshot;
  }

  async *#range(from: number, to: number | undefined): AsyncGenerator<ReadEntry> {
    for await (const line of this.#client.journalEntries({ from, to })) {
      const parsed = parseEntryLine(line);
      const head = parsed === undefined ? undefined : parseEntryHead(parsed.data);
      if (parsed === undefined || head === undefined)
        throw malformed(from, "the service sent a line that is not an entry");
      yield { ...parsed, head, file: this.#url, byteOffset: 0, byteEnd: 0 };
    }
  }
}
