import { rmSync } from "node:fs";
import { Engine, loadPolicy, parseBudgets } from "@calybris/engine";
import fc from "fast-check";
import { afterEach, beforeEach, expect, test } from "vitest";
import { previewOn } from "../../src/ledger/dry-run.ts";
import { calybris } from "../support/captured-terminal.ts";
import { POLICY, Sandbox } from "../support/sample-files.ts";

let files: Sandbox;
let engine: Engine;
beforeEach(async () => {
  files = new Sandbox();
  engine = await open();
});
afterEach(async () => {
  await engine.close();
  rmSync(files.path, { recursive: true, force: true });
});

const open = async (): Promise<Engine> =>
  Engine.open({
    directory: files.at("journal"),
    policy: await loadPolicy(files.write("policy.json", JSON.stringify(POLICY))),
  });
const ask = (tenant?: string) => engine.decide({ inputTokens: 1_000, ...(tenant === undefined ? {} : { tenant }) });
const isRefused = async (tenant: string | undefined): Promise<boolean> =>
  ask(tenant).then(
    ({ decision }) => decision.action === "reject",
    () => true,
  );

test("lists what would change and whom it would refuse, while an engine has the journal, and changes nothing", async () => {
  await engine.ledger.apply(parseBudgets({ tenants: { acme: {}, open: { unlimited: true } } }));
  await engine.ledger.grant({ tenant: "acme", amountMicrocents: 100_000_000n, id: "one" });
  for (const tenant of ["acme", "open", "globex", undefined]) await ask(tenant);
  // But for the seal that the engine itself writes when it is idle.
  const entries = () =>
    files
      .text("journal/segment-000001.jsonl")
      .split("\n")
      .filter((line) => line.includes('"data"') && !line.includes('"kind":"seal"'));
  const before = entries();
  const budgets = files.write(
    "budgets.json",
    JSON.stringify({
      tenants: { default: {}, acme: { exposureCapDollars: "9" }, open: {}, fresh: {}, child: { parent: "acme" } },
    }),
  );
  const words = ["ledger", "apply", budgets, "--journal", files.at("journal"), "--dry-run"];
  const { out, exit } = await calybris(...words);
  expect(exit).toBe(0);
  expect(out).toMatch(/5 would change\n( {2}\w+\n){5}2 known tenants would be refused:\n {2}default\n {2}open\n/);
  const one = files.write("one.json", JSON.stringify({ tenants: { default: {} } }));
  const { out: single } = await calybris("ledger", "apply", one, "--journal", files.at("journal"), "--dry-run");
  expect(single).toMatch(/1 known tenant would be refused:\n {2}default\n/);
  const refusing = await calybris(...words, "--unknown-tenants", "refuse", "--json");
  expect(JSON.parse(refusing.out)).toMatchObject({ dryRun: true, refused: ["default", "globex", "open"] });
  expect(entries()).toEqual(before);
  const moved = files.write("moved.json", JSON.stringify({ tenants: { top: {}, acme: { parent: "top" } } }));
  expect(await calybris("ledger", "apply", moved, "--journal", files.at("journal"), "--dry-run")).toMatchObject({
    exit: 2,
    complaints: expect.stringContaining("CAL_BUDGETS_INVALID"),
  });
});

test("names exactly those that are refused once the limits are applied, and were not before", async () => {
  const name = fc.constantFrom("default", "a", "b", "c");
  const limit = fc.constantFrom(
    {},
    { unlimited: true },
    { exposureCapDollars: "0" },
    { period: { every: "day", timeZone: "UTC", allotmentDollars: "1" } },
    { period: { every: "day", timeZone: "UTC", allotmentMicrocents: 0 } },
  );
  const limits = fc.dictionary(name, limit, { maxKeys: 4 });
  const granted = fc.uniqueArray(name, { maxLength: 3 });
  await fc.assert(
    fc.asyncProperty(limits, granted, limits, fc.boolean(), async (first, grants, second, refuses) => {
      await engine.close();
      rmSync(files.at("journal"), { recursive: true, force: true });
      engine = await open();
      for (const tenant of [undefined, "a", "b", "c"]) await ask(tenant);
      await engine.ledger.apply(parseBudgets({ tenants: first }));
      for (const tenant of grants)
        await engine.ledger.grant({ tenant, amountMicrocents: 100_000_000n, id: tenant }).catch(() => undefined);
      const unknownTenants = refuses ? "refuse" : "unmetered";
      const preview = previewOn(files.at("journal"), parseBudgets({ tenants: second }), unknownTenants);
      const tenants = ["a", "b", "c", "default"];
      const before = await Promise.all(tenants.map((tenant) => isRefused(tenant === "default" ? undefined : tenant)));
      await engine.ledger.apply(parseBudgets({ tenants: second }));
      engine.unknownTenants = unknownTenants;
      const after = await Promise.all(tenants.map((tenant) => isRefused(tenant === "default" ? undefined : tenant)));
      expect(preview.refused).toEqual(tenants.filter((_tenant, index) => after[index] && !before[index]));
    }),
    { numRuns: 6 },
  );
});
