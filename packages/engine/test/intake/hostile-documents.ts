/**
 * Documents that cost a careless reader most, by how large they are: many keys, many duplicates, long names, names nearly
 * alike, huge numbers, names of the language.
 * @module
 */
import { DOCUMENTS, type Json } from "./documents.ts";

export type Hostile = (size: number) => unknown;

const POLICY = DOCUMENTS.policy as { [key: string]: Json };
const CATALOG = POLICY["catalog"] as { [key: string]: Json };
const [CANDIDATE] = CATALOG["candidates"] as { [key: string]: Json }[];
const USE_CASE = (POLICY["useCases"] as { [key: string]: Json })["default"] as { [key: string]: Json };
const REQUEST = DOCUMENTS.request as { [key: string]: Json };

const times = <Item>(size: number, item: (index: number) => Item): Item[] =>
  Array.from({ length: size }, (_, index) => item(index));
const named = <Item>(size: number, item: (index: number) => Item, prefix = "n"): { [name: string]: Item } =>
  Object.fromEntries(times(size, (index) => [`${prefix}${index}`, item(index)]));
const long = (size: number): string => "x".repeat(size);
/** As long as a suggestion may be, and all but the end alike. */
const alike = (index: number): string => `${"ab".repeat(32)}${index}`.slice(-62);
const candidate = (index: number, change: object = {}): object => ({
  ...CANDIDATE,
  id: index + 1,
  name: `c${index}`,
  ...change,
});
const catalog = (change: object): object => ({ ...CATALOG, ...change });
const policy = (change: object): object => ({ ...POLICY, disabled: undefined, ...change });
const withCandidates = (candidates: unknown): object => policy({ catalog: catalog({ candidates }) });
const digits = (size: number): bigint => BigInt(`0x1${"0".repeat(size)}`);

/** Names that every object, or the language, gives a meaning to. */
export const LANGUAGE_NAMES: readonly string[] = [
  "constructor",
  "toString",
  "valueOf",
  "hasOwnProperty",
  "length",
  "__defineGetter__",
];

/** All but `legal` are refused, whatever their size. */
export const POLICIES: Readonly<Record<string, Hostile>> = {
  legal: (size) => withCandidates(times(size, (index) => candidate(index))),
  "one mistake at the end": (size) =>
    withCandidates(times(size, (index) => candidate(index, index === size - 1 ? { provider: "alhpa" } : {}))),
  "unknown keys": (size) => policy(named(size, () => 1)),
  "unknown keys nearly alike": (size) => policy(Object.fromEntries(times(size, (index) => [alike(index), 1]))),
  "unknown keys in each candidate": (size) =>
    withCandidates(times(size, (index) => candidate(index, { [`z${index}`]: 1 }))),
  "candidates that are numbers": (size) => withCandidates(times(size, (index) => index)),
  "candidates that are empty": (size) => withCandidates(times(size, () => ({}))),
  "candidates of one name": (size) => withCandidates(times(size, (index) => candidate(index, { name: "same" }))),
  "candidates of one id": (size) => withCandidates(times(size, (index) => candidate(index, { id: 7 }))),
  "candidates of unknown providers": (size) =>
    withCandidates(times(size, (index) => candidate(index, { provider: `p${index}` }))),
  "candidates with every capability many times": (size) =>
    withCandidates(times(size >> 4, (index) => candidate(index, { capabilities: times(64, () => "fold") }))),
  "more capabilities than there are bits": (size) =>
    withCandidates([candidate(0, { capabilities: times(size, () => "fold") })]),
  "prices of many digits": (size) =>
    withCandidates(
      times(size >> 3, (index) => candidate(index, { inputPriceDollarsPerMillion: long(20).replaceAll("x", "9") })),
    ),
  "a price of an integer without end": (size) =>
    withCandidates([
      candidate(0, { inputPriceDollarsPerMillion: undefined, inputPriceMicrocentsPerMillion: digits(size) }),
    ]),
  providers: (size) => policy({ catalog: catalog({ providers: times(size + 64, (index) => `p${index}`) }) }),
  "one provider many times": (size) => policy({ catalog: catalog({ providers: times(size + 64, () => "alpha") }) }),
  features: (size) => policy({ learning: { features: times(size + 64, (index) => `f${index}`) } }),
  "features that are lists": (size) => policy({ learning: { features: times(size + 64, () => [[]]) } }),
  "disabled names that are not there": (size) => policy({ disabled: times(size, (index) => `d${index}`) }),
  "disabled names nearly those of the candidates": (size) => ({
    ...withCandidates(times(size >> 3, (index) => candidate(index, { name: alike(index) }))),
    disabled: times(size >> 3, (index) => alike(index + 10_000_000)),
  }),
  "disabled names of endless length": (size) => ({
    ...withCandidates(times(20, (index) => candidate(index, { name: long(100) + index }))),
    disabled: times(20, (index) => long(size) + index),
  }),
  "use cases": (size) => policy({ useCases: { default: USE_CASE, ...named(size + 1_000, () => USE_CASE) } }),
  "use cases that are empty": (size) => policy({ useCases: named(Math.min(size, 999), () => ({})) }),
  "use cases of endless names": (size) => policy({ useCases: named(200, () => ({}), long(size >> 4)) }),
  "names of the language": () => policy({ useCases: Object.fromEntries(LANGUAGE_NAMES.map((name) => [name, 1])) }),
  "a name without end": (size) => policy({ name: long(size) }),
  "text where numbers belong": (size) =>
    withCandidates(times(size >> 3, (index) => candidate(index, { qualityBps: long(100) }))),
  "a number without end": (size) => policy({ riskHardLimitBps: digits(size) }),
};

