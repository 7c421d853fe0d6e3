/**
 * The initial content of a decide plan's records.
 * @module
 */
import { type CostMicrocents, costMicrocents } from "@calybris/kernel";
import type { HeadMembers } from "../journal/record-head.ts";
import type { LearnedFrom } from "./recommend.ts";

export const NO_FEATURES: readonly number[] = [];
export const NO_COST: CostMicrocents = costMicrocents(0n);
export const NO_HEAD: HeadMembers = {
  requestId: undefined,
  policyId: undefined,
  actor: undefined,
  onBehalfOf: undefined,
  useCase: "",
  tenant: undefined,
  reservationSeconds: undefined,
  headroomMicrocents: undefined,
  asked: undefined,
  tags: undefined,
  session: undefined,
  promptDigest: undefined,
};
export const NOTHING_ASKED: LearnedFrom = {
  useCase: "",
  warmStartBps: 0,
  floorMostBps: 0,
  features: NO_FEATURES,
  textScore: undefined,
};
