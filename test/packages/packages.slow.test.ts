import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { publishedPackages } from "../../packaging/build.ts";
import { publish } from "../../packaging/release.ts";
import { newcomer, stepTable } from "../newcomer/newcomer.ts";
import { bundle, entryPoints, importAll, typeCheck } from "./consumer.ts";
import { linkInto, type Project } from "./install.ts";
import { unnamedTypes } from "./named-types.ts";
import { type Packed, packAll } from "./pack.ts";

let folder: string;
let packed: readonly Packed[];
let project: Project;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "calybris-packages-"));
  packed = await packAll(folder);
  project = linkInto(join(folder, "project"), packed);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test("a package holds compiled code with types and source maps, README and LICENSE, and neither sources nor tests", () => {
  expect(packed.length).toBeGreaterThan(8);
  for (const { name, files } of packed) {
    expect(files, name).toEqual(expect.arrayContaining(["package.json", "README.md", "LICENSE", "NOTICE"]));
    expect(files.filter((file) => /(?<!\.d)\.ts$|(?:^|\/)(?:test|src)\/|\.test\./.test(file))).toEqual([]);
    const modules = files.filter((file) => file.startsWith("dist/") && file.endsWith(".js"));
    const lonely = modules.filter(
      (file) => !files.includes(`${file}.map`) || !files.includes(file.replace(/js$/, "d.ts")),
    );
    expect(lonely, name).toEqual([]);
  }
});

test("no published file names a source file, a path of this machine, or an entry point that is missing", () => {
  for (const { name, staged, files } of packed) {
    const texts = files.filter((file) => /\.(?:js|cjs|d\.ts|map|json)$/.test(file));
    for (const file of texts) {
      const text = readFileSync(join(staged, file), "utf8");
      expect(text.includes(process.cwd()), `${name}/${file}`).toBe(false);
      if (!file.endsWith(".map"))
        expect(/["'`]\.\.?\/[^"'`\s]*(?<!\.d)\.ts["'`]/.exec(text)?.[0], `${name}/${file}`).toBe(undefined);
    }
    const manifest = JSON.parse(readFileSync(join(staged, "package.json"), "utf8")) as Readonly<
      Record<string, unknown>
    >;
    expect(manifest).not.toHaveProperty("private");
    expect(manifest).toMatchObject({ engines: { node: ">=22.18" }, license: "Apache-2.0" });
    // Paths that are values, patterns aside.
    const targets = JSON.stringify([manifest["exports"], manifest["bin"]]).match(/\.\/[^"*]+(?="[,}])/g) ?? [];
    expect(targets.filter((target) => !existsSync(join(staged, target)))).toEqual([]);
  }
});

test("every entry point can be imported with the dependencies that its manifest declares", () => {
  const counts = importAll(project, entryPoints(packed));
  expect(Object.keys(counts)).toContain("@calybris/engine/internal");
  expect(Object.entries(counts).filter(([, count]) => count === 0)).toEqual([]);
});

test("a strict consumer type-checks against every entry point, and a browser's against three", () => {
  expect(() => typeCheck(project, entryPoints(packed))).not.toThrow();
});

test("an embedder can name every type that the engine's signatures have", () => {
  const engine = packed.find(({ name }) => name === "@calybris/engine");
  // The inside of a fitted prior, a record's layout, and steps that only the engine's own flows take.
  const inside = [
    "EngineCheckpoints: CheckpointKeeper",
    "EngineLearning: DecisionFound",
    "Prior: PriorText",
    "Prior: LinearHead",
    "Prior: SuccessHead",
    "Prior: TreesHead",
    "Tail: DecisionRecord",
    "TenantLimits: Ordered",
  ];
  expect([...unnamedTypes(join(engine?.staged ?? "", "dist"))].sort()).toEqual(inside.sort());
});

test("kernel, audit and client make one bundle for a browser", () => {
  expect(bundle(project)).toBeGreaterThan(10_000);
});

test("a newcomer gets from an export of usage to a decision and its proof", async () => {
  const steps = await newcomer(project, { isShort: true });
  console.log(stepTable(steps));
  expect(steps.map(({ name }) => name)).toContain("verify calybris-journal");
});

test("npm would publish a package as it is staged", async () => {
  const command = (await publishedPackages()).filter(({ name }) => name === "calybris");
  expect(publish(command, join(folder, "staged"), true).get("calybris")).toMatch(/^\+ calybris@\d/m);
});

test("an old Node gets one sentence and exit code 1", () => {
  const bin = join(project.folder, "node_modules", "calybris", "bin");
  const old = `Object.defineProperty(process.versions, "node", { value: "20.20.2" }); require("./calybris.cjs");`;
  const { status, stdout, stderr } = spawnSync(process.execPath, ["-e", old], { cwd: bin, encoding: "utf8" });
  expect({ status, stdout, stderr }).toEqual({
    status: 1,
    stdout: "",
    stderr: "Calybris needs Node 22.18 or later. This is Node 20.20.2.\n",
  });
});
