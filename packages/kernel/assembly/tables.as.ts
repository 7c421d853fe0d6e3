/** Per policy: the tables that turn each gate into one mask of the candidates that pass it. Bit = rank. */
import { latencyFits, latencyMost, qualityMost, rateOf } from "./bounds.as";
import {
  BYTE_TABLE_BYTES, CANDIDATES, CANDIDATE_BYTES, CAPABILITIES, CAPABILITY_BYTE_COUNT, CAPABILITY_TABLE, CAPABILITY_UNION,
  COUNT, ENABLED, ENABLED_MASK, ID, IDENTITIES, INPUT_PRICE, LATENCIES, LATENCY_BUCKETS, LATENCY_COUNTS, LATENCY_MASKS,
  LATENCY_P95_MS, LATENCY_PENALTY, LATENCY_PROBE_COUNT, LATENCY_SHIFT, LATENCY_SLOTS, LATENCY_TOP, OUTPUT_PRICE,
  PROVIDER_BYTE_COUNT, PROVIDER_ID, PROVIDER_TABLE, QUALITY_BPS, QUALITY_COUNTS, QUALITY_MASKS, QUALITY_TOP, RANKED,
  RANKED_BYTES, RANKED_INPUT_RATE, RANKED_LATENCY, RANKED_OUTPUT_RATE, RANKED_QUALITY, RATE_INPUT_BITS,
  RATE_OUTPUT_BITS, REGIONS, REGION_BYTE_COUNT, REGION_TABLE, RISK_CEILING_BPS, RISK_COUNTS, RISK_HARD_LIMIT, RISK_MASKS, U64_MAX,
} from "./layout.as";

export function buildTables(): void {
  rankCandidates();
  describeCandidates();
  buildByteTables();
  buildQualityTable();
  buildRiskTable();
  buildLatencyTable();
}

/** The candidate record at a rank. */
// @ts-ignore: decorator
@inline
export function candidateAt(rank: u32): usize {
  return CANDIDATES + load<u32>(IDENTITIES + rank * 8, 4) * CANDIDATE_BYTES;
}

/** Insertion sort by (quality ascending, id descending); the later of equal ones ranks lower, so catalog order decides. */
function rankCandidates(): void {
  for (let index: u32 = 0, count = load<u32>(COUNT); index < count; index++) {
    const candidate = CANDIDATES + index * CANDIDATE_BYTES;
    const quality = load<u16>(candidate, QUALITY_BPS), id = load<u32>(candidate, ID);
    let rank = index;
    while (rank > 0) {
      const below = candidateAt(rank - 1), belowQuality = load<u16>(below, QUALITY_BPS);
      if (belowQuality < quality || (belowQuality == quality && load<u32>(below, ID) > id)) break;
      store<u64>(IDENTITIES + rank * 8, load<u64>(IDENTITIES + (rank - 1) * 8));
      rank--;
    }
    store<u32>(IDENTITIES + rank * 8, id);
    store<u32>(IDENTITIES + rank * 8, index, 4);
  }
}

function describeCandidates(): void {
  let enabled: u64 = 0, capabilities: u64 = 0, regions: u64 = 0;
  let providerMost: u32 = 0;
  const penalty = load<u64>(LATENCY_PENALTY);
  for (let rank: u32 = 0, count = load<u32>(COUNT); rank < count; rank++) {
    const candidate = candidateAt(rank), ranked = RANKED + rank * RANKED_BYTES;
    store<u64>(ranked, -rateOf(load<u64>(candidate, INPUT_PRICE), load<u64>(RATE_INPUT_BITS)), RANKED_INPUT_RATE);
    store<u64>(ranked, -rateOf(load<u64>(candidate, OUTPUT_PRICE), load<u64>(RATE_OUTPUT_BITS)), RANKED_OUTPUT_RATE);
    store<u64>(ranked, load<u16>(candidate, QUALITY_BPS), RANKED_QUALITY);
    store<u64>(ranked, latencyFits ? load<u32>(candidate, LATENCY_P95_MS) * penalty : 0, RANKED_LATENCY);
    if (load<u8>(candidate, ENABLED) != 0) enabled |= <u64>1 << rank;
    capabilities |= load<u64>(candidate, CAPABILITIES);
    regions |= load<u64>(candidate, REGIONS);
    const provider = <u32>load<u16>(candidate, PROVIDER_ID);
    if (provider < 64) providerMost = max<u32>(providerMost, provider);
  }
  const never = RANKED + 64 * RANKED_BYTES;
  store<u64>(never, 0, RANKED_INPUT_RATE);
  store<u64>(never, 0, RANKED_OUTPUT_RATE);
  store<u64>(never, 0, RANKED_QUALITY);
  store<u64>(never, <u64>1 << 62, RANKED_LATENCY);
  store<u64>(ENABLED_MASK, enabled);
  store<u64>(CAPABILITY_UNION, capabilities);
  store<u32>(CAPABILITY_BYTE_COUNT, byteCount(capabilities));
  store<u32>(REGION_BYTE_COUNT, byteCount(regions));
  store<u32>(PROVIDER_BYTE_COUNT, (providerMost >> 3) + 1);
}

/** Bytes up to the highest bit set, at least one: the bytes beyond decide nothing. */
function byteCount(bits: u64): u32 {
  return max<u32>(1, <u32>((64 - clz(bits) + 7) >> 3));
}

