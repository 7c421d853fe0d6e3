/**
 * Reads the fields of a request: the value, or a mistake and a harmless placeholder, so that one pass finds every
 * mistake. On the path of every decision.
 * @module
 */
import {
  FEATURE_MISSING,
  isName,
  isTagName,
  type JsonPath,
  type Mask,
  mask,
  NAME_WANTED,
  TAGS_MAX,
} from "@calybris/kernel";
import { isObject } from "./members.ts";
import { type Mistakes, showValue } from "./mistakes.ts";
import { type MoneyField, plainMoney, readMoney } from "./money.ts";
import type { SnapshotIndex } from "./snapshot-index.ts";

export function requestedIdOf(
  requested: unknown,
  index: SnapshotIndex,
  candidateNames: readonly string[],
  mistakes: Mistakes,
): number {
  if (requested === undefined) return 0;
  const id = typeof requested === "number" ? requested : index.candidateIds.get(requested as string);
  if (id !== undefined && index.ids.has(id)) return id;
  unknownName(["requested"], requested, candidateNames, mistakes);
  return 0;
}

/** The fields of a request that features are read from. */
export interface RequestFeatures {
  readonly features?: { readonly [name: string]: number } | undefined;
  readonly inputTokens: number;
  readonly outputTokens?: number | undefined;
}

/** The features in the policy's order, missing ones marked as such; the token counts if the policy names no features. */
export function featuresOf(
  { featureNames, features: known }: SnapshotIndex,
  { features: given, inputTokens, outputTokens }: RequestFeatures,
  mistakes: Mistakes,
): readonly number[] | undefined {
  const features = given ?? NO_FEATURES;
  if (given === null || !isObject(features)) {
    mistakes.add(["features"], `is ${showValue(given)}`, "Send an object of whole numbers.");
    return undefined;
  }
  for (const name of given === undefined ? NO_NAMES : Object.keys(features)) {
    if (mistakes.isFull) return undefined;
    const value = features[name];
    if (!known.has(name))
      mistakes.add(["features", name], "is an unknown feature", mistakes.remedyFor(name, featureNames ?? []));
    else if (!isFeature(value)) mistakes.add(["features", name], `is ${showValue(value)}`, FEATURE_REMEDY);
  }
  if (featureNames === undefined) return undefined;
  if (featureNames.length === 0) return [inputTokens, outputTokens ?? FEATURE_MISSING];
  return featureNames.map((name) => (Object.hasOwn(features, name) ? features[name] : undefined) ?? FEATURE_MISSING);
}

const NO_NAMES: readonly string[] = [];
const NO_FEATURES: { readonly [name: string]: number } = Object.freeze({});
/** Largest absolute value of a feature. */
export const FEATURE_MAX: number = 2 ** 31 - 1;

const FEATURE_REMEDY = `Send a whole number from −${FEATURE_MAX} to ${FEATURE_MAX}.`;

function isFeature(value: unknown): boolean {
  return Number.isInteger(value) && Math.abs(value as number) <= FEATURE_MAX && !Object.is(value, -0);
}

export function checkTextScore(value: unknown, mistakes: Mistakes): void {
  if (value !== undefined && !isFeature(value)) mistakes.add(["textScore"], `is ${showValue(value)}`, FEATURE_REMEDY);
}

/** No requirement. */
export const NONE: Mask = mask(0n);

export function checkName(value: unknown, path: string, mistakes: Mistakes): void {
  if (value !== undefined && !isName(value)) mistakes.add([path], `is ${showValue(value)}`, `Send ${NAME_WANTED}.`);
}

export function checkTags(value: unknown, mistakes: Mistakes): void {
  if (value === undefined) return;
  if (!isObject(value) || Array.isArray(value) || Object.keys(value).length > TAGS_MAX) {
    mistakes.add(["tags"], `is ${showValue(value)}`, `Send an object of up to ${TAGS_MAX} texts.`);
    return;
  }
  for (const [name, tag] of Object.entries(value)) {
    if (!isTagName(name))
      mistakes.add(
        ["tags", name],
        "has a name that no tag has",
        "Use 1 to 64 letters, digits, _, ., : and -, a letter or digit first.",
      );
    else if (!isName(tag)) mistakes.add(["tags", name], `is ${showValue(tag)}`, `Send ${NAME_WANTED}.`);
  }
}

export function whole(value: number | undefined, path: string, max: number, mistakes: Mistakes): number | undefined {
  if (value === undefined) return undefined;
  // Adding 0 turns −0 into 0; everywhere else the two are different values.
  if (Number.isInteger(value) && value >= 0 && value <= max) return value + 0;
  mistakes.add([path], `is ${showValue(value)}`, `Send a whole number from 0 to ${max}.`);
  return 0;
}

export function money(
  members: { readonly [key: string]: unknown },
  field: MoneyField,
  mistakes: Mistakes,
): bigint | undefined {
  const plain = plainMoney(members, field);
  if (plain !== undefined) return plain;
  const reading = readMoney(members, field);
  if (reading === undefined) return undefined;
  if ("microcents" in reading) return reading.microcents;
  mistakes.add([reading.mistake.path], reading.mistake.problem, reading.mistake.remedy);
  return 0n;
}

export function bits(
  names: readonly string[] | undefined,
  path: string,
  bitOf: ReadonlyMap<string, bigint>,
  otherwise: Mask,
  mistakes: Mistakes,
): Mask {
  if (names === undefined) return otherwise;
  if (!Array.isArray(names) || (names.length === 0 && path !== "capabilities")) {
    const problem = Array.isArray(names) ? "is an empty list" : `is ${showValue(names)}`;
    mistakes.add([path], problem, "Send a list of names, or leave it out for no restriction.");
    return otherwise;
  }
  let chosen = 0n;
  for (let position = 0; position < names.length; position++) {
    const bit = bitOf.get(names[position] as string);
    if (bit !== undefined) chosen = chosen === 0n ? bit : chosen | bit;
    else if (mistakes.isFull) break;
    else unknownName([path, position], names[position], [...bitOf.keys()], mistakes);
  }
  return mask(chosen);
}

export function unknownName(path: JsonPath, written: unknown, known: readonly string[], mistakes: Mistakes): void {
  const remedy = mistakes.remedyFor(typeof written === "string" ? written : "", known);
  mistakes.add(path, `is ${showValue(written)}, which the policy does not have`, remedy);
}
