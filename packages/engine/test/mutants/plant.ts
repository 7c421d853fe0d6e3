/**
 * Loaded before a process begins (`--import`), in its threads and children too: changes one source as it is loaded, and
 * leaves a file to say that it did.
 * @module
 */
import { appendFileSync } from "node:fs";
import { registerHooks } from "node:module";
import { MUTANTS } from "./mutants.ts";

const mutant = MUTANTS.find(({ name }) => name === process.env["CALYBRIS_MUTANT"]);

if (mutant !== undefined) {
  const target = new URL(`../../src/${mutant.file}`, import.meta.url).href;
  registerHooks({
    load: (url, context, nextLoad) => {
      const loaded = nextLoad(url, context);
      if (url !== target) return loaded;
      const source = String(loaded.source);
      if (source.split(mutant.find).length !== 2) throw new Error(`${mutant.file} does not hold the text once`);
      appendFileSync(process.env["CALYBRIS_MUTANT_PLANTED"] ?? "", "planted\n");
      return { ...loaded, source: source.replace(mutant.find, () => mutant.replace) };
    },
  });
}
