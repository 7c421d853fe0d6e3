/**
 * Decisions that await their outcome, each with the values that the outcome is compared with. They are stored in columns of
 * numbers instead of objects, which takes a fraction of the memory and leaves the garbage collector nothing to scan. A row
 * is reused after its decision is dropped.
 *
 * Memory: 109 bytes a row, and the text of a recommended decision's alternatives.
 * @module
 */
import {
  type DecisionEntry,
  digestFromHex,
  type PolicySnapshot,
  type Recommendation,
  TIER_COUNT_MAX,
} from "@calybris/kernel";

const FIRST_CAPACITY = 256;
const IDENTITY_BYTES = 32;
/** Use cases are few. If a log has many, they are not all kept. */
const NAMES_MAX = 4_096;
/** The regime of a decision without a recommendation. */
const NO_REGIME = -1;
const [EXPLORED, HOLDOUT, EXPECTED] = [1, 2, 4];

/** The members of a recommendation that the outcome repeats. */
export type KeptRecommendation = Pick<Recommendation, "regime" | "propensity" | "explored" | "holdout" | "expected">;

/** A decision that ran. */
export interface KeptDecision {
  /** 32 bytes. */
  readonly identity: Uint8Array;
  readonly useCase: string;
  readonly learning: KeptRecommendation | undefined;
  /** The alternatives of a recommended decision, as one text. */
  readonly alternatives: string | undefined;
  readonly snapshot: PolicySnapshot;
  /** Microseconds since the Unix epoch. */
  readonly at: number;
  readonly selectedId: number;
  readonly selectedIndex: number;
  readonly costMicrocents: bigint;
  readonly valueMicrocents: bigint;
  readonly qualityMinBps: number;
}

/** Values that all decisions of a use case share. */
interface Common {
  readonly useCase: string;
  readonly snapshot: PolicySnapshot;
}

export class AwaitingDecisions {
  #columns: Columns = columnsOf(FIRST_CAPACITY);
  /** Rows that were used and are now free. */
  readonly #free: number[] = [];
  #used = 0;
  readonly #commons: (Common | undefined)[] = [];
  readonly #alternatives: (string | undefined)[] = [];
  /**
   * Expectations that do not fit the columns and that no policy produces: for more tiers than allowed, or beyond 16 bits.
   */
  readonly #odd = new Map<number, readonly number[]>();
  readonly #byUseCase = new Map<string, Common>();

  /** Returns the row. */
  add(at: number, entry: DecisionEntry, snapshot: PolicySnapshot, alternatives: string | undefined): number {
    const { decision, request, learning } = entry;
    const row = this.#free.pop() ?? this.#newRow();
    const columns = this.#columns;
    columns.at[row] = at;
    columns.selectedId[row] = decision.selectedId;
    columns.selectedIndex[row] = decision.selectedIndex;
    columns.cost[row] = decision.costMicrocents;
    columns.value[row] = request.valueMicrocents;
    columns.qualityMin[row] = request.qualityMinBps;
    if (!digestFromHex(entry.identity, columns.identity, row * IDENTITY_BYTES))
      columns.identity.fill(0, row * IDENTITY_BYTES, (row + 1) * IDENTITY_BYTES);
    columns.regime[row] = learning?.regime ?? NO_REGIME;
    if (learning !== undefined) this.#addLearning(row, learning);
    this.#commons[row] = this.#commonOf(entry.useCase, snapshot);
    this.#alternatives[row] = alternatives;
    return row;
  }

