/**
 * Where everything is. One module instance holds one policy, so the snapshot has fixed addresses; the host writes the
 * policy header and the candidates, `build` derives the rest, and requests and decisions follow the candidates.
 *
 * The host's copy of the three record layouts is `src/wasm/records.ts`.
 */

// The request record, 80 bytes. Fields not named are padding.
export const REQUEST_BYTES: usize = 80;
export const SEQUENCE: usize = 0; // u64
export const REQUESTED_ID: usize = 8; // u32
export const INPUT_TOKENS: usize = 12; // u32
export const OUTPUT_TOKENS: usize = 16; // u32
export const VALUE: usize = 24; // i64
export const BUDGET_LIMIT: usize = 32; // u64
export const RISK_BPS: usize = 40; // u16
export const CONFIDENCE_BPS: usize = 42; // u16
export const QUALITY_MIN_BPS: usize = 44; // u16
export const LATENCY_MAX_MS: usize = 48; // u32
export const CAPABILITIES_REQUIRED: usize = 56; // u64
export const PROVIDERS_ALLOWED: usize = 64; // u64
export const REGIONS_REQUIRED: usize = 72; // u64

// The decision record, 48 bytes, written as six words:
//   0 sequence
//   8 action u8 | reason u8 | evaluated count u16 | selected id u32
//  16 selected index u16 | eligible count u16 | counterfactual id u32
//  24 cost | 32 utility | 40 counterfactual utility
export const DECISION_BYTES: usize = 48;

// The candidate record, 48 bytes, in catalog order.
export const CANDIDATE_BYTES: usize = 48;
export const ID: usize = 0; // u32
export const PROVIDER_ID: usize = 4; // u16
export const QUALITY_BPS: usize = 6; // u16
export const RISK_CEILING_BPS: usize = 8; // u16
export const ENABLED: usize = 10; // u8
export const LATENCY_P95_MS: usize = 12; // u32
export const CAPABILITIES: usize = 16; // u64
export const REGIONS: usize = 24; // u64
export const INPUT_PRICE: usize = 32; // u64
export const OUTPUT_PRICE: usize = 40; // u64

/** Catalogs up to this many candidates are decided with masks; longer ones are walked. */
export const MASKED_COUNT_MAX: u32 = 64;

// The policy header, written by the host.
const SNAPSHOT: usize = 1024;
export const RISK_HARD_LIMIT: usize = SNAPSHOT; // u32
export const CONFIDENCE_MIN: usize = SNAPSHOT + 4; // u32
export const RISK_MULTIPLIER: usize = SNAPSHOT + 8; // u32
export const COUNT: usize = SNAPSHOT + 12; // u32
export const LATENCY_PENALTY: usize = SNAPSHOT + 16; // u64

// Bounds within which 64 bits are exact (bounds.as.ts).
const BOUNDS: usize = SNAPSHOT + 24;
export const VALUE_MAX: usize = BOUNDS; // i64, -1 when the latency penalties do not fit
export const PREFIX_MAX: usize = BOUNDS + 8; // u64
export const RISK_PRODUCT_MAX: usize = BOUNDS + 16; // u64
export const INPUT_TOKENS_MAX: usize = BOUNDS + 24; // u64
export const OUTPUT_TOKENS_MAX: usize = BOUNDS + 32; // u64
// Those of the fixed-point rates and of the packed key, which is narrower.
export const RATE_INPUT_TOKENS_MAX: usize = BOUNDS + 40; // u64
export const RATE_OUTPUT_TOKENS_MAX: usize = BOUNDS + 48; // u64
export const RATE_INPUT_BITS: usize = BOUNDS + 56; // u64, how many bits of an input rate are its fraction
export const RATE_OUTPUT_BITS: usize = BOUNDS + 64; // u64
export const RATE_INPUT_MOST: usize = BOUNDS + 72; // u64, the highest rate
export const RATE_OUTPUT_MOST: usize = BOUNDS + 80; // u64
export const QUALITY_MOST: usize = BOUNDS + 88; // u64

