import { expect, test } from "vitest";
import { DENSITY_ONE, normalShare, normalTable, Z_MAX, Z_ONE } from "../src/normal-table.ts";

// Goal: every entry is the real value rounded to the nearest integer.
// Method: the table is an integral by the trapezoid rule; here each entry comes from a series of its own, with 200 bits:
// Φ(z) = ½ + φ(z)·Σ z^{2n+1}/(1·3·5···(2n+1)) (Marsaglia, J. Stat. Softw. 11(4), 2004), and e^{−z²/2} = 1/Σ (z²/2)^n/n!.
const BITS = 200n;
const ONE = 1n << BITS;
const ROOT_TWO_PI = squareRoot(2n * pi() * ONE);

function squareRoot(value: bigint): bigint {
  let root = 1n << BigInt((value.toString(2).length + 1) >> 1);
  for (;;) {
    const next = (root + value / root) >> 1n;
    if (next >= root) return root;
    root = next;
  }
}

/** Machin: π/4 = 4·arctan(1/5) − arctan(1/239). */
function pi(): bigint {
  const arctan = (inverse: bigint): bigint => {
    let [sum, power, sign] = [0n, ONE / inverse, 1n];
    for (let odd = 1n; power !== 0n; odd += 2n) {
      sum += (sign * power) / odd;
      power /= inverse * inverse;
      sign = -sign;
    }
    return sum;
  };
  return 4n * (4n * arctan(5n) - arctan(239n));
}

function densityOf(index: number): bigint {
  const half = (BigInt(index) * BigInt(index) * ONE) / (2n * BigInt(Z_ONE) ** 2n);
  let [sum, term] = [0n, ONE];
  for (let order = 1n; term !== 0n; order += 1n) {
    sum += term;
    term = (term * half) / ONE / order;
  }
  return (ONE * ONE) / sum;
}

function shareOf(index: number): bigint {
  const z = (BigInt(index) * ONE) / BigInt(Z_ONE);
  const square = (z * z) / ONE;
  let [sum, term] = [0n, z];
  for (let odd = 3n; term !== 0n; odd += 2n) {
    sum += term;
    term = (term * square) / ONE / odd;
  }
  return ONE / 2n + (((densityOf(index) * ONE) / ROOT_TWO_PI) * sum) / ONE;
}

const nearest = (value: bigint, bits: bigint): number => Number((value + (1n << (BITS - bits - 1n))) >> (BITS - bits));

test("every thirteenth entry, and both ends, are the real value rounded to the nearest integer", () => {
  const { cumulative, density } = normalTable();
  const wrong: number[] = [];
  for (let index = 0; index <= Z_MAX; index += index + 13 > Z_MAX && index < Z_MAX ? Z_MAX - index : 13) {
    if (cumulative[Z_MAX + index] !== nearest(shareOf(index), 32n)) wrong.push(index);
    if (density[Z_MAX + index] !== nearest(densityOf(index), 26n)) wrong.push(index);
  }
  expect(wrong).toEqual([]);
});

test("the two halves mirror each other, and the cumulative share never falls", () => {
  const { cumulative, density } = normalTable();
  expect([cumulative.length, density.length]).toEqual([12_289, 12_289]);
  const broken: number[] = [];
  for (let at = 1; at < cumulative.length; at++) {
    const mirrored = cumulative.length - 1 - at;
    if ((cumulative[at] as number) < (cumulative[at - 1] as number)) broken.push(at);
    if ((cumulative[at] as number) + (cumulative[mirrored] as number) !== 2 ** 32) broken.push(at);
    if (density[at] !== density[mirrored]) broken.push(at);
  }
  expect(broken).toEqual([]);
  expect(density[Z_MAX]).toBe(DENSITY_ONE);
});

test("beyond six deviations the share is that of six", () => {
  expect([normalShare(0), normalShare(-9 * Z_ONE), normalShare(9 * Z_ONE)]).toEqual([2 ** 31, 4, 2 ** 32 - 4]);
});
