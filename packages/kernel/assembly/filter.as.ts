/**
 * The interval filter: with many survivors, bounds every utility in eight 16-bit lanes at once and names the contenders.
 * It never decides: contenders are calculated exactly, and a candidate that is not one is certainly below the best two.
 *
 * Everything is measured in units of 2^h microcents, h ≥ 1 chosen so that the request's weights have at most 14 bits.
 * Qualities, prices and latencies, these shifted until they fit, are i16 of at most 15 bits; so each dot product of two is
 * at most 2^30, and `>> 15` drops the fraction that weights carry. How far an estimate is from the exact utility:
 *
 *     too low    the quality weight is cut (< 1 unit · quality / 2^15) ...................... < 1
 *                the final shift .......................................................... < 1
 *     too high   each charge: its weight is cut (< 1), its price (< 0.5), 2^40 / 10^6 (< 0.01) ... < 3.02
 *                the latency is cut (≤ 0.5, as h > its shift), or left out when below 1 ....... < 1
 *                risk is cut ............................................................... < 1
 *                the definition rounds quality down, each charge up: 3 microcents ........... ≤ 1.5
 *
 * So {@link MARGIN} ≥ 7 makes it a lower bound; an eligible one reaches −1 before that is taken off (a budget likewise: a
 * cost's estimate is too low by less than 6, never too high); and two estimates are in order when they differ by
 * {@link SPREAD} ≥ 2 + 7. Saturation moves no sign: a worth is below 2^14 units, so that a risk beyond i16 outweighs it.
 */
import { candidateAt } from "./tables.as";
import { inputPriceMost, latencyFits, latencyMost, outputPriceMost, qualityMost } from "./bounds.as";
import {
  COUNT, FILTER_BOUNDS, FILTER_GROUPS, FILTER_GROUP_BYTES, FILTER_INPUT_SHIFT, FILTER_LANES, FILTER_LATENCY_SHIFT,
  FILTER_OUTPUT_SHIFT, FILTER_USABLE, INPUT_PRICE, LATENCY_P95_MS, LATENCY_PENALTY, OUTPUT_PRICE, QUALITY_BPS,
} from "./layout.as";

const MARGIN: i64 = 10;
const SPREAD: i32 = 12;
/** 2^40 / 10^6, rounded down: charges come out too low, never too high. */
const RATE_PER_PRICE: u64 = 1_099_511;

export function buildFilter(): void {
  const penalty = load<u64>(LATENCY_PENALTY), delayMost = latencyFits ? <u64>latencyMost * penalty : 0;
  const inputShift = shiftToFit(inputPriceMost), outputShift = shiftToFit(outputPriceMost), latencyShift = shiftToFit(delayMost);
  store<u32>(FILTER_USABLE, u32(latencyFits && inputShift <= 25 && outputShift <= 25 && latencyShift <= 30 && qualityMost <= 32_767));
  store<u32>(FILTER_INPUT_SHIFT, 25 - inputShift);
  store<u32>(FILTER_OUTPUT_SHIFT, 25 - outputShift);
  store<u32>(FILTER_LATENCY_SHIFT, latencyShift);
  for (let rank: u32 = 0, count = load<u32>(COUNT); rank < count; rank++) {
    const candidate = candidateAt(rank), lane = FILTER_GROUPS + (rank >> 3) * FILTER_GROUP_BYTES + (rank & 7) * 4;
    const delay = latencyFits ? load<u32>(candidate, LATENCY_P95_MS) * penalty : 0;
    store<u16>(lane, load<u16>(candidate, QUALITY_BPS));
    store<u16>(lane, <u16>(delay >> latencyShift), 2);
    store<u16>(lane, <u16>(load<u64>(candidate, INPUT_PRICE) >> inputShift), 32);
    store<u16>(lane, <u16>(load<u64>(candidate, OUTPUT_PRICE) >> outputShift), 34);
  }
  for (let byte: u32 = 0; byte < 256; byte++) {
    for (let lane: u32 = 0; lane < 8; lane++) {
      store<i16>(FILTER_LANES + byte * 16 + lane * 2, ((byte >> lane) & 1) != 0 ? 0 : -1);
    }
  }
}

function shiftToFit(most: u64): u32 {
  let shift: u32 = 0;
  while (most >> shift > 32_767) shift++;
  return shift;
}

/** Everyone who may be eligible, as left by the last {@link contenders}. */
export let possible: u64 = 0;