const budgets = (tenants: unknown): object => ({ tenants });

/** All but `legal` are refused, whatever their size. */
export const BUDGETS: Readonly<Record<string, Hostile>> = {
  legal: (size) => budgets(named(size, (index) => (index % 10 === 0 ? {} : { parent: `n${index - (index % 10)}` }))),
  "one circle at the end": (size) => budgets({ ...named(size, () => ({})), a: { parent: "b" }, b: { parent: "a" } }),
  "one chain": (size) => budgets(named(size, (index) => (index === 0 ? {} : { parent: `n${index - 1}` }))),
  "parents that are not there": (size) => budgets(named(size, (index) => ({ parent: `p${index}` }))),
  "zones that are not there": (size) =>
    budgets(named(size, (index) => ({ period: { every: "day", timeZone: `Europe/P${index}`, allotmentCents: "1" } }))),
  "one zone in every spelling, and a mistake": (size) =>
    budgets({
      ...named(size, (index) => ({
        period: { every: "day", timeZone: spelling("europe/berlin", index), allotmentCents: "1" },
      })),
      last: 7,
    }),
  "unknown keys": (size) => budgets(named(size, (index) => ({ [`k${index}`]: 1 }))),
  "tenants that are numbers": (size) => budgets(named(size, (index) => index)),
  "names without end": (size) => budgets(named(50, () => ({ parent: long(size) }), long(size))),
};

/** A text in capitals where the bits of a number are set. */
function spelling(text: string, bits: number): string {
  return [...text].map((letter, at) => ((bits >> at) & 1 ? letter.toUpperCase() : letter)).join("");
}

/** All are refused, whatever their size. */
export const REQUESTS: Readonly<Record<string, Hostile>> = {
  "unknown keys": (size) => ({ ...REQUEST, ...named(size, () => 1) }),
  "unknown keys nearly alike": (size) => ({
    ...REQUEST,
    ...Object.fromEntries(times(size, (index) => [alike(index), 1])),
  }),
  capabilities: (size) => ({ ...REQUEST, capabilities: times(size, () => "fold") }),
  providers: (size) => ({ ...REQUEST, providers: times(size, (index) => `p${index}`) }),
  features: (size) => ({ ...REQUEST, features: named(size, () => 1) }),
  "lists of lists": (size) => ({ ...REQUEST, regions: times(size, () => [[[]]]) }),
  "a list where a number belongs": (size) => ({ ...REQUEST, riskBps: times(size, () => 1) }),
  "a name without end": (size) => ({ ...REQUEST, requestId: long(size + 128) }),
  "a use case without end": (size) => ({ ...REQUEST, useCase: long(size) }),
  "a candidate without end": (size) => ({ ...REQUEST, requested: long(size) }),
  "a key without end": (size) => ({ ...REQUEST, [long(size)]: 1 }),
  "an amount without end": (size) => ({ ...REQUEST, budgetDollars: undefined, budgetMicrocents: digits(size) }),
  "digits without end": (size) => ({ ...REQUEST, budgetDollars: "9".repeat(size + 21) }),
  "a number that is none": (size) => ({ ...REQUEST, inputTokens: digits(size) }),
  "names of the language": () => ({
    ...REQUEST,
    features: Object.fromEntries(LANGUAGE_NAMES.map((name) => [name, 1])),
  }),
};

