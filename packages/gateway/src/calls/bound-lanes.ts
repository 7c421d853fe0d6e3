/**
 * The candidates that may run a call, each with its cost bound, which is what is reserved.
 * @module
 */
import type { CandidateBound } from "@calybris/engine";
import type { PolicySnapshot } from "@calybris/kernel";
import { GatewayError } from "../gateway-errors.ts";
import { untranslatable } from "../translate/field-check.ts";
import type { UsageEstimator } from "../reserve/usage-estimator.ts";
import { boundOfLane } from "./bounds.ts";
import type { CallContext } from "./call-context.ts";
import type { ClientBody } from "./client-call.ts";
import type { Fleet, Target } from "./fleet.ts";
import type { CallGates } from "./call-gates.ts";
import { candidatesOf, type Lane, laneOf } from "./lanes.ts";
import type { NamedModel } from "./model-names.ts";

/** A lane with its cost bound. */
export interface BoundLane {
  readonly lane: Lane;
  readonly bound: CandidateBound;
}

/** The candidates that may run, with their bounds. The requested candidate must be among them. */
export function lanesFor(
  { fleet, estimator }: CallContext,
  client: ClientBody,
  { candidate, mode }: NamedModel,
  gates: CallGates,
  timeMs: number,
): readonly BoundLane[] {
  const all = candidatesOf(gates.snapshot);
  const asked = candidate === undefined ? undefined : all.find(({ name }) => name === candidate);
  if (candidate !== undefined && (asked === undefined || fleet.targetsOf(candidate).length === 0))
    throw new GatewayError("CAL_GATEWAY_MODEL_UNKNOWN", { model: client.model });
  const lanes: BoundLane[] = [];
  if (asked !== undefined) lanes.push(requiredLane(asked, client, fleet, timeMs, estimator));
  if (mode === "observe") return lanes;
  if (client.dialect === "openai-embeddings") return requireAsked(lanes);
  for (const one of all) {
    if (one === asked || !gates.admits(one.id, asked !== undefined)) continue;
    const lane = possibleLane(one, client, fleet);
    const bound = lane && boundOfLane(lane, client, timeMs, estimator);
    if (lane !== undefined && bound !== undefined) lanes.push({ lane, bound });
  }
  if (lanes.length === 0) throw new GatewayError("CAL_GATEWAY_MODEL_UNKNOWN", { model: client.model });
  return lanes;
}

/** Vectors of different models cannot be compared, so embeddings always come from the requested model. */
function requireAsked(lanes: readonly BoundLane[]): readonly BoundLane[] {
  if (lanes.length === 0)
    throw untranslatable("model", "names none, and vectors of different models cannot be compared");
  return lanes;
}

function requiredLane(
  candidate: { readonly id: number; readonly name: string },
  client: ClientBody,
  fleet: Fleet,
  timeMs: number,
  estimator: UsageEstimator,
): BoundLane {
  const lane = laneOf(candidate, client, fleet);
  if (lane === undefined) throw new GatewayError("CAL_GATEWAY_MODEL_UNKNOWN", { model: client.model });
  const bound = boundOfLane(lane, client, timeMs, estimator);
  if (bound === undefined) {
    const { priceProvider, model } = lane.targets[0] as Target;
    throw new GatewayError("CAL_GATEWAY_MODEL_UNPRICED", { provider: priceProvider, model });
  }
  return { lane, bound };
}

/** The lane of a candidate; `undefined` if the call cannot be expressed in its dialect. */
function possibleLane(
  candidate: { readonly id: number; readonly name: string },
  client: ClientBody,
  fleet: Fleet,
): Lane | undefined {
  try {
    return laneOf(candidate, client, fleet);
  } catch (error) {
    if (error instanceof GatewayError && error.code === "CAL_GATEWAY_UNTRANSLATABLE") return undefined;
    throw error;
  }
}

/** The policy's providers that have a candidate able to take the call. */
export function providersOf({ policy, providers }: PolicySnapshot, lanes: readonly BoundLane[]): readonly string[] {
  const named: string[] = [];
  for (const { id, providerId } of policy.candidates) {
    const name = providers[providerId] ?? "";
    if (!named.includes(name) && lanes.some(({ lane }) => lane.candidateId === id)) named.push(name);
  }
  return named;
}
