/**
 * Reads entries in full, with what they refer to: the policy that a decision was made under, the key that its actor is, the
 * decision that a settlement or an outcome belongs to. For `show` and `tail`.
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

/** An entry with its body; a body of a later version's kind is `undefined`. */
export interface ReadBody<Body extends EntryBody | undefined = EntryBody | undefined> extends ReadEntry {
  readonly entry: Body;
  /** The name of the key that its actor is, where it is one. */
  readonly keyName: string | undefined;
  /** Whether its hash follows from its data; `undefined` where that takes a key that is not given. */
  readonly isChained: boolean | undefined;
}

export interface ReadDecision extends ReadBody<DecisionEntry> {
  /** Of the policy it was made under. */
  readonly policyId: number;
  readonly snapshot: PolicySnapshot;
}

/** Decisions and keys that were looked up are remembered, up to so many. */
const REMEMBERED_MAX = 4_096;

export class JournalReader {
  readonly source: JournalSource;
  readonly #chain: ChainHash | undefined;
  readonly #keyNames = new Map<number, string>();
  readonly #decisions = new Map<number, ReadDecision>();

  /** @param chain - the journal's own hash; `undefined` when its key is not given. */
  constructor(source: JournalSource, chain?: ChainHash) {
    this.source = source;
    this.#chain = chain;
  }

  /** Reads an entry in full. */
  async body(read: ReadEntry): Promise<ReadBody | ReadDecision> {
    if (read.head.kind === "decision") return this.decision(read);
    const entry = parseEntryBody(read.head, read.data, () => {
      throw malformed(read.sequence, "it is not a decision, yet is read under a policy");
    });
    const actor = entry !== undefined && "actor" in entry ? entry.actor : undefined;
    return { ...read, entry, keyName: await this.#keyName(actor), isChained: this.#isChained(read) };
  }

  /** Reads the entry of a decision in full. */
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
   * The decision of a decision ID.
   *
   * @throws CalybrisError `CAL_JOURNAL_DECISION_UNKNOWN` when no decision has it.
   */
  async named(decisionId: string): Promise<ReadDecision> {
    const parsed = parseDecisionId(decisionId);
    const read = parsed === undefined ? undefined : await this.source.find(parsed.of).catch(unlessUnknown);
    const found = read?.head.kind === "decision" ? await this.decision(read) : undefined;
    if (found === undefined || identityNumber(found.entry.identity) !== parsed?.identity)
      throw new CliError("CAL_JOURNAL_DECISION_UNKNOWN", { decisionId });
    return found;
  }

  /** The decision that an entry refers to; `undefined` when it refers to none, or to what is not there. */
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

  /** The table that a decision was drawn from; `undefined` where it names none. */
  async table({ entry }: ReadDecision): Promise<BeliefEntry | undefined> {
    const belief = entry.learning?.belief ?? 0;
    if (belief === 0) return undefined;
    const body = (await this.body(await this.source.find(belief))).entry;
    if (body?.kind !== "belief") throw malformed(belief, `it is not a belief but ${body?.kind}`);
    return body;
  }

  /** The name that a key was introduced with; its entry comes before all that it causes. */
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

/** A candidate's name; its id when the snapshot does not know it. */
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
