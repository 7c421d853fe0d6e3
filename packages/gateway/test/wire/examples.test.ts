import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { describe, expect, test } from "vitest";
import { docstringExamples, runExample } from "../../../../test/examples.ts";
import { filesBelow, ROOT, read } from "../../../../test/sources.ts";

// What is inside a package has no name that an example could import: each gets what its own file exports, and these.
const BESIDE = [
  "packages/gateway/src/wire/body-members.ts",
  "packages/gateway/src/wire/sse-block.ts",
  "packages/gateway/src/usage/usage-record.ts",
  "packages/gateway/src/scan/call-scan.ts",
];

describe("examples", () => {
  const examples = [
    "wire",
    "usage",
    "prices",
    "translate",
    "mock",
    "providers",
    "scan",
    "reserve",
    "brake",
    "cache",
    "attribution",
    "watch",
    "keys",
  ]
    .flatMap((folder) => filesBelow(`packages/gateway/src/${folder}`, ".ts"))
    .flatMap((file) =>
      docstringExamples(read(file)).map((example, index): [string, string, string] => [
        `${file} ${index + 1}`,
        file,
        example,
      ]),
    );

  test("are there", () => {
    expect(examples.length).toBeGreaterThanOrEqual(6);
  });

  test.each(examples)("%s comes to what it states", async (name, file, example) => {
    const imports = [...new Set([file, ...BESIDE])].map((path, index) => {
      const names = [...read(path).matchAll(/^export (?:class|function|const) (\w+)/gm)].map(
        ([, exported]) => exported,
      );
      const used = names.filter((exported) => new RegExp(`\\b${exported}\\b`).test(example));
      return `import { ${used.join(", ")} } from ${JSON.stringify(pathToFileURL(join(ROOT, path)).href)}; void ${index};`;
    });
    const claims = await runExample(name, `${imports.join("\n")}\n${example}`);
    expect(claims.length).toBeGreaterThan(0);
    for (const { expression, actual, stated } of claims) expect(actual, expression).toEqual(stated);
  });
});
