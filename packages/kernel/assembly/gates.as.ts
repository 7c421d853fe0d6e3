/** Each gate as a mask of the ranks that pass it, without a branch on the data. */
import {
  BYTE_TABLE_BYTES, CAPABILITIES_REQUIRED, CAPABILITY_BYTE_COUNT, CAPABILITY_TABLE, CAPABILITY_UNION, COUNT, LATENCIES,
  LATENCY_COUNTS, LATENCY_MASKS, LATENCY_MAX_MS, LATENCY_PROBE_COUNT, LATENCY_SHIFT, LATENCY_TOP, PROVIDERS_ALLOWED,
  PROVIDER_BYTE_COUNT, PROVIDER_TABLE, QUALITY_COUNTS, QUALITY_MASKS, QUALITY_MIN_BPS, QUALITY_TOP, REGIONS_REQUIRED,
  REGION_BYTE_COUNT, REGION_TABLE, RISK_BPS, RISK_COUNTS, RISK_MASKS, U64_MAX,
} from "./layout.as";

// @ts-ignore: decorator
@inline
export function qualityMask(request: usize): u64 {
  const threshold = min<u32>(<u32>load<u16>(request, QUALITY_MIN_BPS), load<u32>(QUALITY_TOP));
  return load<u64>(QUALITY_MASKS + (<u32>load<u8>(QUALITY_COUNTS + threshold) << 3));
}

// @ts-ignore: decorator
@inline
export function latencyMask(request: usize): u64 {
  // No limit is 0, and 0 − 1 wraps to the largest: both it and any limit above the slowest become the slowest.
  const limit = min<u32>(load<u32>(request, LATENCY_MAX_MS) - 1, load<u32>(LATENCY_TOP) - 1) + 1;
  let passing = <u32>load<u8>(LATENCY_COUNTS + (limit >> load<u32>(LATENCY_SHIFT)));
  for (let probe = load<u32>(LATENCY_PROBE_COUNT); probe != 0; probe--) {
    passing += u32(load<u32>(LATENCIES + (passing << 2)) <= limit);
  }
  // A sentinel passes only under the largest limit of all; it is not a candidate.
  return load<u64>(LATENCY_MASKS + (min<u32>(passing, load<u32>(COUNT)) << 3));
}

// @ts-ignore: decorator
@inline
export function capabilityMask(request: usize): u64 {
  const required = load<u64>(request, CAPABILITIES_REQUIRED);
  let bits = required, mask = load<u64>(CAPABILITY_TABLE + <usize>((bits & 255) << 3));
  for (let byte: usize = 1, count = <usize>load<u32>(CAPABILITY_BYTE_COUNT); byte < count; byte++) {
    bits >>= 8;
    mask &= load<u64>(CAPABILITY_TABLE + byte * BYTE_TABLE_BYTES + <usize>((bits & 255) << 3));
  }
  return select<u64>(mask, 0, (required & ~load<u64>(CAPABILITY_UNION)) == 0);
}

// @ts-ignore: decorator
@inline
export function providerMask(request: usize): u64 {
  let bits = load<u64>(request, PROVIDERS_ALLOWED), mask = load<u64>(PROVIDER_TABLE + <usize>((bits & 255) << 3));
  for (let byte: usize = 1, count = <usize>load<u32>(PROVIDER_BYTE_COUNT); byte < count; byte++) {
    bits >>= 8;
    mask |= load<u64>(PROVIDER_TABLE + byte * BYTE_TABLE_BYTES + <usize>((bits & 255) << 3));
  }
  return mask;
}

// @ts-ignore: decorator
@inline
export function regionMask(request: usize): u64 {
  const required = load<u64>(request, REGIONS_REQUIRED);
  let bits = required, mask = load<u64>(REGION_TABLE + <usize>((bits & 255) << 3));
  for (let byte: usize = 1, count = <usize>load<u32>(REGION_BYTE_COUNT); byte < count; byte++) {
    bits >>= 8;
    mask |= load<u64>(REGION_TABLE + byte * BYTE_TABLE_BYTES + <usize>((bits & 255) << 3));
  }
  return select<u64>(U64_MAX, mask, required == 0);
}

/** Only for a risk below the hard limit. */
// @ts-ignore: decorator
@inline
export function riskMask(request: usize): u64 {
  return load<u64>(RISK_MASKS + (<u32>load<u8>(RISK_COUNTS + load<u16>(request, RISK_BPS)) << 3));
}