function buildByteTables(): void {
  const count = load<u32>(COUNT);
  for (let byte: u32 = 0; byte < 8; byte++) {
    for (let value: u32 = 0; value < 256; value++) {
      const bits = <u64>value << (byte * 8);
      let capable: u64 = 0, provided: u64 = 0, located: u64 = 0;
      for (let rank: u32 = 0; rank < count; rank++) {
        const candidate = candidateAt(rank), bit = <u64>1 << rank;
        const provider = <u32>load<u16>(candidate, PROVIDER_ID);
        if ((load<u64>(candidate, CAPABILITIES) & bits) == bits) capable |= bit;
        if (provider < 64 && ((bits >> provider) & 1) != 0) provided |= bit;
        if ((load<u64>(candidate, REGIONS) & bits) != 0) located |= bit;
      }
      const entry = byte * BYTE_TABLE_BYTES + value * 8;
      store<u64>(CAPABILITY_TABLE + entry, capable);
      store<u64>(PROVIDER_TABLE + entry, provided);
      store<u64>(REGION_TABLE + entry, located);
    }
  }
}

/** Ranks ascend with quality, so the candidates that reach a threshold are a run of top ranks, and its length names it. */
function buildQualityTable(): void {
  const count = load<u32>(COUNT);
  for (let passing: u32 = 0; passing <= count; passing++) {
    store<u64>(QUALITY_MASKS + passing * 8, passing == 0 ? 0 : (U64_MAX << (64 - passing)) >> (64 - count));
  }
  store<u32>(QUALITY_TOP, qualityMost + 1);
  let passing = count;
  for (let threshold: u32 = 0; threshold <= min<u32>(qualityMost + 1, 65_535); threshold++) {
    while (passing > 0 && <u32>load<u16>(candidateAt(count - passing), QUALITY_BPS) < threshold) passing--;
    store<u8>(QUALITY_COUNTS + threshold, <u8>passing);
  }
}

/** A risk at or above the hard limit never comes here. The mask changes only just above somebody's ceiling. */
function buildRiskTable(): void {
  const count = load<u32>(COUNT), hardLimit = load<u32>(RISK_HARD_LIMIT);
  let passing: u32 = 0, changeAt: u32 = 0;
  for (let risk: u32 = 0; risk < hardLimit; risk++) {
    if (risk == changeAt) {
      let mask: u64 = 0;
      changeAt = u32.MAX_VALUE;
      for (let rank: u32 = 0; rank < count; rank++) {
        const ceiling = <u32>load<u16>(candidateAt(rank), RISK_CEILING_BPS);
        if (ceiling < risk) continue;
        mask |= <u64>1 << rank;
        changeAt = min<u32>(changeAt, ceiling + 1);
      }
      passing = <u32>popcnt(mask);
      store<u64>(RISK_MASKS + passing * 8, mask);
    }
    store<u8>(RISK_COUNTS + risk, <u8>passing);
  }
}

/**
 * A bucket holds how many latencies lie below it, and at most `LATENCY_PROBE_COUNT` lie within it: that many comparisons
 * from there give the exact count.
 */
function buildLatencyTable(): void {
  const count = load<u32>(COUNT);
  sortLatencies(count);
  for (let passing: u32 = 0; passing <= count; passing++) {
    let mask: u64 = 0;
    for (let rank: u32 = 0; passing > 0 && rank < count; rank++) {
      const within = load<u32>(candidateAt(rank), LATENCY_P95_MS) <= load<u32>(LATENCIES + (passing - 1) * 4);
      if (within) mask |= <u64>1 << rank;
    }
    store<u64>(LATENCY_MASKS + passing * 8, mask);
  }
  let shift: u32 = 0;
  while (max<u32>(latencyMost, 1) >> shift >= LATENCY_BUCKETS) shift++;
  let probes: u32 = 0;
  for (let bucket: u32 = 0; bucket < LATENCY_BUCKETS; bucket++) {
    let below: u32 = 0, within: u32 = 0;
    for (let position: u32 = 0; position < count; position++) {
      const at = load<u32>(LATENCIES + position * 4) >> shift;
      if (at < bucket || (shift == 0 && at == bucket)) below++;
      else if (at == bucket) within++;
    }
    store<u8>(LATENCY_COUNTS + bucket, <u8>below);
    probes = max<u32>(probes, within);
  }
  store<u32>(LATENCY_SHIFT, shift);
  store<u32>(LATENCY_PROBE_COUNT, probes);
  store<u32>(LATENCY_TOP, max<u32>(latencyMost, 1));
}

function sortLatencies(count: u32): void {
  for (let index: u32 = 0; index < count; index++) {
    const latency = load<u32>(CANDIDATES + index * CANDIDATE_BYTES, LATENCY_P95_MS);
    let position = index;
    while (position > 0 && load<u32>(LATENCIES + (position - 1) * 4) > latency) {
      store<u32>(LATENCIES + position * 4, load<u32>(LATENCIES + (position - 1) * 4));
      position--;
    }
    store<u32>(LATENCIES + position * 4, latency);
  }
  for (let position = count; position < LATENCY_SLOTS; position++) store<u32>(LATENCIES + position * 4, u32.MAX_VALUE);
}
