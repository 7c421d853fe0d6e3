/**
 * Estimates the input tokens of a call from its size, learned from calls with known usage, with a stated miss rate.
 *
 * Each call of a kind has a size that can be computed before it is sent. Its score is tokens per unit of size. The estimate
 * for the next call is its size times the k-th smallest of the n scores seen, k = ceil((n + 1)(1 − missRate)). If calls of a
 * kind are exchangeable, the true count exceeds the estimate with a probability of at most `missRate`, for any distribution:
 * split conformal prediction (Papadopoulos et al. 2002; Vovk, Gammerman and Shafer 2005). The guarantee does not hold under
 * drift, so {@link UsageEstimator.misses} counts actual misses.
 *
 * All values are integers. Scores are rounded up into 16 classes per octave, so that rounding never lowers an estimate.
 * @module
 */

const BPS = 10_000;
/** Scores are in 1/65,536 of a token per unit. */
const SCORE_SHIFT = 16n;
const SCORE_MAX = 2 ** 32 - 1;
const CLASS_BITS = 4;
const CLASS_COUNT = (33 - CLASS_BITS) << CLASS_BITS;
/** The last 2,048 to 4,096 calls of a kind are used, so that estimates adapt to new prompts and tokenizers. */
const GENERATION_CALLS = 2_048;
/** Further kinds are not learned; there are few kinds, and the gateway names them. */
const KINDS_MAX = 256;

export interface EstimatorMisses {
  /** Number of estimates compared with a count. */
  readonly compared: number;
  /** Number of estimates that were too low. */
  readonly missed: number;
}

/** Number of calls by score class; classes without calls are left out. */
type Counts = readonly (readonly [scoreClass: number, calls: number])[];

/** The learned state of a kind: the calls of the current generation, and of the one before. */
export interface LearnedKind {
  readonly kind: string;
  readonly current: Counts;
  readonly before: Counts;
}

class Kind {
  #current: Uint32Array = new Uint32Array(CLASS_COUNT);
  #before: Uint32Array = new Uint32Array(CLASS_COUNT);
  #currentCalls = 0;
  #beforeCalls = 0;

