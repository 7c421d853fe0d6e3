/**
 * Small gradient-boosted regression trees on integer columns (J. Friedman, Annals of Statistics 29(5), 2001), by histograms:
 * every column is cut at quantiles into at most 64 bins, so that a split takes one pass over the rows.
 *
 * Thresholds are values of the columns, so a tree compares integers ("at most 17?") and needs no floats.
 * @module
 */

export interface TreesOptions {
  readonly treeCount: number;
  readonly leavesMax: number;
  readonly rate: number;
  /** Minimum weight of a leaf. */
  readonly leafWeightMin: number;
  /** Added to the weight of a leaf, so that leaves with few rows are shrunk. */
  readonly penalty: number;
}

export const TREES_DEFAULTS: TreesOptions = Object.freeze({
  treeCount: 150,
  leavesMax: 16,
  rate: 0.15,
  leafWeightMin: 20,
  penalty: 10,
});

/** For few or uninformative rows. */
export const TREES_SMALL: TreesOptions = Object.freeze({
  treeCount: 60,
  leavesMax: 6,
  rate: 0.1,
  leafWeightMin: 40,
  penalty: 20,
});

/** Nodes in flat arrays. A leaf has feature −1, and a right child follows its left one. */
export interface TreesFit {
  readonly intercept: number;
  readonly roots: number[];
  readonly nodeFeature: number[];
  readonly nodeThreshold: number[];
  readonly nodeLeft: number[];
  readonly leaf: number[];
}

const BINS_MAX = 64;

interface Binned {
  readonly bins: Uint8Array;
  /** The highest value of each bin. */
  readonly edges: readonly Int32Array[];
}

/** @param columns - one per feature, with one integer per row. @param weights - one per row; 1 by default. */
export function fitTrees(
  columns: readonly Int32Array[],
  targets: Float64Array,
  weights: Float64Array | undefined,
  options: TreesOptions = TREES_DEFAULTS,
): TreesFit {
  const rowCount = targets.length;
  const binned = binColumns(columns, rowCount);
  let [weightSum, targetSum] = [0, 0];
  for (let row = 0; row < rowCount; row += 1) {
    weightSum += weights?.[row] ?? 1;
    targetSum += (weights?.[row] ?? 1) * (targets[row] ?? 0);
  }
  const intercept = weightSum === 0 ? 0 : targetSum / weightSum;
  const fit: TreesFit = { intercept, roots: [], nodeFeature: [], nodeThreshold: [], nodeLeft: [], leaf: [] };
  const residuals = Float64Array.from(targets, (target) => target - intercept);
  const ground: Ground = {
    ...binned,
    residuals,
    weights,
    rows: Int32Array.from({ length: rowCount }, (_, row) => row),
    spareRows: new Int32Array(rowCount),
    spareResiduals: new Float64Array(rowCount),
    spareWeights: new Float64Array(rowCount),
    options,
  };
  for (let tree = 0; tree < options.treeCount; tree += 1) {
    if (!growTree(fit, ground)) break;
  }
  return fit;
}

/** Sums of one leaf's rows by column and bin: residuals at 2·cell, weights at 2·cell + 1. */
type Histogram = Float64Array;

interface Leaf {
  node: number;
  from: number;
  to: number;
  histogram: Histogram;
  split: Split | undefined;
}

interface Split {
  readonly feature: number;
  readonly bin: number;
  readonly gain: number;
}

/** Shared state of all trees of a fit. */
interface Ground extends Binned {
  readonly residuals: Float64Array;
  readonly weights: Float64Array | undefined;
  /** Row indexes, grouped by leaf. */
  readonly rows: Int32Array;
  readonly spareRows: Int32Array;
  readonly spareResiduals: Float64Array;
  readonly spareWeights: Float64Array;
  readonly options: TreesOptions;
}

/**
 * Grows one tree, best split first, and subtracts its predictions from the residuals. Returns false if nothing can be split.
 */
function growTree(fit: TreesFit, ground: Ground): boolean {
  const { bins, edges, rows, residuals, weights, options } = ground;
  const rowCount = rows.length;
  const histogram = histogramOf(ground, 0, rowCount);
  const split = bestSplit(ground, histogram);
  if (split === undefined) return false;
  const root = newNode(fit);
  fit.roots.push(root);
  const leaves: Leaf[] = [{ node: root, from: 0, to: rowCount, histogram, split }];
  while (leaves.length < options.leavesMax) {
    const next = leaves.reduce((best, leaf) => ((leaf.split?.gain ?? 0) > (best.split?.gain ?? 0) ? leaf : best));
    if (next.split === undefined) break;
    const middle = partition(bins, rowCount, next.split, rows, ground.spareRows, next.from, next.to);
    const [left, right] = [newNode(fit), newNode(fit)];
    fit.nodeFeature[next.node] = next.split.feature;
    fit.nodeThreshold[next.node] = edges[next.split.feature]?.[next.split.bin] ?? 0;
    fit.nodeLeft[next.node] = left;
    leaves.splice(leaves.indexOf(next), 1);
    // Only the smaller child is counted; the larger one is the parent minus the smaller.
    const isLeftSmaller = middle - next.from <= next.to - middle;
    const smaller = isLeftSmaller ? histogramOf(ground, next.from, middle) : histogramOf(ground, middle, next.to);
    const larger = next.histogram;
    for (let at = 0; at < larger.length; at += 1) larger[at] = (larger[at] ?? 0) - (smaller[at] ?? 0);
    const [leftSums, rightSums] = isLeftSmaller ? [smaller, larger] : [larger, smaller];
    leaves.push({ node: left, from: next.from, to: middle, histogram: leftSums, split: bestSplit(ground, leftSums) });
    leaves.push({ node: right, from: middle, to: next.to, histogram: rightSums, split: bestSplit(ground, rightSums) });
  }
  for (const { node, from, to } of leaves) {
    let [sum, weight] = [0, 0];
    for (let at = from; at < to; at += 1) {
      const row = rows[at] ?? 0;
      sum += (weights?.[row] ?? 1) * (residuals[row] ?? 0);
      weight += weights?.[row] ?? 1;
    }
    const value = (options.rate * sum) / (weight + options.penalty);
    fit.leaf[node] = value;
    for (let at = from; at < to; at += 1) residuals[rows[at] ?? 0] = (residuals[rows[at] ?? 0] ?? 0) - value;
  }
  return true;
}

