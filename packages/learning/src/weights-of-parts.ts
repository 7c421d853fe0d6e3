/**
 * The weights of parts of a sum: least squares around the parts' means, each weight shrunk to a center, and none below 0.
 * @module
 */

export interface WeightsOptions {
  readonly center: number;
  /** Strength of the shrinkage, in rows of the part's typical spread. */
  readonly heldByRows: number;
}

/** Removes parts with negative weights one at a time, the most negative first, and solves again without them. */
export function weightsOfParts(
  parts: readonly Float64Array[],
  targets: Float64Array,
  rowWeights: Float64Array,
  options: WeightsOptions,
): readonly number[] {
  const weights = new Array<number>(parts.length).fill(0);
  let kept = parts.map((_, at) => at);
  while (kept.length > 0) {
    const solved = solve(
      kept.map((at) => parts[at] ?? new Float64Array(targets.length)),
      targets,
      rowWeights,
      options,
    );
    const least = solved.indexOf(Math.min(...solved));
    if ((solved[least] ?? 0) >= 0) {
      for (const [at, part] of kept.entries()) weights[part] = solved[at] ?? 0;
      break;
    }
    kept = kept.filter((_, at) => at !== least);
  }
  return weights;
}

/** (X'WX + penalty) w = X'Wy + penalty · center, by elimination: the matrix is positive definite. */
function solve(
  parts: readonly Float64Array[],
  targets: Float64Array,
  rowWeights: Float64Array,
  { center, heldByRows }: WeightsOptions,
): readonly number[] {
  const weightSum = rowWeights.reduce((sum, weight) => sum + weight, 0);
  const centered = [...parts, targets].map((values) => {
    const mean = weighted(values, undefined, rowWeights) / Math.max(1e-12, weightSum);
    return values.map((value) => value - mean);
  });
  const last = parts.length;
  const rows = parts.map((_, one) => centered.map((other) => weighted(centered[one] ?? targets, other, rowWeights)));
  for (const [at, row] of rows.entries()) {
    const penalty = (heldByRows * (row[at] ?? 0)) / Math.max(1, weightSum) + 1e-9;
    row[at] = (row[at] ?? 0) + penalty;
    row[last] = (row[last] ?? 0) + penalty * center;
  }
  for (const [pivot, own] of rows.entries())
    for (const row of rows) {
      if (row === own) continue;
      const factor = (row[pivot] ?? 0) / (own[pivot] ?? 1);
      for (let column = pivot; column <= last; column += 1)
        row[column] = (row[column] ?? 0) - factor * (own[column] ?? 0);
    }
  return rows.map((row, at) => (row[last] ?? 0) / (row[at] ?? 1));
}

function weighted(one: Float64Array, other: Float64Array | undefined, rowWeights: Float64Array): number {
  let sum = 0;
  for (let at = 0; at < one.length; at += 1) sum += (rowWeights[at] ?? 1) * (one[at] ?? 0) * (other?.[at] ?? 1);
  return sum;
}