  /** `undefined` for invalid counts. */
  static restored({ current, before }: LearnedKind): Kind | undefined {
    const kind = new Kind();
    for (const [counts, into] of [
      [current, kind.#current],
      [before, kind.#before],
    ] as const)
      for (const [scoreClass, calls] of counts) {
        if (!(scoreClass in into) || !Number.isInteger(calls) || calls < 1 || calls > GENERATION_CALLS)
          return undefined;
        into[scoreClass] = calls;
      }
    kind.#currentCalls = sumOf(kind.#current);
    kind.#beforeCalls = sumOf(kind.#before);
    return Math.max(kind.#currentCalls, kind.#beforeCalls) > GENERATION_CALLS ? undefined : kind;
  }

  learned(kind: string): LearnedKind {
    return { kind, current: countsOf(this.#current), before: countsOf(this.#before) };
  }

  note(scoreClass: number): void {
    if (this.#currentCalls === GENERATION_CALLS) {
      [this.#before, this.#current] = [this.#current, this.#before.fill(0)];
      this.#beforeCalls = this.#currentCalls;
      this.#currentCalls = 0;
    }
    this.#current[scoreClass] = (this.#current[scoreClass] ?? 0) + 1;
    this.#currentCalls += 1;
  }

  /** The k-th smallest score with k = ceil((n + 1) · shareBps / 10,000); `undefined` if k exceeds the number of calls n. */
  quantile(shareBps: number): number | undefined {
    const calls = this.#currentCalls + this.#beforeCalls;
    const rank = Math.ceil(((calls + 1) * shareBps) / BPS);
    if (rank > calls || rank === 0) return undefined;
    let seen = 0;
    for (let at = 0; at < CLASS_COUNT; at += 1) {
      seen += (this.#current[at] ?? 0) + (this.#before[at] ?? 0);
      if (seen >= rank) return highestOf(at);
    }
    return undefined;
  }
}

/**
 * @example
 * ```ts
 * const estimator = new UsageEstimator(500);
 * for (let call = 0; call < 19; call += 1) estimator.note("anthropic plain", 4_000, 1_000);
 * estimator.tokens("anthropic plain", 8_000); // 2125
 * ```
 */
export class UsageEstimator {
  readonly #shareBps: number;
  readonly #kinds = new Map<string, Kind>();
  #compared = 0;
  #missed = 0;

  /** @param missRateBps - share of calls that may exceed their estimate, 1 to 9,999. */
  constructor(missRateBps: number) {
    if (!Number.isInteger(missRateBps) || missRateBps < 1 || missRateBps >= BPS)
      throw new RangeError(`a miss rate is 1 to 9,999 bps, got ${missRateBps}`);
    this.#shareBps = BPS - missRateBps;
  }

  /** An upper estimate; `undefined` until enough calls of the kind have been seen: 99 for a miss rate of 100 bps. */
  tokens(kind: string, size: number): number | undefined {
    return this.#at(kind, size, this.#shareBps);
  }

  /** The median estimate, for ranking; `undefined` for an unseen kind. */
  median(kind: string, size: number): number | undefined {
    return this.#at(kind, size, BPS / 2);
  }

  /** Learns the tokens of a call, after comparing them with the present estimate. */
  note(kind: string, size: number, tokens: number): void {
    const estimated = this.tokens(kind, size);
    if (estimated !== undefined) {
      this.#compared += 1;
      if (tokens > estimated) this.#missed += 1;
    }
    let known = this.#kinds.get(kind);
    if (known === undefined) {
      if (this.#kinds.size === KINDS_MAX) return;
      known = new Kind();
      this.#kinds.set(kind, known);
    }
    known.note(classOf(scoreOf(size, tokens)));
  }

  /** The learned state, for {@link UsageEstimator.restore} in another process. */
  learned(): readonly LearnedKind[] {
    return [...this.#kinds].map(([name, kind]) => kind.learned(name));
  }

  /** Replaces the learned state with that of another process; returns `false` if it is invalid. */
  restore(learned: readonly LearnedKind[]): boolean {
    const kinds = learned.map((one): [string, Kind | undefined] => [one.kind, Kind.restored(one)]);
    if (kinds.length > KINDS_MAX || kinds.some(([, kind]) => kind === undefined)) return false;
    this.#kinds.clear();
    for (const [name, kind] of kinds) this.#kinds.set(name, kind as Kind);
    return true;
  }

  get misses(): EstimatorMisses {
    return { compared: this.#compared, missed: this.#missed };
  }

  #at(kind: string, size: number, shareBps: number): number | undefined {
    const score = this.#kinds.get(kind)?.quantile(shareBps);
    if (score === undefined || score >= SCORE_MAX) return undefined;
    return Number((BigInt(size) * BigInt(score) + (1n << SCORE_SHIFT) - 1n) >> SCORE_SHIFT);
  }
}

function countsOf(counts: Uint32Array): Counts {
  return [...counts].flatMap((calls, scoreClass) => (calls === 0 ? [] : [[scoreClass, calls] as const]));
}

function sumOf(counts: Uint32Array): number {
  return counts.reduce((sum, calls) => sum + calls, 0);
}

function scoreOf(size: number, tokens: number): number {
  const unit = BigInt(Math.max(1, size));
  const score = ((BigInt(tokens) << SCORE_SHIFT) + unit - 1n) / unit;
  return score > BigInt(SCORE_MAX) ? SCORE_MAX : Number(score);
}

/** Each score below 16 has its own class; above, an octave has 16 classes. */
function classOf(score: number): number {
  const octave = Math.max(0, 31 - Math.clz32(score) - CLASS_BITS);
  return (octave << CLASS_BITS) + (score >>> octave);
}

function highestOf(scoreClass: number): number {
  const octave = Math.max(0, (scoreClass >> CLASS_BITS) - 1);
  return (scoreClass - (octave << CLASS_BITS) + 1) * 2 ** octave - 1;
}
