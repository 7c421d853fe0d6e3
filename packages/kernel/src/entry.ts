/**
 * Entries: what the journal holds. One line is one entry:
 *
 *     {"sequence":N,"previous_hash":"…","entry_hash":"…","data":{"sequence":N,"durable":M,"at":T,"kind":"…",…}}
 *
 * `data` is hashed as the exact bytes on disk. It repeats the sequence, because the outer one is not covered by the hash,
 * and carries `durable`: the highest sequence known to be durable when the entry was written. Format: docs/formats.md.
 * @module
 */
import { CalybrisError } from "./errors.ts";
import { type ExactJson, exactInteger, parseExact, writeExact } from "./exact-json.ts";
import type { Action, Decision, Reason } from "./decision.ts";
import { ALL_PROVIDERS, NO_BUDGET_LIMIT, type Request } from "./request.ts";
import { bps, candidateId, costMicrocents, mask, microcents, milliseconds, sequence, tokens } from "./units.ts";

/** The version of this format; genesis records it. */
export const JOURNAL_FORMAT = 1;

/** Every kind that this version writes. A reader that meets another says "incomplete"; the engine refuses. */
export type EntryKind = "genesis" | "policy" | "decision" | "seal" | "checkpoint";

/** Which values the client left to the policy's use case. */
export type Defaulted = "value" | "risk" | "confidence" | "floor" | "output";

/** One decision as it stands in the journal. */
export interface DecisionEntry {
  readonly kind: "decision";
  /** The client's id for the request; absent when it gave none. */
  readonly requestId?: string;
  /** First 16 bytes, in hexadecimal, of the digest of what the client sent; with a request id only. */
  readonly contentDigest?: string;
  /** The id of the policy snapshot decided under. */
  readonly policyId: number;
  readonly useCase: string;
  readonly defaulted: readonly Defaulted[];
  readonly request: Request;
  readonly decision: Decision;
  /** The identity digest (`calyidn1`) in hexadecimal. It binds policy, request and decision. */
  readonly identity: string;
}

/** Begins a journal. */
export interface GenesisEntry {
  readonly kind: "genesis";
  readonly format: number;
  readonly policyId: 1;
  readonly snapshot: ExactJson;
  readonly policyDigest: string;
}

/** Puts another policy snapshot in force. */
export interface PolicyEntry {
  readonly kind: "policy";
  readonly change: "promoted";
  readonly policyId: number;
  /** The person who did it. */
  readonly by: string;
  readonly snapshot: ExactJson;
  readonly policyDigest: string;
}

/** Nothing was waiting: after 100 ms without traffic, before a rotation, and at a clean end. */
export interface SealEntry {
  readonly kind: "seal";
  readonly cause: "idle" | "rotation" | "close";
}

/** Begins a segment after a rotation: the digest (`calystt1`) of the state before it. */
export interface CheckpointEntry {
  readonly kind: "checkpoint";
  readonly stateDigest: string;
}

export type EntryBody = GenesisEntry | PolicyEntry | DecisionEntry | SealEntry | CheckpointEntry;

/** A body with what ordering gave it. */
export interface OrderedEntry<Body extends EntryBody = EntryBody> {
  /** Journal sequence, from 1. */
  readonly sequence: number;
  /** Microseconds since the Unix epoch; never less than the entry before. */
  readonly at: number;
  readonly body: Body;
}

/**
 * The data of an entry in two parts, around the value of `durable`, which only the writer knows:
 * `{"sequence":N,"durable":` and `,"at":T,"kind":"…",…}`.
 */
export function entryDataTail(entry: OrderedEntry): string {
  const { body, at } = entry;
  if (body.kind === "decision") return `,"at":${at},"kind":"decision"${decisionMembers(body)}}`;
  const { kind, ...members } = body;
  return `,"at":${at},"kind":"${kind}",${writeExact(members).slice(1)}`;
}

/** The whole data text. */
export function entryData(sequenceNumber: number, durable: number, tail: string): string {
  return `{"sequence":${sequenceNumber},"durable":${durable}${tail}`;
}

/** One line of the journal, with its newline. */
export function entryLine(sequenceNumber: number, previousHash: string, entryHash: string, data: string): string {
  return `{"sequence":${sequenceNumber},"previous_hash":"${previousHash}","entry_hash":"${entryHash}","data":${data}}\n`;
}

/**
 * The members of a decision, written out by hand: this is the path that every decision takes. Members at their default
 * are left out, and so is the reason of a selection, which its action implies.
 */
