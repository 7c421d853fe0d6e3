/**
 * Adds to the plan of a call's decision which candidate runs, and the amount that is reserved for it.
 *
 *     enforce   the selected candidate. While its bound, or that of another considered selection, does not fit the headroom,
 *               the kernel decides again with a budget below that selection's expected cost. If no candidate that the
 *               decision admits can take the call, it is observed
 *     observe   the requested candidate, whatever was selected, within governance and the headroom; else nothing
 *
 * It is pure, like the plan. Every selection that was considered must fit, not only the drawn one, so the headroom does not
 * influence the probability of any selection.
 * @module
 */
import {
  breachOfDecision,
  type CandidateId,
  cost,
  costMicrocents,
  type Decision,
  type DecisionEntry,
  invariant,
  type PolicySnapshot,
  type Reason,
  type Request,
  toHex,
} from "@calybris/kernel";
import { AT, DIGEST_BYTES } from "../journal/decision-record.ts";
import { recommendationIn } from "../journal/read-record.ts";
import type { RecordEntry } from "../journal/record-entry.ts";
import { proveDecision } from "../journal/record-proof.ts";
import { type Bound, type CallTerms, type Reservation, reservationWithin } from "./call-bounds.ts";
import { fallbacksOf } from "./call-ranking.ts";
import type { RejectedCall } from "./client-call.ts";
import type { DecidePlan, TenantHeadroom } from "./decide.ts";

/** A selected candidate that cannot take the call reserves its expected cost, until a fallback is called instead. */
const EXPECTED_ALONE: Bound = { input: [{ basis: "window", microcents: 0n }], outputPriceMicrocents: 0n };

const HARD_LIMITS: readonly Reason[] = ["risk_hard_limit", "confidence_hard_limit"];

export class CallPlan {
  /** The candidate that runs; 0 if none does. */
  candidateId = 0;
  /** The amount reserved for it, with its output limit; `undefined` if nothing runs. */
  reservation: Reservation | undefined;
  /** The reason that nothing runs. */
  rejected: RejectedCall | undefined;
  /** `undefined` until the decision is made. */
  entry: DecisionEntry | undefined;
  /** Whether the tenant has a limit, so that money is reserved. */
  isMetered = false;
  readonly #terms: CallTerms;
  readonly #request: Request;
  #acted: CandidateId | undefined;
  #snapshot: PolicySnapshot | undefined;

  /** @param request - the resolved request. */
  constructor(terms: CallTerms, request: Request) {
    this.#terms = terms;
    this.#request = request;
  }

  get isRejected(): boolean {
    return this.candidateId === 0;
  }

  /** The reserved amount. */
  get costMicrocents(): bigint {
    return this.reservation?.reservedMicrocents ?? 0n;
  }

