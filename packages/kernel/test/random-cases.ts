/**
 * Random policies and requests from a seed, fast, and drawn where kernels go wrong: everyday magnitudes, every power of
 * two, the edges of every width, values right at a candidate's, products that just reach or just miss a whole number.
 * @module
 */
import { seededBelow } from "../../../bench/harness.ts";
import { type Candidate, cost, I64_MAX, I64_MIN, type Policy, type Request, U32_MAX, U64_MAX } from "../src/index.ts";

/** What the fields of a policy or a request look like. */
type Magnitude = "everyday" | "spread" | "extreme";

const EDGE_BPS: readonly number[] = [0, 1, 5_499, 5_500, 9_599, 9_600, 10_000, 32_767, 32_768, 65_534, 65_535];
const UNITS_PER_PRICE = 1_000_000;
const BPS_SQUARED = 100_000_000n;

export class RandomCases {
  readonly #below: (limit: number) => number;

  constructor(seed: number) {
    this.#below = seededBelow(seed);
  }

  policy(): Policy {
    const atRate = this.#chance(0.1);
    const magnitude = atRate ? "everyday" : this.#magnitude();
    const everyday = magnitude === "everyday";
    const drawn = atRate ? this.#candidatesAtRate() : this.#candidates(magnitude);
    const candidates = this.#chance(0.2) ? drawn.map(withFewBits) : drawn;
    return {
      policyEpoch: this.#u64(),
      catalogEpoch: this.#u64(),
      riskHardLimitBps: everyday ? 9_600 : this.#bps(),
      confidenceMinBps: everyday ? 5_500 : this.#chance(0.8) ? this.#below(3) : this.#bps(),
      riskPenaltyMultiplierBps: everyday ? this.#below(5_000) : this.#bps(),
      latencyPenaltyMicrocentsPerMs: this.#penalty(magnitude, candidates),
      candidates,
    } as unknown as Policy;
  }

