import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { readVectors } from "./vectors.ts";

interface Found {
  readonly modules: number;
  readonly found: readonly string[];
  readonly globals: readonly string[];
}

test("the kernel loads and decides where there is nothing but the language and WebAssembly", () => {
  const script = fileURLToPath(new URL("./bare-context.ts", import.meta.url));
  const out = execFileSync(process.execPath, ["--experimental-vm-modules", "--no-warnings", script], {
    encoding: "utf8",
  });
  const { modules, found, globals } = JSON.parse(out) as Found;
  const [sample] = readVectors();
  expect(found).toEqual([sample?.digests?.decision, sample?.digests?.decision]);
  expect(modules).toBeGreaterThan(20);
  expect(globals).toContain("WebAssembly");
  for (const absent of ["process", "require", "Buffer", "window", "fetch", "performance", "crypto", "setTimeout"])
    expect(globals).not.toContain(absent);
});