function decisionMembers(entry: DecisionEntry): string {
  const { request, decision } = entry;
  const id =
    entry.requestId === undefined
      ? ""
      : `,"id":${writeExact(entry.requestId)},"content":${writeExact(entry.contentDigest)}`;
  const defaulted = entry.defaulted.length === 0 ? "" : `,"defaulted":${JSON.stringify(entry.defaulted)}`;
  return (
    `${id},"policy":${entry.policyId},"useCase":${writeExact(entry.useCase)}${defaulted},"request":${requestMembers(request)}` +
    `,"decision":${answerMembers(decision)},"identity":"${entry.identity}"`
  );
}

function requestMembers(request: Request): string {
  return (
    `{"sequence":${request.sequence},"requested":${request.requestedId},"inputTokens":${request.inputTokens}` +
    `,"outputTokens":${request.outputTokens},"valueMicrocents":${request.valueMicrocents}` +
    unless(request.budgetLimitMicrocents === NO_BUDGET_LIMIT, "budgetMicrocents", request.budgetLimitMicrocents) +
    `,"riskBps":${request.riskBps},"confidenceBps":${request.confidenceBps},"qualityMinBps":${request.qualityMinBps}` +
    unless(request.latencyMaxMs === 0, "latencyMaxMs", request.latencyMaxMs) +
    unless(request.capabilitiesRequired === 0n, "capabilities", request.capabilitiesRequired) +
    unless(request.providersAllowed === ALL_PROVIDERS, "providers", request.providersAllowed) +
    `${unless(request.regionsRequired === 0n, "regions", request.regionsRequired)}}`
  );
}

function answerMembers(decision: Decision): string {
  if (decision.action === "reject")
    return `{"action":"reject","reason":"${decision.reason}","evaluated":${decision.evaluatedCount}}`;
  return (
    `{"action":"${decision.action}","selected":${decision.selectedId},"index":${decision.selectedIndex}` +
    `,"costMicrocents":${decision.costMicrocents},"utilityMicrocents":${decision.utilityMicrocents}` +
    unless(decision.eligibleCount === 1, "counterfactual", decision.counterfactualId) +
    unless(decision.eligibleCount === 1, "counterfactualUtilityMicrocents", decision.counterfactualUtilityMicrocents) +
    `,"evaluated":${decision.evaluatedCount},"eligible":${decision.eligibleCount}}`
  );
}

function unless(isDefault: boolean, key: string, value: number | bigint): string {
  return isDefault ? "" : `,"${key}":${value}`;
}

/** A line taken apart. `data` is the exact text that was hashed. */
export interface EntryLine {
  readonly sequence: number;
  readonly previousHash: string;
  readonly entryHash: string;
  readonly data: string;
}

const LINE =
  /^\{"sequence":([1-9][0-9]{0,15}),"previous_hash":"(genesis|[0-9a-f]{64})","entry_hash":"([0-9a-f]{64})","data":(.*)\}$/s;

/** Takes a line (without its newline) apart; `undefined` when it is not written as {@link entryLine} writes. */
export function parseEntryLine(line: string): EntryLine | undefined {
  const match = LINE.exec(line);
  if (match === null) return undefined;
  const [, sequenceText = "", previousHash = "", entryHash = "", data = ""] = match;
  return { sequence: Number(sequenceText), previousHash, entryHash, data };
}

/** What every entry of ours begins with. */
export interface EntryHead {
  readonly sequence: number;
  readonly durable: number;
  readonly at: number;
  readonly kind: string;
}

const HEAD =
  /^\{"sequence":([1-9][0-9]{0,15}),"durable":(0|[1-9][0-9]{0,15}),"at":(0|[1-9][0-9]{0,15}),"kind":"([a-z]+)"[,}]/;

/** The head of an entry's data, without parsing the rest; `undefined` when the data is not ours. */
export function parseEntryHead(data: string): EntryHead | undefined {
  const match = HEAD.exec(data);
  if (match === null) return undefined;
  return { sequence: Number(match[1]), durable: Number(match[2]), at: Number(match[3]), kind: match[4] as string };
}

/**
 * Reads an entry's data back.
 *
 * @returns the body, or `undefined` when the kind is not one of this version's.
 * @throws {@link CalybrisError} `CAL_JOURNAL_ENTRY_MALFORMED` when a known kind does not have its members, or holds
 *   others: what is read is exactly what would be written.
 */
export function parseEntryBody(
  head: EntryHead,
  data: string,
  epochs: (policyId: number) => Pick<Decision, "policyEpoch" | "catalogEpoch">,
): EntryBody | undefined {
  const json = parseMembers(head, data);
  const { sequence: _sequence, durable: _durable, at: _at, kind: _kind, ...members } = json;
  const body = head.kind === "decision" ? decisionFromJson(head, members, epochs) : plainBody(head, members);
  if (body === undefined) return undefined;
  const rewritten = entryData(
    head.sequence,
    head.durable,
    entryDataTail({ sequence: head.sequence, at: head.at, body }),
  );
  if (rewritten !== data) throw malformed(head, "it is not in the form that this version writes");
  return body;
}