function newNode(fit: TreesFit): number {
  fit.nodeFeature.push(-1);
  fit.nodeThreshold.push(0);
  fit.nodeLeft.push(0);
  fit.leaf.push(0);
  return fit.leaf.length - 1;
}

function histogramOf(ground: Ground, from: number, to: number): Histogram {
  const { bins, edges, residuals, weights, rows, spareResiduals, spareWeights } = ground;
  const histogram = new Float64Array(edges.length * BINS_MAX * 2);
  const rowCount = rows.length;
  const count = to - from;
  for (let at = 0; at < count; at += 1) {
    const row = rows[from + at] as number;
    const weight = weights === undefined ? 1 : (weights[row] as number);
    spareWeights[at] = weight;
    spareResiduals[at] = weight * (residuals[row] as number);
  }
  for (let feature = 0; feature < edges.length; feature += 1) {
    if ((edges[feature] as Int32Array).length < 2) continue;
    const column = feature * rowCount;
    const base = feature * BINS_MAX * 2;
    for (let at = 0; at < count; at += 1) {
      const cell = base + 2 * (bins[column + (rows[from + at] as number)] as number);
      histogram[cell] = (histogram[cell] as number) + (spareResiduals[at] as number);
      histogram[cell + 1] = (histogram[cell + 1] as number) + (spareWeights[at] as number);
    }
  }
  return histogram;
}

function bestSplit({ edges, options }: Ground, histogram: Histogram): Split | undefined {
  const { leafWeightMin, penalty } = options;
  let best: Split | undefined;
  for (let feature = 0; feature < edges.length; feature += 1) {
    const binCount = edges[feature]?.length ?? 0;
    if (binCount < 2) continue;
    const base = feature * BINS_MAX * 2;
    let [sumAll, weightAll] = [0, 0];
    for (let bin = 0; bin < binCount; bin += 1) {
      sumAll += histogram[base + 2 * bin] as number;
      weightAll += histogram[base + 2 * bin + 1] as number;
    }
    const gainBefore = (sumAll * sumAll) / (weightAll + penalty);
    let [sum, weight] = [0, 0];
    for (let bin = 0; bin + 1 < binCount; bin += 1) {
      sum += histogram[base + 2 * bin] as number;
      weight += histogram[base + 2 * bin + 1] as number;
      if (weight < leafWeightMin) continue;
      if (weightAll - weight < leafWeightMin) break;
      const rest = sumAll - sum;
      const gain = (sum * sum) / (weight + penalty) + (rest * rest) / (weightAll - weight + penalty) - gainBefore;
      if (gain > (best?.gain ?? GAIN_MIN)) best = { feature, bin, gain };
    }
  }
  return best;
}

const GAIN_MIN = 1e-6;

/** Moves the left child's rows first, keeping the order within each child. Returns the index of the first right row. */
function partition(
  bins: Uint8Array,
  rowCount: number,
  { feature, bin }: Split,
  rows: Int32Array,
  spare: Int32Array,
  from: number,
  to: number,
): number {
  let [left, right] = [from, 0];
  for (let at = from; at < to; at += 1) {
    const row = rows[at] ?? 0;
    if ((bins[feature * rowCount + row] ?? 0) <= bin) rows[left++] = row;
    else spare[right++] = row;
  }
  rows.set(spare.subarray(0, right), left);
  return left;
}

function binColumns(columns: readonly Int32Array[], rowCount: number): Binned {
  const bins = new Uint8Array(columns.length * rowCount);
  const edges = columns.map((column, feature) => {
    const edge = binEdges(column);
    for (let row = 0; row < rowCount; row += 1) bins[feature * rowCount + row] = binOf(edge, column[row] ?? 0);
    return edge;
  });
  return { bins, edges };
}

const EDGE_ROWS = 20_000;

/** The highest value of each bin: all values if there are few, else quantiles. The last bin is open. */
function binEdges(column: Int32Array): Int32Array {
  const step = Math.max(1, Math.floor(column.length / EDGE_ROWS));
  const sorted = Int32Array.from({ length: Math.ceil(column.length / step) }, (_, at) => column[at * step] ?? 0).sort();
  const distinct = new Set<number>();
  for (const value of sorted) {
    distinct.add(value);
    if (distinct.size > BINS_MAX) break;
  }
  if (distinct.size <= BINS_MAX) return Int32Array.from(distinct);
  for (let at = 1; at <= BINS_MAX; at += 1) {
    if (at === 1) distinct.clear();
    distinct.add(sorted[Math.min(sorted.length - 1, Math.floor((at * sorted.length) / BINS_MAX))] ?? 0);
  }
  return Int32Array.from(distinct).sort();
}

function binOf(edges: Int32Array, value: number): number {
  let [low, high] = [0, edges.length - 1];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (value <= (edges[middle] ?? 0)) high = middle;
    else low = middle + 1;
  }
  return low;
}