/** The candidates to calculate exactly. One that is possible and not named is certainly eligible and certainly not among the best two. */
export function contenders(
  survivors: u64, wholeShare: u64, restShare: u64, riskAndOne: i64, budget: i64, inputTokens: u64, outputTokens: u64,
): u64 {
  const worth = (wholeShare << 15) + (restShare >> 29);
  const input = (inputTokens * RATE_PER_PRICE) >> load<u32>(FILTER_INPUT_SHIFT);
  const output = (outputTokens * RATE_PER_PRICE) >> load<u32>(FILTER_OUTPUT_SHIFT);
  const latencyShift = <i32>load<u32>(FILTER_LATENCY_SHIFT);
  const h = max<i32>(latencyShift + 1, 50 - <i32>clz(worth | input | output));
  const delayBits = latencyShift + 15 - h;
  const delay = select<i32>(0, 1 << delayBits, delayBits < 0); // below one unit altogether, or an exact power of two
  const benefit = i32x4.splat(<i32>(worth >> h) | (-delay << 16));
  const charge = i32x4.splat(<i32>(input >> h) | (<i32>(output >> h) << 16));
  const burden = i16x8.splat(<i16>(min<i64>((riskAndOne - 1) >> h, 32_767 - MARGIN) + MARGIN));
  const account = i16x8.splat(<i16>(min<i64>(budget >> h, 32_767) - MARGIN));
  const reach = i16x8.splat(<i16>(MARGIN + 1));

  let first = i16x8.splat(0), second = i16x8.splat(0); // the best two lower bounds, lane by lane
  let surely: u64 = 0, possibly: u64 = 0;
  const end = load<u32>(COUNT);
  for (let rank: u32 = 0; rank < end; rank += 16) {
    const group = FILTER_GROUPS + (rank >> 3) * FILTER_GROUP_BYTES, lanes = <u32>(survivors >> rank);
    const a = boundGroup(group, benefit, charge, burden, account, lanes & 255);
    const aBound = v128.andnot(groupUtility, i16x8.shr_s(a, 15));
    v128.store(FILTER_BOUNDS + rank * 2, aBound);
    const b = boundGroup(group + FILTER_GROUP_BYTES, benefit, charge, burden, account, (lanes >> 8) & 255);
    const bBound = v128.andnot(groupUtility, i16x8.shr_s(b, 15));
    v128.store(FILTER_BOUNDS + rank * 2, bBound, 16);
    const low = i16x8.min_s(aBound, bBound), top = i16x8.max_s(aBound, bBound);
    second = i16x8.max_s(i16x8.max_s(second, low), i16x8.min_s(first, top));
    first = i16x8.max_s(first, top);
    surely |= <u64>(~negatives(a, b) & 0xffff) << rank;
    possibly |= <u64>(~negatives(i16x8.add_sat_s(a, reach), i16x8.add_sat_s(b, reach)) & 0xffff) << rank;
  }
  const threshold = i16x8.splat(<i16>(secondOf(first, second) - SPREAD));
  let near: u64 = 0;
  for (let rank: u32 = 0; rank < end; rank += 16) {
    const bounds = FILTER_BOUNDS + rank * 2;
    const above = negatives(i16x8.gt_s(v128.load(bounds), threshold), i16x8.gt_s(v128.load(bounds, 16), threshold));
    near |= <u64>above << rank;
  }
  surely &= survivors;
  possible = possibly & survivors;
  return (near & surely) | (possible & ~surely);
}

let groupUtility: v128 = i16x8.splat(0);

/** Lower bounds: of the utility in {@link groupUtility}; returned, the lesser of utility and what the budget leaves. */
// @ts-ignore: decorator
@inline
function boundGroup(group: usize, benefit: v128, charge: v128, burden: v128, account: v128, survivors: u32): v128 {
  const cost0 = i32x4.dot_i16x8_s(v128.load(group, 32), charge), cost1 = i32x4.dot_i16x8_s(v128.load(group, 48), charge);
  const net0 = i32x4.shr_s(i32x4.sub(i32x4.dot_i16x8_s(v128.load(group), benefit), cost0), 15);
  const net1 = i32x4.shr_s(i32x4.sub(i32x4.dot_i16x8_s(v128.load(group, 16), benefit), cost1), 15);
  const utility = i16x8.sub_sat_s(i16x8.narrow_i32x4_s(net0, net1), burden);
  const cost = i16x8.narrow_i32x4_s(i32x4.shr_s(cost0, 15), i32x4.shr_s(cost1, 15));
  groupUtility = utility;
  return v128.or(i16x8.min_s(utility, i16x8.sub_sat_s(account, cost)), v128.load(FILTER_LANES + survivors * 16));
}

/** One bit for each negative lane of sixteen. */
// @ts-ignore: decorator
@inline
function negatives(a: v128, b: v128): u32 {
  return <u32>i8x16.bitmask(i8x16.narrow_i16x8_s(a, b));
}

/** The second largest of all lanes: three times, halves are folded onto each other. */
// @ts-ignore: decorator
@inline
function secondOf(first: v128, second: v128): i32 {
  let other = v128.shuffle<i16>(first, first, 4, 5, 6, 7, 0, 1, 2, 3);
  second = i16x8.max_s(i16x8.max_s(second, v128.shuffle<i16>(second, second, 4, 5, 6, 7, 0, 1, 2, 3)), i16x8.min_s(first, other));
  first = i16x8.max_s(first, other);
  other = v128.shuffle<i16>(first, first, 2, 3, 0, 1, 6, 7, 4, 5);
  second = i16x8.max_s(i16x8.max_s(second, v128.shuffle<i16>(second, second, 2, 3, 0, 1, 6, 7, 4, 5)), i16x8.min_s(first, other));
  first = i16x8.max_s(first, other);
  other = v128.shuffle<i16>(first, first, 1, 0, 3, 2, 5, 4, 7, 6);
  second = i16x8.max_s(i16x8.max_s(second, v128.shuffle<i16>(second, second, 1, 0, 3, 2, 5, 4, 7, 6)), i16x8.min_s(first, other));
  return i16x8.extract_lane_s(second, 0);
}
