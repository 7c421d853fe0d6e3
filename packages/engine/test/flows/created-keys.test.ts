import type { KeyIdentity, KeyTerms } from "@calybris/kernel";
import { describe, expect, test } from "vitest";
import { CommandWorld } from "../support/command-world.ts";
import { sampleSnapshot } from "../support/sample-snapshot.ts";

// Goal: a key that a command creates acts from its entry to its revocation, across restarts and reloads, and the journal alone
// knows it.

const digestOf = (digit: string): string => digit.repeat(64);
const KEY: KeyIdentity & KeyTerms = {
  name: "team-a",
  sha256: digestOf("a"),
  tenants: ["acme"],
  scopes: ["decide"],
  expiresAt: 9_000_000_000_000_000,
  allowed: ["claude-*", "gpt-6"],
  perSecond: 20,
  useCase: "coding",
};
const { expiresAt, allowed, perSecond, useCase, ...IDENTITY } = KEY;
const TERMS: KeyTerms = { expiresAt, allowed, perSecond, useCase } as KeyTerms;
const ANA = { actor: "system:ana" } as const;

const open = (): Promise<CommandWorld> => CommandWorld.open({ policy: sampleSnapshot() });

/** The `key` entries, without what every entry has. */
function keyEntries(world: CommandWorld): readonly unknown[] {
  return world
    .entries()
    .map((data) => JSON.parse(data) as { readonly kind: string })
    .filter(({ kind }) => kind === "key")
    .map((data) => {
      const {
        at: _at,
        durable: _durable,
        kind: _kind,
        ...rest
      } = data as unknown as { readonly [key: string]: unknown };
      return rest;
    });
}

describe("a created key", () => {
  test("is an entry with its terms and its maker, and acts by that entry's sequence", async () => {
    const world = await open();
    const { keys } = world.engine;
    expect(await keys.create(KEY, { ...ANA, onBehalfOf: "bob" })).toBe(2);
    expect(keyEntries(world)).toEqual([
      { sequence: 2, change: "created", ...KEY, actor: "system:ana", onBehalfOf: "bob" },
    ]);
    expect(keys.created()).toEqual([{ sequence: 2, identity: IDENTITY, terms: TERMS }]);
    expect(keys.introduce(IDENTITY)).toBe(2);
    expect(keyEntries(world)).toHaveLength(1);
    await world.engine.close();
  });

  test("survives a restart and a reload, which revokes keys that no configuration has", async () => {
    const world = await open();
    await world.engine.keys.create(KEY, ANA);
    world.engine.keys.introduce({ name: "of-a-file", sha256: digestOf("f"), scopes: ["audit"] });
    await world.engine.reconfigure({ keys: [] }, () => ANA);
    await world.engine.close();
    const again = await CommandWorld.open({}, world.disk);
    expect(again.engine.keys.created()).toEqual([{ sequence: 2, identity: IDENTITY, terms: TERMS }]);
    expect(keyEntries(again).at(-1)).toMatchObject({ change: "revoked", of: 3 });
    await again.engine.close();
  });

  test("that is revoked acts no more, and its name may be used again", async () => {
    const world = await open();
    const { keys } = world.engine;
    const sequence = await keys.create(KEY, ANA);
    await keys.revoke(sequence, ANA);
    expect(keys.created()).toEqual([]);
    expect(() => keys.actorOf(sequence)).toThrowError(expect.objectContaining({ code: "CAL_ENGINE_ACTOR" }) as Error);
    await expect(keys.revoke(sequence, ANA)).rejects.toMatchObject({ code: "CAL_LEDGER_INVALID" });
    expect(await keys.create(KEY, ANA)).toBe(sequence + 2);
    await world.engine.close();
  });

  test("is rotated in one step, also by itself", async () => {
    const world = await open();
    const { keys } = world.engine;
    const before = await keys.create({ ...KEY, scopes: ["operate"] }, ANA);
    const after = await keys.create({ ...KEY, scopes: ["operate"], sha256: digestOf("b") }, { actor: before }, before);
    expect(keys.created().map(({ sequence }) => sequence)).toEqual([after]);
    expect(keyEntries(world).slice(1)).toMatchObject([
      { sequence: after, change: "created", sha256: digestOf("b"), actor: before },
      { sequence: after + 1, change: "revoked", of: before, actor: before },
    ]);
    await world.engine.close();
  });

  test.each<[string, Partial<KeyIdentity & KeyTerms>, number | undefined, string]>([
    ["with the name of another", { sha256: digestOf("b") }, undefined, "name"],
    ["with the secret of another", { name: "other" }, undefined, "sha256"],
    ["that replaces none", { name: "other", sha256: digestOf("b") }, 1, "key"],
    ["with no scope", { name: "other", sha256: digestOf("b"), scopes: [] }, undefined, "key"],
    ["with no tenant", { name: "other", sha256: digestOf("b"), tenants: [] }, undefined, "key"],
    ["that allows nothing", { name: "other", sha256: digestOf("b"), allowed: [] }, undefined, "key"],
    [
      "that allows too much by name",
      { name: "other", sha256: digestOf("b"), allowed: Array.from({ length: 65 }, (_none, index) => `m${index}`) },
      undefined,
      "key",
    ],
    ["without requests", { name: "other", sha256: digestOf("b"), perSecond: 0 }, undefined, "key"],
    ["that expires at no time", { name: "other", sha256: digestOf("b"), expiresAt: 1.5 }, undefined, "key"],
    ["for a use case that is none", { name: "other", sha256: digestOf("b"), useCase: " " }, undefined, "key"],
    ["with a digest that is none", { name: "other", sha256: "b" }, undefined, "key"],
  ])("%s is refused, and nothing is written", async (_what, change, replaces, path) => {
    const world = await open();
    const { keys } = world.engine;
    await keys.create(KEY, ANA);
    await expect(keys.create({ ...KEY, ...change }, ANA, replaces)).rejects.toMatchObject({
      code: "CAL_LEDGER_INVALID",
      details: { mistakes: [{ path }] },
    });
    expect(keyEntries(world)).toHaveLength(1);
    expect(keys.created()).toHaveLength(1);
    await world.engine.close();
  });
});
