/**
 * `npm run bench -- <name>`: runs one benchmark and prints its table; `--smoke` runs it small, and `--requests N` says how
 * many requests a benchmark that decides them is to decide.
 * @module
 */
import { parseArgs } from "node:util";

export type Bench = (options: { readonly full: boolean; readonly requests?: number }) => Promise<string>;

/** Loaded when asked for, so that one benchmark does not warm or burden another. */
export const BENCHES: ReadonlyMap<string, () => Promise<Bench>> = new Map([
  ["kernel", async (): Promise<Bench> => (await import("./kernel.ts")).benchKernel],
  ["ledger", async (): Promise<Bench> => (await import("./ledger.ts")).benchLedger],
  ["million", async (): Promise<Bench> => (await import("./million.ts")).benchMillion],
  ["service", async (): Promise<Bench> => (await import("./service.ts")).benchService],
]);

async function main(args: readonly string[]): Promise<void> {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: { smoke: { type: "boolean" }, requests: { type: "string" } },
  });
  const [name] = positionals;
  const requests = Number(values.requests);
  const counted = Number.isSafeInteger(requests) && requests > 0 ? { requests } : {};
  const load = BENCHES.get(name ?? "");
  if (load === undefined) {
    console.error(`Name a benchmark: ${[...BENCHES.keys()].join(", ")}.`);
    process.exitCode = 1;
    return;
  }
  const bench = await load();
  console.log(await bench({ full: values.smoke !== true, ...counted }));
}

if (import.meta.main) await main(process.argv.slice(2));
