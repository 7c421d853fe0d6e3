/**
 * Reconciles held calls from a usage export, one row for each request that a provider billed:
 *
 *     {"request_id":"42-1c176df6/2","cost_microcents":1310}
 *
 * `request_id` is a decision id, followed by a slash and the number of the attempt if the call may have several. A row
 * states its cost in microcents, or `usage` with `input_tokens` and `output_tokens`, priced by the catalog. A call is
 * reconciled once each of its attempts has a row or a known cost. A row without an id is a bucket of a bill:
 *
 *     {"from":1764201600,"to":1764288000,"candidate":"small","cost_microcents":51200000}
 *
 * with times in seconds since the Unix epoch, and optionally the name of one candidate (`usage-buckets.ts`). Requests are
 * reconciled before buckets.
 *
 * An attempt that never reached its provider has no row. It stays held, unless the export is declared complete up to a time
 * after the attempt was begun: then its cost is 0.
 * @module
 */
import {
  CalybrisError,
  type ExactJson,
  exactInteger,
  type PolicySnapshot,
  parseDecisionId,
  parseExact,
  runningId,
} from "@calybris/kernel";
import type { EngineReading, FoundDecision } from "../reading.ts";
import type { EngineCalls } from "./calls.ts";
import type { OpenCall } from "./client-call.ts";
import { begunBefore } from "./export-coverage.ts";
import type { Caller } from "./keys.ts";
import type { EngineLedger } from "./ledger.ts";
import { type Bucket, type SpreadBucket, spreadBuckets } from "./usage-buckets.ts";

/** The parts of the engine that reconciling uses. */
export interface ReconcilingEngine {
  readonly calls: EngineCalls;
  readonly ledger: EngineLedger;
  readonly reading: EngineReading;
}

/** The result of an export. Amounts are microcents. */
export interface ReconciledExport {
  /** Calls that were held, with their total cost. */
  readonly reconciled: readonly { readonly decisionId: string; readonly costMicrocents: bigint }[];
  /** Calls that stay held, because an attempt has neither a row nor a known cost. */
  readonly stillHeld: readonly string[];
  /** Rows of calls that are not held: their cost was known. */
  readonly otherRowCount: number;
  /** Rows that name no decision of this journal, and their total cost. */
  readonly unexplainedRowCount: number;
  readonly unexplainedMicrocents: bigint;
  /**
   * Each bucket, in the order of the file: the number of held calls it was spread over, and the part that no call explains.
   */
  readonly buckets: readonly { readonly callCount: number; readonly unexplainedMicrocents: bigint }[];
}

/** The identity of an export, and its declared properties. */
export interface NamedExport {
  readonly exportDigest: string;
  readonly file: string;
  readonly completeUntilUs?: number | undefined;
}

const PRICED_TOKENS = 1_000_000n;
const MICROSECONDS = 1_000_000;
/** The year 2255: up to there, microseconds are exact in a double. */
const SECONDS_MAX = 9_007_199_254;
const NOTHING_SPREAD: SpreadBucket = { totals: new Map(), unexplainedMicrocents: 0n };
const REQUEST_ID = /^([1-9][0-9]*-[0-9a-f]{8})(?:\/([1-9][0-9]{0,5}))?$/;

type Members = { readonly [key: string]: ExactJson };

interface Row {
  readonly decisionId: string | undefined;
  /** `undefined` for the call as a whole. */
  readonly attempt: number | undefined;
  readonly isEnded: boolean;
  readonly costMicrocents: bigint;
}

/**
 * Reconciles the held calls whose cost an export states in full. The same export again changes nothing.
 *
 * @param text - JSON Lines; rows with `"is_ended":false` are skipped, because they still grow.
 * @param exportDigest - SHA-256 of the file, hexadecimal; each reconciliation names it.
 * @param file - named in errors.
 * @param completeUntilUs - microseconds since the Unix epoch, up to which the export contains every billed request: an
 *   attempt of a held call without a row cost nothing, if all attempts of the call were begun before. Omitted: the call
 *   stays held.
 * @throws CalybrisError `CAL_INPUT_MALFORMED` naming the line; nothing was changed.
 */
