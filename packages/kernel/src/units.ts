/**
 * Units. Every quantity has its unit twice: in its type, so that the compiler refuses to mix units, and as the last
 * word of its name.
 *
 * A quantity that may exceed 2^53 is a `bigint`; every other is a safe-integer `number`. Mixing them needs a visible
 * conversion, and no quantity is a float.
 *
 * Arithmetic drops the brand. Restoring it means calling the constructor, which checks the range, so overflow is caught where
 * it happens. These ranges are the *widths* of the fields in the published digests; policies and requests have narrower
 * ranges, checked where they are read.
 * @module
 */
import { invariant } from "./invariant.ts";

declare const unit: unique symbol;
type Quantity<Representation, Unit extends string> = Representation & { readonly [unit]: Unit };

/** Money that may be negative (value, utility, balance). 1 cent is 1,000,000 microcents; $1 is 100,000,000. Signed 64 bit. */
export type Microcents = Quantity<bigint, "microcents">;
/** Money that cannot be negative (a cost, a limit). Unsigned 64 bit; a cost that would not fit saturates. */
export type CostMicrocents = Quantity<bigint, "cost microcents">;
/** A price: microcents for a million tokens, or for a million units of work. Unsigned 64 bit. */
export type PriceMicrocents = Quantity<bigint, "microcents per million">;
/** A share in ten-thousandths: 0 is never, 10,000 is always. The field is 16 bit wide, see {@link bps}. */
export type Bps = Quantity<number, "bps">;
/** A duration in whole milliseconds. Unsigned 32 bit. */
export type Milliseconds = Quantity<number, "ms">;
/** A count of tokens, or of units of work. Unsigned 32 bit. */
export type Tokens = Quantity<number, "tokens">;
/** The ID of a candidate in a catalog. Unsigned 32 bit; 0 is reserved for "none". */
export type CandidateId = Quantity<number, "candidate">;
/** The position of a provider, and of its bit in a mask. 16 bit wide; only 0..63 can be allowed by a mask. */
export type ProviderId = Quantity<number, "provider">;
/** A set of up to 64 capabilities, providers or regions: the position in the policy's list is the bit. */
export type Mask = Quantity<bigint, "mask">;
/** The number of a decision, or an epoch. Unsigned 64 bit; decisions count from 1. */
export type Sequence = Quantity<bigint, "sequence">;

export const BPS_MAX = 10_000;
export const MICROCENTS_PER_CENT = 1_000_000n;
export const MICROCENTS_PER_DOLLAR = 100_000_000n;
export const U16_MAX = 0xffff;
export const U32_MAX = 0xffff_ffff;
export const U64_MAX = 0xffff_ffff_ffff_ffffn;
export const I64_MAX = 0x7fff_ffff_ffff_ffffn;
export const I64_MIN = -0x8000_0000_0000_0000n;

export function microcents(value: bigint): Microcents {
  if (!(value >= I64_MIN && value <= I64_MAX)) invariant(false, `microcents fit 64 signed bits, got ${value}`);
  return value as Microcents;
}

export function costMicrocents(value: bigint): CostMicrocents {
  return unsigned64(value, "a cost in microcents") as CostMicrocents;
}

export function priceMicrocents(value: bigint): PriceMicrocents {
  return unsigned64(value, "a price in microcents") as PriceMicrocents;
}

/**
 * Any 16-bit value: the kernel is total over the field's width. Parsers of policies and requests limit it to {@link
 * BPS_MAX}.
 */
export function bps(value: number): Bps {
  return unsigned(value, U16_MAX, "bps") as Bps;
}

export function milliseconds(value: number): Milliseconds {
  return unsigned(value, U32_MAX, "milliseconds") as Milliseconds;
}

export function tokens(value: number): Tokens {
  return unsigned(value, U32_MAX, "tokens") as Tokens;
}

export function candidateId(value: number): CandidateId {
  return unsigned(value, U32_MAX, "a candidate id") as CandidateId;
}

export function providerId(value: number): ProviderId {
  return unsigned(value, U16_MAX, "a provider id") as ProviderId;
}

export function mask(value: bigint): Mask {
  return unsigned64(value, "a mask") as Mask;
}

export function sequence(value: bigint): Sequence {
  return unsigned64(value, "a sequence") as Sequence;
}

function unsigned(value: number, max: number, what: string): number {
  // Every quantity of every decision is checked here, so the message is only built for a value out of range.
  if (!(Number.isInteger(value) && value >= 0 && value <= max))
    invariant(false, `${what} is an integer in 0..${max}, got ${value}`);
  return value;
}

function unsigned64(value: bigint, what: string): bigint {
  if (!(value >= 0n && value <= U64_MAX)) invariant(false, `${what} fits 64 unsigned bits, got ${value}`);
  return value;
}
