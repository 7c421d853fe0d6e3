/**
 * Plants the bug that `LEDGER_MUTANT` names, as its file is loaded. Given with `--import`, which worker threads inherit.
 * @module
 */
import { registerHooks } from "node:module";
import { LEDGER_MUTANTS } from "./ledger-mutants.ts";

const name = process.env["LEDGER_MUTANT"];
const mutant = LEDGER_MUTANTS.find((known) => known.name === name);

if (mutant !== undefined) {
  const target = new URL(`../../../src/${mutant.file}`, import.meta.url).href;
  registerHooks({
    load: (url, context, nextLoad) => {
      const loaded = nextLoad(url, context);
      if (url !== target) return loaded;
      const source = String(loaded.source);
      if (source.split(mutant.find).length !== 2) throw new Error(`${mutant.file} does not hold the text once`);
      return { ...loaded, source: source.replace(mutant.find, () => mutant.replace) };
    },
  });
}