const PRIOR = {
  format: 1,
  digest: "",
  features: [{ name: "length", center: 100, spread: 50 }],
  categories: [{ name: "hard", gainBps: 2_000 }],
  categoryOtherBps: -500,
  head: { kind: "linear", interceptMillibps: 0, weightsMillibps: [1] },
  boundariesBps: [1, 2, 3, 4, 5, 6, 7],
};
const trees = (change: object): object => ({
  ...PRIOR,
  head: {
    kind: "trees",
    interceptMillibps: 0,
    roots: [0],
    nodeFeature: [-1],
    nodeThreshold: [0],
    nodeLeft: [0],
    leafMillibps: [0],
    ...change,
  },
});

/** All are refused, whatever their size; a digest that is not the content's refuses the rest. */
export const PRIORS: Readonly<Record<string, Hostile>> = {
  "unknown keys": (size) => ({ ...PRIOR, ...named(size, () => 1) }),
  features: (size) => ({
    ...PRIOR,
    features: times(size + 256, (index) => ({ name: `f${index}`, center: 0, spread: 1 })),
  }),
  "categories of one name": (size) => ({ ...PRIOR, categories: times(size, () => ({ name: "same", gainBps: 0 })) }),
  categories: (size) => ({ ...PRIOR, categories: times(size >> 1, (index) => ({ name: `c${index}`, gainBps: 0 })) }),
  "a category without end": (size) => ({ ...PRIOR, categories: [{ name: long(size), gainBps: 0 }] }),
  weights: (size) => ({ ...PRIOR, head: { ...PRIOR.head, weightsMillibps: times(size, () => 1) } }),
  boundaries: (size) => ({ ...PRIOR, boundariesBps: times(size, (index) => index) }),
  trees: (size) => trees({ roots: times(size, () => 0) }),
  "nodes that lead back": (size) =>
    trees({
      nodeFeature: times(size, () => 0),
      nodeThreshold: times(size, () => 0),
      nodeLeft: times(size, () => 0),
      leafMillibps: times(size, () => 0),
    }),
  "nodes that are text": (size) => trees({ nodeFeature: times(size, () => long(100)) }),
  "another head": (size) => ({ ...PRIOR, head: { kind: long(size) } }),
  "packed text": (size) => ({ ...PRIOR, text: { buckets: 64, rarities: long(size), weights: long(size) } }),
};

/** All are refused, whatever their size. */
export const OUTCOMES: Readonly<Record<string, Hostile>> = {
  "unknown keys": (size) => ({ decisionId: "2-00000000", ...named(size, () => 1) }),
  signals: (size) => ({ decisionId: "2-00000000", signals: times(size, () => "retried") }),
  "an id without end": (size) => ({ decisionId: long(size) }),
  "a cost without end": (size) => ({ decisionId: "2-00000000", costMicrocents: digits(size) }),
  "a disposition without end": (size) => ({ decisionId: "2-00000000", disposition: long(size) }),
};

/** All are refused, whatever their size. */
export const ROW_MAPS: Readonly<Record<string, Hostile>> = {
  "fields that are none": (size) => named(size, () => "column"),
  "columns that are lists": (size) => named(size, () => times(3, () => 1)),
  "constants beside others": (size) => ({ inputTokens: named(size, () => 1) }),
};
