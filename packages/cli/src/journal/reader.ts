/**
 * Reads complete entries with the objects that they refer to: the policy of a decision, the key of an actor, the decision of
 * a settlement or an outcome. For `show` and `tail`.
 * @module
 */
import { malformed, statedPolicy } from "@calybris/engine/internal";
import {
  type Actor,
  type BeliefEntry,
  type ChainHash,
  type DecisionEntry,
  type EntryBody,
  identityNumber,
  parseDecisionId,
  parseEntryBody,
  type PolicySnapshot,
  CalybrisError,
} from "@calybris/kernel";
import type { ReadEntry } from "./entries.ts";
import type { JournalSource } from "./source.ts";
import { CliError } from "../cli-errors.ts";

/** An entry with its body; `undefined` for a kind of a later version. */
export interface ReadBody<Body extends EntryBody | undefined = EntryBody | undefined> extends ReadEntry {
  readonly entry: Body;
  /** The name of its actor's key; `undefined` if the actor is not a key. */
  readonly keyName: string | undefined;
  /** Whether its hash matches its data; `undefined` if that requires a key that was not given. */
  readonly isChained: boolean | undefined;
}

export interface ReadDecision extends ReadBody<DecisionEntry> {
  /** ID of the policy of the decision. */
  readonly policyId: number;
  readonly snapshot: PolicySnapshot;
}

/** Maximum cached decisions and keys. */
const REMEMBERED_MAX = 4_096;

export class JournalReader {
  readonly source: JournalSource;
  readonly #chain: ChainHash | undefined;
  readonly #keyNames = new Map<number, string>();
  readonly #decisions = new Map<number, ReadDecision>();

  /** @param chain - the journal's chain hash; `undefined` if its key was not given. */
  constructor(source: JournalSource, chain?: ChainHash) {
    this.source = source;
    this.#chain = chain;
  }

  /** Reads a complete entry. */
  async body(read: ReadEntry): Promise<ReadBody | ReadDecision> {
    if (read.head.kind === "decision") return this.decision(read);
    const entry = parseEntryBody(read.head, read.data, () => {
      throw malformed(read.sequence, "it is not a decision, yet is read under a policy");
    });
    const actor = entry !== undefined && "actor" in entry ? entry.actor : undefined;
    return { ...read, entry, keyName: await this.#keyName(actor), isChained: this.#isChained(read) };
  }

  /** Reads a complete decision entry. */
  async decision(read: ReadEntry): Promise<ReadDecision> {
    if (read.head.kind !== "decision") throw malformed(read.sequence, `it is not a decision but ${read.head.kind}`);
    const stated = statedPolicy(read);
    const policy = await (stated === undefined ? this.source.policyAt(read) : this.source.policyOf(stated, read));
    const entry = parseEntryBody(read.head, read.data, () => policy.snapshot);
    if (entry?.kind !== "decision") throw malformed(read.sequence, "it is not a decision");
    const { id: policyId, snapshot } = policy;
    const keyName = await this.#keyName(entry.actor);
    return { ...read, entry, policyId, snapshot, keyName, isChained: this.#isChained(read) };
  }

  /**
   * The decision with an ID.
   *
   * @throws CalybrisError `CAL_JOURNAL_DECISION_UNKNOWN` if no decision has it.
   */
  async named(decisionId: string): Promise<ReadDecision> {
    const parsed = parseDecisionId(decisionId);
    const read = parsed === undefined ? undefined : await this.source.find(parsed.of).catch(unlessUnknown);
    const found = read?.head.kind === "decision" ? await this.decision(read) : undefined;
    if (found === undefined || identityNumber(found.entry.identity) !== parsed?.identity)
      throw new CliError("CAL_JOURNAL_DECISION_UNKNOWN", { decisionId });
    return found;
  }

  /** The decision that an entry refers to; `undefined` if it refers to none or the decision is unavailable. */
  async decisionOf(body: EntryBody | undefined): Promise<ReadDecision | undefined> {
    if (body === undefined || body.kind === "key" || !("of" in body)) return undefined;
    const { of } = body;
    const known = this.#decisions.get(of);
    if (known !== undefined) return known;
    const read = await this.source.find(of).catch(unlessUnknown);
    if (read?.head.kind !== "decision") return undefined;
    const found = await this.decision(read);
    if (this.#decisions.size >= REMEMBERED_MAX) this.#decisions.clear();
    this.#decisions.set(of, found);
    return found;
  }

  /** The belief entry that a decision was drawn from; `undefined` if nothing was drawn. */
  async table({ entry }: ReadDecision): Promise<BeliefEntry | undefined> {
    const belief = entry.learning?.belief ?? 0;
    if (belief === 0) return undefined;
    const body = (await this.body(await this.source.find(belief))).entry;
    if (body?.kind !== "belief") throw malformed(belief, `it is not a belief but ${body?.kind}`);
    return body;
  }

  /** The name of a key, from the entry that introduced it, which precedes every entry that it causes. */
  async #keyName(actor: Actor | undefined): Promise<string | undefined> {
    if (typeof actor !== "number") return undefined;
    const known = this.#keyNames.get(actor);
    if (known !== undefined) return known;
    const { head, data } = await this.source.find(actor);
    const body = head.kind === "key" ? parseEntryBody(head, data, () => never(actor)) : undefined;
    const name = body?.kind === "key" && body.change !== "revoked" ? body.name : "unknown";
    this.#keyNames.set(actor, name);
    return name;
  }

  #isChained({ previousHash, data, entryHash }: ReadEntry): boolean | undefined {
    return this.#chain === undefined ? undefined : this.#chain(previousHash, Buffer.from(data)) === entryHash;
  }
}

/** A candidate's name; its ID if the snapshot lacks it. */
export function candidateName(snapshot: PolicySnapshot, id: number): string {
  const index = snapshot.policy.candidates.findIndex((candidate) => candidate.id === id);
  return snapshot.candidateNames[index] ?? (id === 0 ? "any candidate" : `candidate ${id}`);
}

function unlessUnknown(error: unknown): undefined {
  if (error instanceof CalybrisError && error.code === "CAL_JOURNAL_ENTRY_UNKNOWN") return undefined;
  throw error;
}

function never(sequence: number): never {
  throw malformed(sequence, "it decides nothing, yet names a policy");
}