  get(row: number): KeptDecision {
    const { at, selectedId, selectedIndex, cost, value, qualityMin, identity } = this.#columns;
    return {
      ...(this.#commons[row] as Common),
      learning: this.#learningOf(row),
      alternatives: this.#alternatives[row],
      identity: identity.slice(row * IDENTITY_BYTES, (row + 1) * IDENTITY_BYTES),
      at: at[row] as number,
      selectedId: selectedId[row] as number,
      selectedIndex: selectedIndex[row] as number,
      costMicrocents: cost[row] as bigint,
      valueMicrocents: value[row] as bigint,
      qualityMinBps: qualityMin[row] as number,
    };
  }

  drop(row: number): void {
    this.#commons[row] = undefined;
    this.#alternatives[row] = undefined;
    this.#odd.delete(row);
    this.#free.push(row);
  }

  #addLearning(row: number, { propensity, explored, holdout, expected }: Recommendation): void {
    const columns = this.#columns;
    columns.propensity[row] = propensity;
    columns.flags[row] = (explored ? EXPLORED : 0) | (holdout ? HOLDOUT : 0) | (expected === undefined ? 0 : EXPECTED);
    if (expected === undefined) return;
    const { length } = expected;
    const isOdd = length > TIER_COUNT_MAX || expected.some((each) => each !== (each << 16) >> 16);
    if (isOdd) this.#odd.set(row, [...expected]);
    columns.expectedCount[row] = isOdd ? 0 : length;
    if (!isOdd) columns.expected.set(expected, row * TIER_COUNT_MAX);
  }

  #learningOf(row: number): KeptRecommendation | undefined {
    const { regime, propensity, flags, expected, expectedCount } = this.#columns;
    if (regime[row] === NO_REGIME) return undefined;
    const flag = flags[row] as number;
    const from = row * TIER_COUNT_MAX;
    const levels = this.#odd.get(row) ?? [...expected.subarray(from, from + (expectedCount[row] as number))];
    return {
      regime: regime[row] as number,
      propensity: propensity[row] as number,
      explored: (flag & EXPLORED) !== 0,
      holdout: (flag & HOLDOUT) !== 0,
      ...((flag & EXPECTED) === 0 ? {} : { expected: levels }),
    };
  }

  #newRow(): number {
    const { length } = this.#columns.at;
    if (this.#used === length) this.#columns = grown(this.#columns, 2 * length);
    this.#used += 1;
    return this.#used - 1;
  }

  #commonOf(useCase: string, snapshot: PolicySnapshot): Common {
    const known = this.#byUseCase.get(useCase);
    if (known?.snapshot === snapshot) return known;
    if (this.#byUseCase.size >= NAMES_MAX) this.#byUseCase.clear();
    // A substring would keep the whole entry's text in memory; a parsed string is a copy.
    const name = JSON.parse(JSON.stringify(useCase)) as string;
    const common = { useCase: name, snapshot };
    this.#byUseCase.set(name, common);
    return common;
  }
}

interface Columns {
  readonly at: Float64Array;
  readonly selectedId: Uint32Array;
  readonly selectedIndex: Int32Array;
  readonly cost: BigUint64Array;
  readonly value: BigInt64Array;
  readonly qualityMin: Uint32Array;
  readonly identity: Uint8Array;
  readonly regime: Int8Array;
  readonly propensity: Float64Array;
  readonly flags: Uint8Array;
  readonly expected: Int16Array;
  readonly expectedCount: Uint8Array;
}

function columnsOf(capacity: number): Columns {
  return {
    at: new Float64Array(capacity),
    selectedId: new Uint32Array(capacity),
    selectedIndex: new Int32Array(capacity),
    cost: new BigUint64Array(capacity),
    value: new BigInt64Array(capacity),
    qualityMin: new Uint32Array(capacity),
    identity: new Uint8Array(capacity * IDENTITY_BYTES),
    regime: new Int8Array(capacity),
    propensity: new Float64Array(capacity),
    flags: new Uint8Array(capacity),
    expected: new Int16Array(capacity * TIER_COUNT_MAX),
    expectedCount: new Uint8Array(capacity),
  };
}

function grown(from: Columns, capacity: number): Columns {
  const to = columnsOf(capacity);
  for (const key of Object.keys(from) as (keyof Columns)[]) to[key].set(from[key] as never);
  return to;
}
