/**
 * The filter of `tail`: by kind, time, tenant and actor. Cheap tests come first: an entry that its head excludes is not read
 * completely.
 * @module
 */
import type { EntryBody } from "@calybris/kernel";
import type { ReadEntry } from "./entries.ts";
import type { JournalReader, ReadBody, ReadDecision } from "./reader.ts";

export interface FilterOptions {
  readonly kind?: readonly string[];
  readonly tenant?: string;
  /** Name of a key, or of a system user, with or without `system:`. */
  readonly actor?: string;
  /** Microseconds since the Unix epoch. */
  readonly since?: number;
}

export class EntryFilter {
  readonly #reader: JournalReader;
  readonly #options: FilterOptions;

  constructor(reader: JournalReader, options: FilterOptions) {
    this.#reader = reader;
    this.#options = options;
  }

  /** Whether all entries before this one are too old: time only goes back at a clock entry. */
  isPast({ head }: ReadEntry): boolean {
    const { since } = this.#options;
    return since !== undefined && head.at < since;
  }

  /** The complete entry; `undefined` if the filter excludes it. */
  async read(read: ReadEntry): Promise<ReadBody | ReadDecision | undefined> {
    const { kind, since, tenant, actor } = this.#options;
    if (kind !== undefined && !kind.includes(read.head.kind)) return undefined;
    if (since !== undefined && read.head.at < since) return undefined;
    const found = await this.#reader.body(read);
    if (actor !== undefined && !isBy(found, actor)) return undefined;
    if (tenant !== undefined && (await this.#tenantOf(found)) !== tenant) return undefined;
    return found;
  }

  async #tenantOf({ entry }: ReadBody): Promise<string | undefined> {
    if (entry !== undefined && "tenant" in entry) return entry.tenant;
    return (await this.#reader.decisionOf(entry))?.entry.tenant;
  }
}

function isBy({ entry, keyName }: ReadBody, name: string): boolean {
  const actor = actorOf(entry);
  if (actor === undefined) return false;
  return typeof actor === "number"
    ? keyName === name || String(actor) === name
    : actor === name || actor === `system:${name}`;
}

function actorOf(entry: EntryBody | undefined): string | number | undefined {
  return entry !== undefined && "actor" in entry ? entry.actor : undefined;
}
