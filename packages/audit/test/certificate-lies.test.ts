import type { CertificateEntry, DecisionEntry, EntryBody, ExactJson, PriorEntry } from "@calybris/kernel";
import { loadPrior } from "@calybris/engine";
import { sha256 } from "@calybris/kernel";
import fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import { linearPrior, treesPrior } from "../../engine/test/support/linear-prior.ts";
import { priorDigest } from "../src/learning/prior-digest.ts";
import { readPrior } from "../src/learning/prior-json.ts";
import { governedJournal } from "./learning-journal.ts";
import { auditOf, type Written, written } from "./rechain.ts";

// Goal: no prior passes under the name of another, and no certificate speaks of regimes that are not its own.

let honest: readonly Written[];
beforeAll(async () => {
  honest = written(await governedJournal());
});

const places = (kind: EntryBody["kind"]): readonly number[] =>
  honest.flatMap(({ body }, at) => (body.kind === kind ? [at] : []));

function audited(at: number, lie: (body: EntryBody) => EntryBody): ReturnType<typeof auditOf> {
  return auditOf(honest.map((entry, index) => (index === at ? { ...entry, body: lie(entry.body) } : entry)));
}

test("the honest journal is intact: two priors, a certificate each, regimes that change their meaning", () => {
  const report = auditOf(honest);
  expect(report.findings).toEqual([]);
  expect([places("prior").length, places("certificate").length]).toEqual([2, 2]);
  const sources = honest.map(({ body }) => (body as DecisionEntry).learning?.source);
  expect(sources).toContain("certified");
});

test.each([
  ["a prior under another digest", "prior", (body) => ({ ...(body as PriorEntry), digest: "0".repeat(64) })],
  [
    "another prior under its digest",
    "prior",
    (body) => ({ ...(body as PriorEntry), prior: { ...((body as PriorEntry).prior as object), categoryOtherBps: 1 } }),
  ],
  [
    "a prior whose file has another digest",
    "prior",
    (body) => ({
      ...(body as PriorEntry),
      prior: { ...((body as PriorEntry).prior as object), digest: "0".repeat(64) },
    }),
  ],
  [
    "a prior with a member that there is not",
    "prior",
    (body) => ({ ...(body as PriorEntry), prior: { ...((body as PriorEntry).prior as object), colour: 1 } }),
  ],
  [
    "a certificate of another prior",
    "certificate",
    (body) => ({ ...(body as CertificateEntry), prior: "0".repeat(64) }),
  ],
  [
    "a certificate that names no prior",
    "certificate",
    (body) => {
      const { prior: _prior, ...rest } = body as CertificateEntry;
      return rest;
    },
  ],
] as readonly [string, EntryBody["kind"], (body: EntryBody) => EntryBody][])(
  "%s is found at its entry",
  (_name, kind, lie) => {
    for (const at of places(kind)) {
      const report = audited(at, lie);
      expect(report.status).toBe("broken");
      expect(report.findings[0]?.sequence).toBe(at + 1);
    }
  },
);

test("a certificate that allows more than it did shows in the first decision that it would have let down", () => {
  const [first = 0] = places("certificate");
  const report = audited(first, (body) => ({ ...(body as CertificateEntry), regimes: 8 }));
  expect(report.status).toBe("broken");
});

test("a prior of other features than the policy names is found, under whatever digest", () => {
  const [at = 0] = places("prior");
  const prior = linearPrior({ names: ["size"] }) as { readonly digest: string };
  const report = audited(at, (body) => ({ ...(body as PriorEntry), digest: prior.digest, prior: prior as never }));
  expect(report.findings[0]).toMatchObject({ sequence: at + 1, problem: "learning", expected: 'features ["load"]' });
});

describe("a prior that cannot be evaluated is none", () => {
  const linear = linearPrior({ names: ["load"], text: true }) as { readonly [member: string]: ExactJson };
  const trees = treesPrior(["load"]) as { readonly [member: string]: ExactJson };
  const head = (change: object): object => ({ ...trees, head: { ...(trees["head"] as object), ...change } });
  test.each<[string, object]>([
    ["nothing at all", {}],
    ["a tree that leads back", head({ nodeLeft: [0, 0, 0, 4, 0, 0] })],
    ["a child beyond the last node", head({ nodeLeft: [1, 0, 0, 5, 0, 0] })],
    ["a root that is not there", head({ roots: [6] })],
    ["lists of nodes of unequal length", head({ leafMillibps: [1] })],
    ["a node that asks for a feature there is not", head({ nodeFeature: [9, -1, -1, 0, -1, -1] })],
    ["a spread of nothing", { ...linear, features: [{ name: "load", center: 0, spread: 0 }] }],
    ["one feature twice", { ...linear, features: [0, 1].map(() => ({ name: "load", center: 0, spread: 1 })) }],
    ["no weight a feature", { ...linear, head: { kind: "linear", interceptMillibps: 0, weightsMillibps: [] } }],
    ["a head of another kind", { ...linear, head: { kind: "forest", interceptMillibps: 0, weightsMillibps: [1] } }],
    ["boundaries that fall", { ...linear, boundariesBps: [7, 6, 5, 4, 3, 2, 1] }],
    ["six boundaries", { ...linear, boundariesBps: [1, 2, 3, 4, 5, 6] }],
    ["another format", { ...linear, format: 2 }],
    ["more buckets than its text has", { ...linear, text: { ...(linear["text"] as object), buckets: 16 } }],
  ])("%s", (_what, json) => {
    expect(() => readPrior(linear)).not.toThrow();
    expect(() => readPrior(trees)).not.toThrow();
    expect(() => readPrior(json as ExactJson)).toThrow(RangeError);
  });
});

test("a certificate before any regimes are known is none", () => {
  const at = 1;
  const early: CertificateEntry = {
    kind: "certificate",
    regimes: 1,
    alphaBps: 1,
    deltaBps: 1,
    samples: 1,
    actor: "system:eve",
  };
  expect(audited(at, () => early).findings[0]).toMatchObject({ sequence: at + 1, problem: "learning" });
});

test("the digest of a prior is the engine's, whatever its head and text", () => {
  const name = fc.string({ unit: "grapheme", minLength: 1, maxLength: 8 }).filter((text) => text.isWellFormed());
  const names = fc.uniqueArray(name, { minLength: 1, maxLength: 4 });
  const prior = fc.oneof(
    fc.record({ names, weight: fc.integer({ min: -2e9, max: 2e9 }), text: fc.boolean() }).map(linearPrior),
    names.map(treesPrior),
  );
  fc.assert(
    fc.property(prior, (file) => {
      expect(priorDigest(readPrior(file as ExactJson), sha256)).toBe(loadPrior(file).digestHex);
    }),
  );
});