  request(policy: Policy): Request {
    const magnitude = this.#magnitude();
    const everyday = magnitude === "everyday";
    const some = policy.candidates[this.#below(policy.candidates.length)] ?? this.#candidate(magnitude, 0);
    const near = (value: number, max: number): number => Math.min(Math.max(value + this.#below(3) - 1, 0), max);
    const lax = this.#chance(0.5);
    const atWidth = this.#chance(0.1);
    const request = {
      sequence: this.#u64(),
      requestedId: this.#chance(0.5) ? some.id : this.#u32(),
      inputTokens: atWidth
        ? this.#tokensAtWidth(some.inputPriceMicrocents)
        : this.#tokens(magnitude, 20_000, some.inputPriceMicrocents),
      outputTokens: atWidth
        ? this.#tokensAtWidth(some.outputPriceMicrocents)
        : this.#tokens(magnitude, 4_000, some.outputPriceMicrocents),
      valueMicrocents: 0n,
      budgetLimitMicrocents: this.#chance(0.4) ? U64_MAX : this.#amount(magnitude, 2 ** 24, 64),
      riskBps: everyday ? this.#below(this.#chance(0.1) ? 10_000 : 3_000) : this.#chance(0.3) ? 0 : this.#bps(),
      confidenceBps: everyday ? 5_400 + this.#below(4_601) : this.#bps(),
      qualityMinBps: lax ? 0 : this.#chance(0.5) ? near(some.qualityBps, 65_535) : this.#bps(),
      latencyMaxMs: lax ? 0 : this.#chance(0.5) ? near(some.latencyP95Ms, U32_MAX) : this.#u32(),
      capabilitiesRequired: lax ? 0n : this.#chance(0.6) ? BigInt(this.#below(4)) : this.#mask(),
      providersAllowed: lax || this.#chance(0.5) ? U64_MAX : this.#mask() | this.#mask(),
      regionsRequired: lax || this.#chance(0.5) ? 0n : this.#mask(),
    } as unknown as Request;
    const costs = cost(request, some);
    const budgetLimitMicrocents = this.#chance(0.1)
      ? clamp(costs + BigInt(this.#below(3) - 1), 0n, U64_MAX)
      : request.budgetLimitMicrocents;
    const valueMicrocents = clamp(this.#value(magnitude, policy, request, some, costs), I64_MIN, I64_MAX);
    return { ...request, budgetLimitMicrocents, valueMicrocents } as unknown as Request;
  }

  #candidates(magnitude: Magnitude): Candidate[] {
    const count = this.#chance(0.01) ? 200 : this.#chance(0.2) ? 60 + this.#below(11) : this.#below(26);
    const candidates: Candidate[] = [];
    for (let index = 0; index < count; index++) {
      const twin = candidates[this.#below(count)];
      if (twin !== undefined && this.#chance(0.15))
        candidates.push({ ...twin, id: this.#chance(0.5) ? twin.id : this.#u32() } as Candidate);
      else candidates.push(this.#candidate(magnitude, index));
    }
    return candidates;
  }

  /**
   * Few candidates, and of each about as many tokens as its rate is exact for cost just more than a whole number of
   * microcents. That many are 2^31 / √(the highest price), give or take a factor.
   */
  #candidatesAtRate(): Candidate[] {
    const highestPrice = 2 ** (20 + this.#below(25)) + this.#below(1_000_000);
    const exact = 2 ** 31 / Math.sqrt(highestPrice);
    const prices = Array.from({ length: 1 + this.#below(3) }, () => {
      const tokens = Math.min(Math.floor(exact * 2 ** (this.#below(30) / 10 - 1)), UNITS_PER_PRICE - 1) | 1;
      return inverseOf(tokens, UNITS_PER_PRICE).inverse + UNITS_PER_PRICE * this.#below(highestPrice / UNITS_PER_PRICE);
    });
    return [...prices, highestPrice].map(
      (price, index) =>
        ({
          ...this.#candidate("everyday", index),
          qualityBps: 9_000 + index,
          enabled: 1,
          inputPriceMicrocents: BigInt(price) as Candidate["inputPriceMicrocents"],
          outputPriceMicrocents: BigInt(this.#below(2) * price) as Candidate["outputPriceMicrocents"],
        }) as Candidate,
    );
  }

  #candidate(magnitude: Magnitude, index: number): Candidate {
    const everyday = magnitude === "everyday";
    return {
      id: this.#chance(0.9) ? index + 1 : this.#u32(),
      providerId: this.#chance(0.7) ? this.#below(9) : this.#chance(0.8) ? 60 + this.#below(6) : this.#bps(),
      qualityBps: everyday ? 3_000 + this.#below(7_001) : this.#bps(),
      riskCeilingBps: everyday ? 2_000 + this.#below(8_001) : this.#bps(),
      enabled: this.#chance(0.85) ? 1 : this.#chance(0.8) ? 0 : this.#below(256),
      latencyP95Ms: magnitude === "extreme" ? this.#u32() : this.#below(this.#chance(0.1) ? 2 ** 20 : 3_000),
      capabilities: this.#chance(0.5) ? U64_MAX : this.#mask() | this.#mask(),
      regions: this.#chance(0.5) ? U64_MAX : this.#mask(),
      inputPriceMicrocents: this.#price(magnitude),
      outputPriceMicrocents: this.#price(magnitude),
    } as unknown as Candidate;
  }

  #magnitude(): Magnitude {
    return this.#chance(0.5) ? "everyday" : this.#chance(0.6) ? "spread" : "extreme";
  }

  #amount(magnitude: Magnitude, everydayBelow: number, spreadBits: number): bigint {
    if (magnitude === "everyday") return BigInt(this.#below(everydayBelow));
    return magnitude === "spread" ? this.#octave(spreadBits) : this.#u64();
  }

  /** Sometimes the slowest candidate's penalty is near the end of a width. */
  #penalty(magnitude: Magnitude, candidates: readonly Candidate[]): bigint {
    if (this.#chance(0.3)) return 0n;
    if (magnitude === "everyday" || this.#chance(0.7)) return this.#amount(magnitude, 100, 24);
    const slowest = candidates.reduce((most, { latencyP95Ms }) => Math.max(most, latencyP95Ms), 1);
    return clamp((1n << BigInt(58 + this.#below(7))) / BigInt(slowest) + BigInt(this.#below(3) - 1), 0n, U64_MAX);
  }

  #price(magnitude: Magnitude): bigint {
    if (this.#chance(0.1)) return BigInt(this.#below(3));
    // Whole cents a million, as price lists have them.
    if (this.#chance(0.2)) return BigInt(this.#below(4_000) * UNITS_PER_PRICE);
    if (magnitude === "extreme") return this.#chance(0.2) ? U64_MAX - this.#octave(10) : this.#u64();
    return this.#octave(magnitude === "everyday" ? 31 : 44);
  }

  /** So many that the charge alone is about as much as a cost can be, or half of it. */
  #tokensAtWidth(price: bigint): number {
    const charge = BigInt(UNITS_PER_PRICE) << BigInt(63 + this.#below(2));
    return Number(clamp(charge / (price || 1n) + BigInt(this.#below(3) - 1), 0n, BigInt(U32_MAX)));
  }

  #tokens(magnitude: Magnitude, everydayBelow: number, price: bigint): number {
    if (this.#chance(0.1)) return 0;
    if (this.#chance(0.3)) {
      // tokens · price is just above a whole number of microcents, or is one.
      const { inverse, modulus } = inverseOf(Number(price % BigInt(UNITS_PER_PRICE)), UNITS_PER_PRICE);
      const tokens = inverse + modulus * (this.#chance(0.7) ? 0 : this.#below(4_000));
      return Math.min(this.#chance(0.8) ? tokens : modulus * this.#below(8), U32_MAX);
    }
    if (magnitude === "spread") return Number(this.#octave(32));
    return magnitude === "extreme" ? this.#u32() : this.#below(everydayBelow);
  }

  #value(magnitude: Magnitude, policy: Policy, request: Request, some: Candidate, costs: bigint): bigint {
    const step = BigInt(this.#below(5) - 2);
    const worthShare = BigInt(request.confidenceBps * some.qualityBps);
    const riskShare = BigInt(request.riskBps * policy.riskPenaltyMultiplierBps);
    if (this.#chance(0.15)) {
      // value · confidence · quality is just below a whole number of 10^8, where rounding down drops most, or is one.
      const { inverse, modulus } = inverseOf(Number(worthShare % BPS_SQUARED), Number(BPS_SQUARED));
      const rounds = BigInt(modulus) * (1n + this.#octave(this.#chance(0.5) ? 2 : 20));
      return this.#chance(0.5) ? rounds : rounds - BigInt(inverse);
    }
    if (this.#chance(0.15) && worthShare > riskShare) {
      // The utility is about 0.
      const spent = costs + BigInt(some.latencyP95Ms) * policy.latencyPenaltyMicrocentsPerMs;
      return (spent * BPS_SQUARED) / (worthShare - riskShare) + step * this.#octave(16);
    }
    if (this.#chance(0.15)) {
      // One of the products is about a power of two, where it may leave its width.
      const factors = [worthShare, riskShare, BigInt(request.confidenceBps), BigInt(request.riskBps)];
      const factor = factors[this.#below(factors.length)] || 1n;
      return (1n << BigInt(61 + this.#below(5))) / factor + step;
    }
    if (magnitude === "everyday") return this.#octave(32);
    if (magnitude === "spread") return this.#octave(50);
    return BigInt.asIntN(64, this.#u64());
  }

  #bps(): number {
    return this.#chance(0.3) ? (EDGE_BPS[this.#below(EDGE_BPS.length)] ?? 0) : this.#below(65_536);
  }

  #mask(): bigint {
    return this.#chance(0.3) ? 1n << BigInt(this.#below(64)) : this.#u64();
  }

  #u32(): number {
    return Math.min(Math.max(2 ** this.#below(33) + this.#below(5) - 2, 0), U32_MAX);
  }

  /** A power of two and its neighbours, or any bits. */
  #u64(): bigint {
    if (this.#chance(0.3)) return (BigInt(this.#next()) << 32n) | BigInt(this.#next());
    const edge = (1n << BigInt(this.#below(65))) + BigInt(this.#below(5) - 2);
    return edge < 0n ? 0n : edge > U64_MAX ? U64_MAX : edge;
  }

  /** Up to so many bits, every length as often as any other. */
  #octave(bitsMost: number): bigint {
    const bits = this.#below(bitsMost + 1);
    return ((BigInt(this.#next()) << 32n) | BigInt(this.#next())) >> BigInt(64 - bits);
  }

  #chance(probability: number): boolean {
    return this.#below(2 ** 32) < probability * 2 ** 32;
  }

  /** Any 32 bits. */
  #next(): number {
    return this.#below(2 ** 32);
  }
}

/** As in catalogs that name few capabilities and regions. */
function withFewBits(candidate: Candidate): Candidate {
  const { capabilities, regions } = candidate;
  return { ...candidate, capabilities: capabilities & 511n, regions: regions & 255n } as Candidate;
}

/** The factor that takes `value` to its greatest common divisor with the modulus, and how often that recurs. */
export function inverseOf(value: number, modulus: number): { inverse: number; modulus: number } {
  let [remainder, next, factor, nextFactor] = [modulus, value, 0, 1];
  while (next !== 0) {
    const quotient = Math.floor(remainder / next);
    [remainder, next] = [next, remainder - quotient * next];
    [factor, nextFactor] = [nextFactor, factor - quotient * nextFactor];
  }
  const period = modulus / remainder;
  return { inverse: ((factor % period) + period) % period, modulus: period };
}

function clamp(value: bigint, min: bigint, max: bigint): bigint {
  return value < min ? min : value > max ? max : value;
}
