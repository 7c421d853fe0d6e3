/**
 * Whether an entry of ours says what is true: its place in the order, the digest of a policy, and every decision
 * decided again under the policy in force. The chain says only that nobody altered the bytes afterwards; this says that
 * they were right when written.
 * @module
 */
import {
  ByteWriter,
  type Decision,
  type DecisionEntry,
  decisionDigests,
  type EntryBody,
  type EntryHead,
  type GenesisEntry,
  JOURNAL_FORMAT,
  type Kernel,
  type Policy,
  type PolicyEntry,
  parseEntryBody,
  parseEntryHead,
  policyDigest,
  type Sha256,
  snapshotFromJson,
  toHex,
  toUtf8,
  writeExact,
} from "@calybris/kernel";
import { type AuditState, EMPTY_STATE, foldEntry, Policies } from "./fold.ts";
import type { ChainedLine } from "./line.ts";
import type { AuditedPolicy, Findings, Place, Problem } from "./report.ts";

interface InForce {
  readonly id: number;
  readonly kernel: Kernel;
  readonly digest: Uint8Array;
}

const MEMBERS: Readonly<Record<"genesis" | "policy" | "seal" | "checkpoint", readonly string[]>> = {
  genesis: ["kind", "format", "policyId", "snapshot", "policyDigest"],
  policy: ["kind", "change", "policyId", "by", "snapshot", "policyDigest"],
  seal: ["kind", "cause"],
  checkpoint: ["kind", "stateDigest"],
};

const TAGGED_STEP_BYTES = 9 + 8;

/** Checks entries in order, one at a time. */
export class ContentAudit {
  readonly actions = { execute: 0, substitute: 0, reject: 0 };
  readonly reasons: Partial<Record<Decision["reason"], number>> = {};
  readonly policies: AuditedPolicy[] = [];
  decisions = 0;
  readonly #findings: Findings;
  readonly #sha256: Sha256;
  readonly #kernelFor: (policy: Policy) => Kernel;
  readonly #byId = new Policies();
  #state: AuditState = EMPTY_STATE;
  #durable = 0;
  #inForce: InForce | undefined;
  /** After damage, numbers start again from what is found, so that one fault is one finding. */
  #resume = false;

  constructor(findings: Findings, sha256: Sha256, kernelFor: (policy: Policy) => Kernel) {
    this.#findings = findings;
    this.#sha256 = sha256;
    this.#kernelFor = kernelFor;
  }

  get state(): AuditState {
    return this.#state;
  }

  /** Entries are missing before the next one. */
  resume(): void {
    this.#resume = true;
  }

  check(line: ChainedLine, place: Place): void {
    const report = (problem: Problem, expected: string, found: string): void =>
      this.#findings.add({ sequence: line.sequence, ...place, problem, expected, found });
    const head = parseEntryHead(line.dataText);
    if (head === undefined) {
      report("data", "an entry's sequence, durable, at and kind", excerpt(line.dataText));
      return;
    }
    this.#checkHead(line, head, report);
    const body = this.#readBody(head, line.dataText, report);
    if (body !== undefined) {
      this.#checkBody(head, body, report);
      this.#state = foldEntry(this.#state, head, body);
    } else this.#state = { ...this.#state, sequence: head.sequence, at: Math.max(head.at, this.#state.at) };
    this.#durable = Math.max(this.#durable, head.durable);
  }

  #checkHead(line: ChainedLine, head: EntryHead, report: Report): void {
    if (head.sequence !== line.sequence) report("data_sequence", String(line.sequence), String(head.sequence));
    if (head.durable >= head.sequence) report("durable", `less than ${head.sequence}`, String(head.durable));
    if (head.durable < this.#durable) report("durable", `${this.#durable} or more`, String(head.durable));
    if (head.at < this.#state.at) report("at", `${this.#state.at} or later`, String(head.at));
    if ((head.kind === "genesis") !== (line.sequence === 1)) {
      report("genesis", "genesis as entry 1, and only there", `${head.kind} as entry ${line.sequence}`);
    }
  }

  #readBody(head: EntryHead, data: string, report: Report): EntryBody | undefined {
    try {
      const body = parseEntryBody(head, data, this.#byId.of);
      if (body === undefined) {
        this.#findings.incomplete(`entry ${head.sequence} is of a kind that this version does not know: ${head.kind}`);
        return undefined;
      }
      const unlike = unlikeItsKind(body);
      if (unlike === undefined) return body;
      report("body", `the members of ${head.kind}`, unlike);
    } catch (error) {
      report("body", `the members of ${head.kind}`, messageOf(error));
    }
    return undefined;
  }

  #checkBody(head: EntryHead, body: EntryBody, report: Report): void {
    if (body.kind === "decision") this.#checkDecision(body, report);
    else if (body.kind === "genesis" || body.kind === "policy") this.#checkPolicy(head, body, report);
    else if (body.kind === "checkpoint" && !this.#resume) {
      const digest = this.#stateDigest();
      if (body.stateDigest !== digest) report("state_digest", digest, body.stateDigest);
    }
  }