  /** Completes the plan of a decision that was made regardless of the headroom. */
  complete(plan: DecidePlan, headroom: TenantHeadroom | undefined, snapshot: PolicySnapshot): void {
    this.#snapshot = snapshot;
    this.#acted = undefined;
    this.rejected = undefined;
    this.isMetered = headroom?.headroomMicrocents !== undefined;
    if (this.#terms.isObserved) this.#observe(plan, headroom);
    else this.#enforce(plan, headroom);
  }

  /** Proves the decision and returns its entry, which is written as text. */
  entryOf(record: RecordEntry): DecisionEntry {
    const { pages, at } = record;
    const digests = Buffer.alloc(3 * DIGEST_BYTES);
    proveDecision(pages, at, digests, 0);
    pages.u8.set(digests, at + AT.requestDigest);
    const identity = toHex(digests.subarray(2 * DIGEST_BYTES));
    const { entry } = record;
    const { decision, learning } = entry;
    const reserved = this.isMetered ? this.reservation?.reservedMicrocents : undefined;
    const isStated = reserved !== undefined && (this.#acted !== undefined || reserved !== decision.costMicrocents);
    const isShort = entry.headroomMicrocents !== undefined;
    const basis =
      this.isMetered || isShort ? (this.reservation?.basis ?? (isShort ? this.#lastBasis() : undefined)) : undefined;
    const body: { [Key in keyof DecisionEntry]: DecisionEntry[Key] | undefined } = {
      kind: "decision",
      requestId: entry.requestId,
      policyId: entry.policyId,
      actor: entry.actor,
      onBehalfOf: entry.onBehalfOf,
      useCase: entry.useCase,
      defaulted: entry.defaulted,
      tenant: entry.tenant,
      reservationSeconds: entry.reservationSeconds,
      headroomMicrocents: entry.headroomMicrocents,
      asked: entry.asked,
      tags: entry.tags,
      session: entry.session,
      promptDigest: entry.promptDigest,
      request: entry.request,
      bounds: entry.bounds,
      learning: learning === undefined ? undefined : recommendationIn(pages, at, learning.features),
      decision: {
        action: decision.action,
        reason: decision.reason,
        selectedId: decision.selectedId,
        selectedIndex: decision.selectedIndex,
        costMicrocents: decision.costMicrocents,
      },
      acted: this.#acted,
      reservedMicrocents: isStated ? costMicrocents(reserved) : undefined,
      basis,
      shadow: undefined,
      identity,
    };
    this.entry = body as DecisionEntry;
    return this.entry;
  }

  #enforce(plan: DecidePlan, headroom: TenantHeadroom | undefined): void {
    const headroomMicrocents = headroom?.headroomMicrocents;
    while (!plan.isRejected) {
      const tooExpensive = plan.considered().filter((each) => this.#within(each, headroomMicrocents) === undefined);
      if (tooExpensive.length === 0) break;
      const most = tooExpensive.reduce((so, each) => (each.costMicrocents > so ? each.costMicrocents : so), 0n);
      if (most === 0n) {
        // No budget excludes a candidate with an expected cost of 0.
        plan.noteShortfall(headroomMicrocents ?? 0n);
        this.#nothing("budget", headroomMicrocents);
        return;
      }
      plan.decideWithin(headroom?.account?.limit.onShortfall === "reject" ? 0n : most - 1n, headroomMicrocents ?? 0n);
    }
    if (this.#isWithoutLane(plan)) {
      this.#observe(plan, headroom);
      return;
    }
    this.candidateId = plan.selectedId;
    const selected = { candidateId: plan.selectedId, costMicrocents: plan.costMicrocents };
    this.reservation = plan.isRejected ? undefined : this.#within(selected, headroomMicrocents);
    if (plan.isRejected) this.rejected = { reason: plan.reason, headroomMicrocents: plan.exceededHeadroomMicrocents };
  }

  /** Whether no candidate that the decision admits can take the call, although the requested one can. */
  #isWithoutLane(plan: DecidePlan): boolean {
    const { bounds } = this.#terms;
    const { requestedId } = this.#request;
    if (plan.isRejected || bounds.has(plan.selectedId) || !bounds.has(requestedId)) return false;
    const request = plan.decidedRequest;
    invariant(this.#snapshot !== undefined, "a plan is completed under a policy");
    return !fallbacksOf({ request }, this.#snapshot, plan.selectedId).some((id) => bounds.has(id));
  }

  #observe(plan: DecidePlan, headroom: TenantHeadroom | undefined): void {
    const { requestedId } = this.#request;
    if (plan.isRejected && HARD_LIMITS.includes(plan.reason)) {
      this.candidateId = 0;
      this.reservation = undefined;
      this.rejected = { reason: plan.reason, headroomMicrocents: undefined };
      return;
    }
    const candidate = this.#snapshot?.policy.candidates.find(({ id }) => id === requestedId);
    invariant(candidate !== undefined, "what is requested of an observed call is a candidate");
    const expected = cost(this.#request, candidate);
    if (breachOfDecision(this.#request, { action: "execute", costMicrocents: expected } as Decision) !== undefined) {
      this.#nothing("governance", undefined);
      return;
    }
    const headroomMicrocents = headroom?.headroomMicrocents;
    const reservation = this.#within({ candidateId: requestedId, costMicrocents: expected }, headroomMicrocents);
    if (reservation === undefined) {
      plan.noteShortfall(headroomMicrocents ?? 0n);
      this.#nothing("budget", headroomMicrocents);
      return;
    }
    this.candidateId = requestedId;
    this.#acted = requestedId;
    this.reservation = reservation;
  }

  /** Rejects the call: the decision is not carried out. */
  #nothing(reason: RejectedCall["reason"], headroomMicrocents: bigint | undefined): void {
    this.candidateId = 0;
    this.#acted = 0 as CandidateId;
    this.reservation = undefined;
    this.rejected = { reason, headroomMicrocents };
  }

  #within(
    { candidateId, costMicrocents: expected }: { readonly candidateId: number; readonly costMicrocents: bigint },
    headroomMicrocents: bigint | undefined,
  ): Reservation | undefined {
    const bound = this.#terms.bounds.get(candidateId) ?? EXPECTED_ALONE;
    return reservationWithin(bound, this.#terms.limits, expected, headroomMicrocents);
  }

  /** For a call without enough headroom: the basis that was tried last. */
  #lastBasis(): DecisionEntry["basis"] {
    return [...this.#terms.bounds.values()][0]?.input.at(-1)?.basis;
  }
}