function parseMembers(head: EntryHead, data: string): { readonly [key: string]: ExactJson } {
  try {
    return parseExact(data) as { readonly [key: string]: ExactJson };
  } catch (cause) {
    throw new CalybrisError(
      "CAL_JOURNAL_ENTRY_MALFORMED",
      { sequence: head.sequence, problem: "it is not JSON" },
      { cause },
    );
  }
}

const PLAIN_KINDS: readonly string[] = ["genesis", "policy", "seal", "checkpoint"] satisfies EntryKind[];

function plainBody(head: EntryHead, members: { readonly [key: string]: ExactJson }): EntryBody | undefined {
  return PLAIN_KINDS.includes(head.kind) ? ({ kind: head.kind, ...members } as unknown as EntryBody) : undefined;
}

type Members = { readonly [key: string]: ExactJson };

/** What the action of a selection implies. */
const SELECTION_REASONS: Readonly<Record<string, Reason>> = Object.freeze({
  execute: "requested_maximizes_utility",
  substitute: "alternative_maximizes_utility",
});

function decisionFromJson(
  head: EntryHead,
  members: Members,
  epochs: (policyId: number) => Pick<Decision, "policyEpoch" | "catalogEpoch">,
): DecisionEntry {
  const asked = members["request"] as Members;
  const answered = members["decision"] as Members;
  const integer = (value: ExactJson | undefined, otherwise: bigint): bigint => {
    const exact = value === undefined ? otherwise : exactInteger(value);
    if (exact === undefined) throw malformed(head, "a number in it is not an exact integer");
    return exact;
  };
  try {
    const request: Request = {
      sequence: sequence(integer(asked["sequence"], 0n)),
      requestedId: candidateId(Number(asked["requested"])),
      inputTokens: tokens(Number(asked["inputTokens"])),
      outputTokens: tokens(Number(asked["outputTokens"])),
      valueMicrocents: microcents(integer(asked["valueMicrocents"], 0n)),
      budgetLimitMicrocents: costMicrocents(integer(asked["budgetMicrocents"], NO_BUDGET_LIMIT)),
      riskBps: bps(Number(asked["riskBps"])),
      confidenceBps: bps(Number(asked["confidenceBps"])),
      qualityMinBps: bps(Number(asked["qualityMinBps"])),
      latencyMaxMs: milliseconds(Number(asked["latencyMaxMs"] ?? 0)),
      capabilitiesRequired: mask(integer(asked["capabilities"], 0n)),
      providersAllowed: mask(integer(asked["providers"], ALL_PROVIDERS)),
      regionsRequired: mask(integer(asked["regions"], 0n)),
    };
    const decision: Decision = {
      sequence: request.sequence,
      action: answered["action"] as Action,
      reason: (answered["reason"] ?? SELECTION_REASONS[answered["action"] as string]) as Reason,
      selectedId: candidateId(Number(answered["selected"] ?? 0)),
      selectedIndex: Number(answered["index"] ?? 65_535),
      costMicrocents: costMicrocents(integer(answered["costMicrocents"], 0n)),
      utilityMicrocents: microcents(integer(answered["utilityMicrocents"], 0n)),
      counterfactualId: candidateId(Number(answered["counterfactual"] ?? 0)),
      counterfactualUtilityMicrocents: microcents(integer(answered["counterfactualUtilityMicrocents"], 0n)),
      evaluatedCount: Number(answered["evaluated"]),
      eligibleCount: Number(answered["eligible"] ?? 0),
      ...epochs(Number(members["policy"])),
    };
    return {
      kind: "decision",
      ...(members["id"] === undefined
        ? {}
        : { requestId: members["id"] as string, contentDigest: members["content"] as string }),
      policyId: Number(members["policy"]),
      useCase: members["useCase"] as string,
      defaulted: (members["defaulted"] ?? []) as unknown as readonly Defaulted[],
      request,
      decision,
      identity: members["identity"] as string,
    };
  } catch (cause) {
    if (cause instanceof CalybrisError) throw cause;
    throw new CalybrisError(
      "CAL_JOURNAL_ENTRY_MALFORMED",
      { sequence: head.sequence, problem: "a field in it is missing or out of range" },
      { cause },
    );
  }
}

function malformed(head: EntryHead, problem: string): CalybrisError {
  return new CalybrisError("CAL_JOURNAL_ENTRY_MALFORMED", { sequence: head.sequence, problem });
}