  #checkPolicy(head: EntryHead, entry: GenesisEntry | PolicyEntry, report: Report): void {
    const expectedId = (this.policies.at(-1)?.id ?? 0) + 1;
    if (entry.policyId !== expectedId && !this.#resume) report("policy_id", String(expectedId), String(entry.policyId));
    let policy: Policy;
    try {
      policy = snapshotFromJson(entry.snapshot).policy;
    } catch (error) {
      report("body", "a valid policy snapshot", messageOf(error));
      this.#inForce = undefined;
      return;
    }
    const digest = policyDigest(policy, this.#sha256);
    const hex = toHex(digest);
    if (hex !== entry.policyDigest) report("policy_digest", hex, String(entry.policyDigest));
    this.#byId.add(entry.policyId, policy);
    this.policies.push({ id: entry.policyId, digest: hex, by: entry.kind === "policy" ? entry.by : undefined });
    this.#inForce = { id: entry.policyId, kernel: this.#kernelFor(policy), digest };
    if (head.sequence === 1) this.#resume = false;
  }

  /** `calystt1`: what the entries before add up to. */
  #stateDigest(): string {
    const { sequence, at, decisionSequence, policyId } = this.#state;
    const policies = this.policies.map(({ digest }) => digest);
    const json = writeExact({ format: JOURNAL_FORMAT, at, decisions: decisionSequence, policy: policyId, policies });
    const state = toUtf8(json);
    const writer = new ByteWriter(TAGGED_STEP_BYTES + state.byteLength).tag("calystt1").u64(BigInt(sequence));
    return toHex(this.#sha256(writer.raw(state).finish()));
  }

  #checkDecision(entry: DecisionEntry, report: Report): void {
    const { decision, request } = entry;
    this.decisions += 1;
    this.actions[decision.action] += 1;
    this.reasons[decision.reason] = (this.reasons[decision.reason] ?? 0) + 1;
    const expectedNumber = this.#state.decisionSequence + 1n;
    if (request.sequence !== expectedNumber && !this.#resume)
      report("decision_sequence", String(expectedNumber), String(request.sequence));
    this.#resume = false;
    if (this.#inForce === undefined || entry.policyId !== this.#inForce.id) {
      report("decision_policy", `policy ${this.#inForce?.id ?? "(none in force)"}`, `policy ${entry.policyId}`);
      return;
    }
    const recomputed = this.#inForce.kernel.prescribe(request);
    for (const field of Object.keys(recomputed) as (keyof Decision)[]) {
      if (decision[field] !== recomputed[field])
        report("decision", `${field} ${recomputed[field]}`, `${field} ${decision[field]}`);
    }
    const identity = toHex(decisionDigests(this.#inForce.digest, request, recomputed, this.#sha256).identity);
    if (identity !== entry.identity) report("identity", identity, String(entry.identity));
  }
}

type Report = (problem: Problem, expected: string, found: string) => void;

/** What a body has that its kind does not, or lacks; `undefined` when it is as it should be. */
function unlikeItsKind(body: EntryBody): string | undefined {
  if (body.kind === "decision") {
    if (typeof body.useCase !== "string" || typeof body.identity !== "string") return "no use case or identity";
    if (!["execute", "substitute", "reject"].includes(body.decision.action)) return `action ${body.decision.action}`;
    return undefined;
  }
  const keys = Object.keys(body);
  const members = MEMBERS[body.kind as keyof typeof MEMBERS];
  if (members === undefined) return undefined;
  if (keys.length !== members.length || members.some((member, index) => keys[index] !== member)) return keys.join(", ");
  if (body.kind === "genesis" && body.format !== JOURNAL_FORMAT) return `format ${String(body.format)}`;
  if (body.kind === "policy" && body.change !== "promoted") return `change ${String(body.change)}`;
  if (body.kind === "policy" && (typeof body.by !== "string" || body.by === "")) return "nobody who did it";
  if (body.kind === "seal" && !["idle", "rotation", "close"].includes(body.cause)) return `cause ${String(body.cause)}`;
  if (body.kind === "checkpoint" && !/^[0-9a-f]{64}$/.test(body.stateDigest)) return "no digest of the state";
  return undefined;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

const EXCERPT_CHARACTERS_MAX = 80;

/** As much of a text as a message can hold. */
export function excerpt(text: string): string {
  return text.length <= EXCERPT_CHARACTERS_MAX ? text : `${text.slice(0, EXCERPT_CHARACTERS_MAX)}…`;
}
