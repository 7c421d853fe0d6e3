/**
 * Loads the kernel where there is nothing but the language, WebAssembly and three things that every browser, worker and
 * edge has as well; decides the sample there, and prints what came of it. Run by `anywhere.test.ts` as a process, because
 * modules in a context of their own need a flag.
 * @module
 */
import { readFile } from "node:fs/promises";
import { stripTypeScriptTypes } from "node:module";
import { createContext, SourceTextModule } from "node:vm";

const PLATFORM = { atob, TextDecoder, TextEncoder };
const ENTRY = new URL("../src/index.ts", import.meta.url);

const context = createContext(PLATFORM);
const modules = new Map<string, SourceTextModule>();

async function load(url: URL): Promise<SourceTextModule> {
  const known = modules.get(url.href);
  if (known !== undefined) return known;
  const source = stripTypeScriptTypes(await readFile(url, "utf8"));
  const module = new SourceTextModule(source, { context, identifier: url.href });
  modules.set(url.href, module);
  return module;
}

const kernel = await load(ENTRY);
await kernel.link((specifier, referrer) => {
  if (!specifier.startsWith("./") && !specifier.startsWith("../"))
    throw new Error(`${referrer.identifier} imports ${specifier}`);
  return load(new URL(specifier, referrer.identifier));
});
await kernel.evaluate();

const probe = new SourceTextModule(
  `
  import { decisionDigests, policyDigest, referenceKernel, samplePolicy, sampleRequest, toHex, wasmKernel } from "kernel";
  const policy = samplePolicy(), request = sampleRequest();
  export const found = [referenceKernel, wasmKernel].map((kernelOf) => {
    const decision = kernelOf(policy).prescribe(request);
    return toHex(decisionDigests(policyDigest(policy), request, decision).decision);
  });
  export const globals = Object.getOwnPropertyNames(globalThis);
  `,
  { context },
);
await probe.link(() => kernel);
await probe.evaluate();
const { found, globals } = probe.namespace as { found: string[]; globals: string[] };
console.log(JSON.stringify({ modules: modules.size, found: [...found], globals: [...globals] }));
