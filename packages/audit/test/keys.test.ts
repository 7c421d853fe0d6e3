import type { EntryBody, KeyEntry } from "@calybris/kernel";
import { expect, test } from "vitest";
import { auditLines } from "./histories/search-histories.ts";
import { journal, promotion, sampleBodies } from "./small-journal.ts";

// Goal: an actor is a key that was introduced before and not revoked since.

const CAUSE = { actor: "system:ana" } as const;
const introduced = (name = "service"): KeyEntry => ({
  kind: "key",
  change: "introduced",
  name,
  sha256: "ab".repeat(32),
  scopes: ["decide", "audit"],
  ...CAUSE,
});
const created = (name = "made"): KeyEntry => ({ ...introduced(name), change: "created", allowed: ["a*"] }) as KeyEntry;
const revoked = (of: number): KeyEntry => ({ kind: "key", change: "revoked", of, ...CAUSE });
const promotedBy = (actor: number): EntryBody => ({ ...promotion(2), actor }) as EntryBody;
const genesis = sampleBodies().slice(0, 1);

/** What an audit finds wrong with who acted: the entry, and its actor. */
function found(...bodies: readonly EntryBody[]): readonly unknown[] {
  const lines = journal([...genesis, ...bodies]).map((line) => line.trimEnd());
  return auditLines(lines).findings.map(({ sequence, problem, found }) => [sequence, problem, found]);
}

test("a key acts from its introduction to its revocation, and the report names it", () => {
  expect(found(introduced(), promotedBy(2), revoked(2), introduced())).toEqual([]);
  expect(found(created(), promotedBy(2), revoked(2), created())).toEqual([]);
  const lines = journal([...genesis, introduced(), { ...promotedBy(2), onBehalfOf: "bob" } as EntryBody]);
  expect(auditLines(lines.map((line) => line.trimEnd())).policies.at(-1)).toMatchObject({
    actor: 2,
    keyName: "service",
    onBehalfOf: "bob",
  });
});

test.each<[string, readonly EntryBody[], readonly unknown[]]>([
  ["that no entry introduced", [promotedBy(7)], [2, "actor", "the actor 7"]],
  ["that is introduced later", [promotedBy(3), introduced()], [2, "actor", "the actor 3"]],
  ["that is no key's entry", [introduced(), promotedBy(1)], [3, "actor", "the actor 1"]],
  ["that was revoked", [introduced(), revoked(2), promotedBy(2)], [4, "actor", "the actor 2"]],
  ["that is introduced twice", [introduced(), introduced()], [3, "actor", "entry 2 introduced it"]],
  ["that is created twice", [created(), created()], [3, "actor", "entry 2 introduced it"]],
  ["that is revoked twice", [introduced(), revoked(2), revoked(2)], [4, "actor", "of entry 2"]],
])("an actor %s is found", (_what, bodies, expected) => {
  expect(found(...bodies)).toEqual([expected]);
});