export async function reconcileExport(
  { calls, ledger, reading }: ReconcilingEngine,
  text: string,
  { exportDigest, file, completeUntilUs }: NamedExport,
  caller: Caller = {},
): Promise<ReconciledExport> {
  const { rows: all, buckets } = await rowsOf(text, file, reading);
  const rows = all.filter(({ isEnded }) => isEnded);
  const growing = new Set(all.filter(({ isEnded }) => !isEnded).map(({ decisionId }) => decisionId));
  const held = new Map(
    [...calls.open()].filter(({ state }) => state === "held").map((call) => [call.decisionId, call]),
  );
  const byCall = new Map<string, Row[]>();
  const others: Row[] = [];
  for (const row of rows)
    if (row.decisionId !== undefined && held.has(row.decisionId))
      byCall.set(row.decisionId, [...(byCall.get(row.decisionId) ?? []), row]);
    else others.push(row);
  const reconciled: { readonly decisionId: string; readonly costMicrocents: bigint }[] = [];
  const stillHeld: string[] = [];
  const heldOf = new Set([...held.keys()].map(sequenceOf));
  const covered = completeUntilUs === undefined ? new Set() : await begunBefore(reading, heldOf, completeUntilUs);
  for (const [decisionId, call] of held) {
    const isSilentFree = covered.has(sequenceOf(decisionId)) && !growing.has(decisionId);
    const costMicrocents = costOf(call, byCall.get(decisionId) ?? [], isSilentFree);
    if (costMicrocents === undefined) stillHeld.push(decisionId);
    else {
      await ledger.reconcile({ decisionId, actualMicrocents: costMicrocents, exportDigest }, caller);
      reconciled.push({ decisionId, costMicrocents });
    }
  }
  const spread: { readonly callCount: number; readonly unexplainedMicrocents: bigint }[] = [];
  for (const bucket of buckets) {
    // One after another: the settlements of one bucket count in the next that overlaps it.
    const [{ totals, unexplainedMicrocents } = NOTHING_SPREAD] = await spreadBuckets([bucket], { calls, reading });
    for (const [decisionId, costMicrocents] of totals) {
      await ledger.reconcile({ decisionId, actualMicrocents: costMicrocents, exportDigest }, caller);
      reconciled.push({ decisionId, costMicrocents });
    }
    spread.push({ callCount: totals.size, unexplainedMicrocents });
  }
  const spreadIds = new Set(reconciled.map(({ decisionId }) => decisionId));
  const unexplained = others.filter(({ decisionId }) => decisionId === undefined);
  return {
    reconciled,
    stillHeld: stillHeld.filter((decisionId) => !spreadIds.has(decisionId)),
    otherRowCount: others.length - unexplained.length,
    unexplainedRowCount: unexplained.length,
    unexplainedMicrocents: unexplained.reduce((sum, { costMicrocents }) => sum + costMicrocents, 0n),
    buckets: spread,
  };
}

function sequenceOf(decisionId: string): number {
  return parseDecisionId(decisionId)?.of ?? 0;
}

/** The cost of a held call; `undefined` while it is unknown. */
function costOf(call: OpenCall, rows: readonly Row[], isSilentFree: boolean): bigint | undefined {
  const { attemptCosts, costMicrocents: knownMicrocents } = call;
  const stated = totalOf(rows, attemptCosts, undefined);
  if (stated !== undefined || !isSilentFree) return stated;
  const total = totalOf(rows, attemptCosts, 0n);
  // A known cost above the total means that the provider billed the call, so the export lacks rows.
  return total === undefined || total < knownMicrocents ? undefined : total;
}

/** @param silent - the cost of an attempt without a row, if known. */
function totalOf(
  rows: readonly Row[],
  attemptCosts: readonly (bigint | undefined)[],
  silent: bigint | undefined,
): bigint | undefined {
  const sum = (some: readonly Row[]): bigint => some.reduce((total, { costMicrocents }) => total + costMicrocents, 0n);
  if (rows.some(({ attempt }) => attempt === undefined)) return sum(rows);
  let total = 0n;
  for (const [index, known] of attemptCosts.entries()) {
    const own = rows.filter(({ attempt }) => attempt === index + 1);
    const cost = own.length === 0 ? (known ?? silent) : sum(own);
    if (cost === undefined) return undefined;
    total += cost;
  }
  return total;
}