// Scalars of the masks (tables.as.ts) and of the interval filter (filter.as.ts).
const SCALARS: usize = BOUNDS + 96;
export const ENABLED_MASK: usize = SCALARS; // u64
export const CAPABILITY_UNION: usize = SCALARS + 8; // u64
export const CAPABILITY_BYTE_COUNT: usize = SCALARS + 16; // u32
export const PROVIDER_BYTE_COUNT: usize = SCALARS + 20; // u32
export const REGION_BYTE_COUNT: usize = SCALARS + 24; // u32
export const QUALITY_TOP: usize = SCALARS + 28; // u32
export const LATENCY_SHIFT: usize = SCALARS + 32; // u32
export const LATENCY_PROBE_COUNT: usize = SCALARS + 36; // u32
export const LATENCY_TOP: usize = SCALARS + 40; // u32
export const FILTER_USABLE: usize = SCALARS + 44; // u32
export const FILTER_INPUT_SHIFT: usize = SCALARS + 48; // u32
export const FILTER_OUTPUT_SHIFT: usize = SCALARS + 52; // u32
export const FILTER_LATENCY_SHIFT: usize = SCALARS + 56; // u32

// Ranked candidates: rank is the position in (quality ascending, id descending), so a higher rank wins a full tie.
// Rank 64 is a candidate that is never admissible: `ctz` of an empty mask leads there.
export const RANKED: usize = (SCALARS + 60 + 63) & ~63;
export const RANKED_BYTES: usize = 32;
export const RANKED_INPUT_RATE: usize = 0; // i64, minus floor(price · 2^bits / 10^6)
export const RANKED_OUTPUT_RATE: usize = 8; // i64
export const RANKED_QUALITY: usize = 16; // u64
export const RANKED_LATENCY: usize = 24; // u64, latency · penalty
/** Per rank: id u32, catalog index u32. */
export const IDENTITIES: usize = RANKED + 65 * RANKED_BYTES;

// Masks by how many candidates pass; the sets of one ordered gate are nested, so the count names the set.
export const QUALITY_MASKS: usize = IDENTITIES + 64 * 8;
export const RISK_MASKS: usize = QUALITY_MASKS + 66 * 8;
export const LATENCY_MASKS: usize = RISK_MASKS + 66 * 8;
/** Latencies ascending, then sentinels, so that probing needs no end test. */
export const LATENCIES: usize = LATENCY_MASKS + 66 * 8;
export const LATENCY_SLOTS: u32 = 136;

// Masks by byte position and byte value.
export const BYTE_TABLE_BYTES: usize = 256 * 8;
export const CAPABILITY_TABLE: usize = LATENCIES + LATENCY_SLOTS * 4;
export const PROVIDER_TABLE: usize = CAPABILITY_TABLE + 8 * BYTE_TABLE_BYTES;
export const REGION_TABLE: usize = PROVIDER_TABLE + 8 * BYTE_TABLE_BYTES;

// Counts by threshold, u8.
export const QUALITY_COUNTS: usize = REGION_TABLE + 8 * BYTE_TABLE_BYTES;
export const RISK_COUNTS: usize = QUALITY_COUNTS + 65_536;
export const LATENCY_COUNTS: usize = RISK_COUNTS + 65_536;
export const LATENCY_BUCKETS: u32 = 4_096;

// The interval filter: per 8 ranks, 32 bytes of (quality, latency) and 32 bytes of (input, output price), as i16 pairs.
export const FILTER_GROUPS: usize = (LATENCY_COUNTS + LATENCY_BUCKETS + 63) & ~63;
export const FILTER_GROUP_BYTES: usize = 64;
/** Per byte of a survivor mask: eight i16, 0 for a survivor and -1 for any other. */
export const FILTER_LANES: usize = FILTER_GROUPS + 8 * FILTER_GROUP_BYTES;
/** Scratch: lower bounds of the utilities, 64 i16. */
export const FILTER_BOUNDS: usize = FILTER_LANES + 256 * 16;

/** The catalog, as the host wrote it; its length is what differs between instances, so it comes last. */
export const CANDIDATES: usize = FILTER_BOUNDS + 128;

// Actions and reasons of the decision digest.
export const EXECUTE: u32 = 1;
export const SUBSTITUTE: u32 = 2;
export const REJECT: u32 = 3;
export const REQUESTED_MAXIMIZES_UTILITY: u32 = 1;
export const ALTERNATIVE_MAXIMIZES_UTILITY: u32 = 2;
export const RISK_HARD: u32 = 100;
export const CONFIDENCE_HARD: u32 = 101;

export const U64_MAX: u64 = 0xffff_ffff_ffff_ffff;
export const BPS_SQUARED: u64 = 100_000_000;
export const UNITS_PER_PRICE: u64 = 1_000_000;
