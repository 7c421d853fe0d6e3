import { expect, test } from "vitest";
import { publishedPackages } from "../../packaging/build.ts";
import { publishedManifest } from "../../packaging/manifest.ts";
import { obstacles, withVersion } from "../../packaging/release.ts";
import { read } from "../sources.ts";

test("packages are published after those they depend on, all under one version and one range of Node", async () => {
  const packages = await publishedPackages();
  const names = packages.map(({ name }) => name);
  expect(names).toContain("calybris");
  const root = JSON.parse(read("package.json")) as { readonly version: string; readonly engines: object };
  for (const [index, { manifest }] of packages.entries()) {
    expect(manifest.version).toBe(root.version);
    expect(manifest["engines"]).toEqual(root.engines);
    const ours = Object.entries(manifest.dependencies ?? {}).filter(([name]) => names.includes(name));
    expect(ours.filter(([name]) => names.indexOf(name) >= index)).toEqual([]);
    expect(ours.filter(([, version]) => version !== root.version)).toEqual([]);
  }
});

test("a published manifest has compiled entry points with types, and nothing that speaks of the checkout", () => {
  const source = {
    name: "a",
    version: "1.0.0",
    description: "",
    private: true,
    scripts: { build: "x" },
    devDependencies: { y: "1.0.0" },
    exports: { ".": "./src/index.ts", "./deep": "./src/a/deep.ts", "./*.json": "./*.json" },
    files: ["schemas"],
  };
  expect(publishedManifest(source, "src")).toMatchObject({
    exports: {
      ".": { types: "./dist/index.d.ts", default: "./dist/index.js" },
      "./deep": { types: "./dist/a/deep.d.ts", default: "./dist/a/deep.js" },
      "./*.json": "./*.json",
    },
    files: ["dist", "schemas", "NOTICE"],
    publishConfig: { access: "public", provenance: true },
  });
  for (const key of ["private", "scripts", "devDependencies"])
    expect(publishedManifest(source, "src")).not.toHaveProperty(key);
  expect(publishedManifest({ ...source, exports: { ".": "./index.ts" } }, "")).toMatchObject({
    exports: { ".": { types: "./dist/index.d.ts", default: "./dist/index.js" } },
  });
});

test("a new version goes to the package and to what it takes from its own, and nowhere else", () => {
  const text = '{\n  "version": "0.1.0",\n  "@calybris/kernel": "0.1.0",\n  "zod": "0.1.0",\n  "node": ">=22.18"\n}\n';
  expect(withVersion(text, "0.2.0-rc.1", new Set(["@calybris/kernel"]))).toBe(
    '{\n  "version": "0.2.0-rc.1",\n  "@calybris/kernel": "0.2.0-rc.1",\n  "zod": "0.1.0",\n  "node": ">=22.18"\n}\n',
  );
});

test.each([
  ["0.2", "## 0.2\n", "", /is not a version/],
  ["0.2.0", "## 0.1.0\n", "", /CHANGELOG\.md has no section "## 0\.2\.0"/],
  ["0.2.0", "## 0.2.0 (2026-12-01)\n", " M README.md\n", /not committed/],
  ["0.2.0", "## 0.2.0 (2026-12-01)\n", "", undefined],
])("a release of %j under %j with changes %j", (version, changelog, changed, obstacle) => {
  const found = obstacles(version, changelog, changed);
  if (obstacle === undefined) expect(found).toEqual([]);
  else expect(found).toEqual([expect.stringMatching(obstacle)]);
});