async function rowsOf(
  text: string,
  file: string,
  reading: EngineReading,
): Promise<{ readonly rows: readonly Row[]; readonly buckets: readonly Bucket[] }> {
  const rows: Row[] = [];
  const buckets: Bucket[] = [];
  for (const [index, line] of text.split("\n").entries()) {
    if (line.trim() === "") continue;
    try {
      const members = membersIn(parseExact(line));
      if (members["request_id"] === undefined) buckets.push(bucketOf(members, reading));
      else rows.push(await rowOf(members, reading));
    } catch (cause) {
      const problem = cause instanceof Error ? cause.message : String(cause);
      throw new CalybrisError("CAL_INPUT_MALFORMED", { file, line: index + 1, problem }, { cause });
    }
  }
  return { rows, buckets };
}

function membersIn(json: ExactJson): Members {
  if (typeof json !== "object" || json === null || Array.isArray(json)) throw new RangeError("a row is not an object");
  return json as Members;
}

function bucketOf(members: Members, reading: EngineReading): Bucket {
  const { from, to, candidate: name } = members;
  const [fromSeconds, toSeconds] = [Number(amountIn(from, "from")), Number(amountIn(to, "to"))];
  if (toSeconds <= fromSeconds || toSeconds > SECONDS_MAX) throw new RangeError("to is not after from");
  let candidateId: number | undefined;
  if (name !== undefined) {
    const snapshot = reading.policies().at(-1)?.snapshot;
    const index = snapshot?.candidateNames.indexOf(String(name)) ?? -1;
    candidateId = snapshot?.policy.candidates[index]?.id;
    if (candidateId === undefined) throw new RangeError(`the policy has no candidate ${JSON.stringify(name)}`);
  }
  const billedMicrocents = amountIn(members["cost_microcents"], "cost_microcents");
  return { fromUs: fromSeconds * MICROSECONDS, toUs: toSeconds * MICROSECONDS, candidateId, billedMicrocents };
}

async function rowOf(members: Members, reading: EngineReading): Promise<Row> {
  const { request_id: requestId, cost_microcents: stated, usage } = members;
  if (typeof requestId !== "string") throw new RangeError("request_id is not a string");
  const [, decisionId, attempt] = REQUEST_ID.exec(requestId) ?? [];
  const found = decisionId === undefined ? undefined : await reading.found(decisionId);
  const exact = stated === undefined ? undefined : amountIn(stated, "cost_microcents");
  const isEnded = members["is_ended"] !== false;
  const tokens = exact === undefined && isEnded ? tokensIn(usage) : undefined;
  return {
    decisionId: found === undefined ? undefined : decisionId,
    attempt: attempt === undefined ? undefined : Number(attempt),
    isEnded,
    costMicrocents: exact ?? (found === undefined || tokens === undefined ? 0n : pricedCost(found, tokens)),
  };
}

interface Tokens {
  readonly input: bigint;
  readonly output: bigint;
}

function tokensIn(usage: ExactJson | undefined): Tokens {
  if (typeof usage !== "object" || usage === null || Array.isArray(usage))
    throw new RangeError("neither cost_microcents nor usage is there");
  const { input_tokens: input, output_tokens: output } = usage as Members;
  return { input: amountIn(input, "usage.input_tokens"), output: amountIn(output, "usage.output_tokens") };
}

function amountIn(json: ExactJson | undefined, name: string): bigint {
  const amount = exactInteger(json);
  if (amount === undefined || amount < 0n) throw new RangeError(`${name} is not a whole number from 0`);
  return amount;
}

/** The cost at the catalog's prices of the candidate that ran, each part rounded up. */
function pricedCost(found: FoundDecision, { input, output }: Tokens): bigint {
  const { policy }: PolicySnapshot = found.policy.snapshot;
  const candidate = policy.candidates.find(({ id }) => id === runningId(found.entry));
  const part = (tokens: bigint, price: bigint): bigint => (tokens * price + PRICED_TOKENS - 1n) / PRICED_TOKENS;
  if (candidate === undefined) return 0n;
  return part(input, candidate.inputPriceMicrocents) + part(output, candidate.outputPriceMicrocents);
}
